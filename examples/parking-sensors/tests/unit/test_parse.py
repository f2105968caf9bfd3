from datetime import datetime, timezone

import pytest

from parking_sensors.parse import MalformedRecord, parse_bay, parse_sensor
from records import raw_bay, raw_sensor


def test_a_bay_becomes_a_typed_row():
    assert parse_bay(raw_bay()) == {
        "bay_id": 1021,
        "marker_id": "C512",
        "road_segment_id": 20105,
        "road_segment": "Collins Street between Queen Street and Elizabeth Street",
        "latitude": -37.8166,
        "longitude": 144.9629,
    }


def test_a_bay_without_a_marker_is_still_a_bay():
    assert parse_bay(raw_bay(marker_id="  "))["marker_id"] is None


@pytest.mark.parametrize(
    "changes, field",
    [
        ({"bay_id": "north"}, "bay_id"),
        ({"bay_id": None}, "bay_id"),
        ({"rd_seg_dsc": ""}, "rd_seg_dsc"),
        ({"location": None}, "location"),
        ({"location": {"lat": "-37.8"}}, "location"),
        ({"location": {"lat": 144.9, "lon": -37.8}}, "location"),
    ],
)
def test_a_malformed_bay_names_the_field(changes, field):
    with pytest.raises(MalformedRecord, match=f"^{field}:"):
        parse_bay(raw_bay(**changes))


@pytest.mark.parametrize("status, occupied", [("Present", True), ("unoccupied", False)])
def test_a_reading_says_whether_the_bay_is_taken(status, occupied):
    assert parse_sensor(raw_sensor(status=status))["occupied"] is occupied


@pytest.mark.parametrize(
    "text",
    ["2026-03-02T09:15:00Z", "2026-03-02T09:15:00", "2026-03-02T20:15:00+11:00"],
)
def test_moments_are_kept_in_utc(text):
    measured_at = parse_sensor(raw_sensor(status_timestamp=text))["measured_at"]
    assert measured_at == datetime(2026, 3, 2, 9, 15, tzinfo=timezone.utc)
    assert measured_at.utcoffset().total_seconds() == 0


@pytest.mark.parametrize(
    "changes, field",
    [({"status": "Broken"}, "status"), ({"status_timestamp": "yesterday"}, "status_timestamp")],
)
def test_a_malformed_reading_names_the_field(changes, field):
    with pytest.raises(MalformedRecord, match=f"^{field}:"):
        parse_sensor(raw_sensor(**changes))
