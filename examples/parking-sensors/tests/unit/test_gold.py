from parking_sensors.gold import UNKNOWN_BAY_ID, bay_dimension, latest_readings, parking_fact, segment_occupancy
from parking_sensors.standardize import standardize_bays, standardize_sensors
from records import LOADED_AT, raw_bay, raw_sensor

BAYS, _ = standardize_bays(
    [raw_bay(bay_id="2"), raw_bay(bay_id="1"), raw_bay(bay_id="3", rd_seg_dsc="Spring Street")], "load-7", LOADED_AT
)


def readings(*records):
    rows, malformed = standardize_sensors([raw_sensor(**record) for record in records], "load-7", LOADED_AT)
    assert malformed == []
    return rows


def test_the_dimension_has_the_unknown_bay_first_and_is_sorted():
    assert [row["bay_id"] for row in bay_dimension(BAYS)] == [UNKNOWN_BAY_ID, 1, 2, 3]


def test_a_reading_of_an_unknown_bay_is_not_lost():
    facts = parking_fact(readings({"bay_id": 1}, {"bay_id": 99}), BAYS)
    assert [fact["bay_id"] for fact in facts] == [1, UNKNOWN_BAY_ID]


def test_only_the_newest_reading_of_a_bay_counts():
    newest = readings(
        {"bay_id": 1, "status": "Unoccupied", "status_timestamp": "2026-03-02T10:00:00Z"},
        {"bay_id": 1, "status": "Present", "status_timestamp": "2026-03-02T09:00:00Z"},
    )
    assert [row["occupied"] for row in latest_readings(newest)] == [False]


def test_occupancy_is_the_share_of_taken_bays_of_a_segment():
    now = readings({"bay_id": 1}, {"bay_id": 2, "status": "Unoccupied"}, {"bay_id": 3})
    shares = {row["road_segment"]: (row["bays"], row["occupancy"]) for row in segment_occupancy(now, BAYS)}
    assert shares["Spring Street"] == (1, 1.0)
    assert shares[BAYS[0]["road_segment"]] == (2, 0.5)
