"""Reads one raw record of the city's open data into a typed row, or says why it cannot."""

from datetime import datetime, timezone

OCCUPANCY = {"present": True, "unoccupied": False}


class MalformedRecord(ValueError):
    """A raw record that cannot become a row; its text says which field is wrong."""


def parse_bay(raw):
    """A parking bay: where it is and which road segment it belongs to."""
    latitude, longitude = _position(raw.get("location"))
    return {
        "bay_id": _whole_number(raw, "bay_id"),
        "marker_id": _optional_text(raw, "marker_id"),
        "road_segment_id": _whole_number(raw, "rd_seg_id"),
        "road_segment": _required_text(raw, "rd_seg_dsc"),
        "latitude": latitude,
        "longitude": longitude,
    }


def parse_sensor(raw):
    """One reading of a sensor: whether its bay was taken at a moment (UTC)."""
    status = _required_text(raw, "status")
    if status.lower() not in OCCUPANCY:
        raise MalformedRecord(f"status: '{status}' is neither Present nor Unoccupied")
    return {
        "bay_id": _whole_number(raw, "bay_id"),
        "marker_id": _optional_text(raw, "st_marker_id"),
        "occupied": OCCUPANCY[status.lower()],
        "measured_at": _moment(raw, "status_timestamp"),
    }


def _whole_number(raw, name):
    value = raw.get(name)
    try:
        return int(str(value).strip())
    except ValueError:
        raise MalformedRecord(f"{name}: '{value}' is not a whole number") from None


def _optional_text(raw, name):
    value = raw.get(name)
    return str(value).strip() or None if value is not None else None


def _required_text(raw, name):
    value = _optional_text(raw, name)
    if value is None:
        raise MalformedRecord(f"{name}: missing")
    return value


def _moment(raw, name):
    text = _required_text(raw, name)
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise MalformedRecord(f"{name}: '{text}' is not an ISO 8601 moment") from None
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def _position(location):
    try:
        latitude, longitude = float(location["lat"]), float(location["lon"])
    except (TypeError, KeyError, ValueError):
        raise MalformedRecord(f"location: '{location}' has no lat and lon") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise MalformedRecord(f"location: {latitude}, {longitude} is not on Earth")
    return latitude, longitude
