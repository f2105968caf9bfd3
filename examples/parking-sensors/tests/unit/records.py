"""Raw records as the city's open data gives them, with single fields changed by a test."""

from datetime import datetime, timezone

LOADED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=timezone.utc)


def raw_bay(**changes):
    record = {
        "bay_id": "1021",
        "marker_id": "C512",
        "rd_seg_id": "20105",
        "rd_seg_dsc": "Collins Street between Queen Street and Elizabeth Street",
        "location": {"lat": "-37.8166", "lon": "144.9629"},
    }
    return {**record, **changes}


def raw_sensor(**changes):
    record = {
        "bay_id": "1021",
        "st_marker_id": "C512",
        "status": "Present",
        "status_timestamp": "2026-03-02T09:15:00+00:00",
    }
    return {**record, **changes}
