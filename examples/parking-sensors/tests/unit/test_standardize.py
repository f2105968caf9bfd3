import json

from parking_sensors.standardize import standardize_bays, standardize_sensors
from records import LOADED_AT, raw_bay, raw_sensor


def test_every_row_carries_its_load():
    rows, malformed = standardize_bays([raw_bay()], "load-7", LOADED_AT)
    assert (rows[0]["load_id"], rows[0]["loaded_at"]) == ("load-7", LOADED_AT)
    assert malformed == []


def test_the_last_record_of_a_bay_wins():
    rows, _ = standardize_bays([raw_bay(marker_id="old"), raw_bay(marker_id="new")], "load-7", LOADED_AT)
    assert [row["marker_id"] for row in rows] == ["new"]


def test_a_malformed_record_is_kept_with_its_reason():
    bad = raw_bay(bay_id="north")
    rows, malformed = standardize_bays([raw_bay(), bad], "load-7", LOADED_AT)
    assert len(rows) == 1
    assert malformed[0]["reason"] == "bay_id: 'north' is not a whole number"
    assert json.loads(malformed[0]["record"]) == bad


def test_a_reading_sent_twice_counts_once():
    later = raw_sensor(status_timestamp="2026-03-02T09:20:00Z")
    rows, _ = standardize_sensors([raw_sensor(), raw_sensor(), later], "load-7", LOADED_AT)
    assert len(rows) == 2
