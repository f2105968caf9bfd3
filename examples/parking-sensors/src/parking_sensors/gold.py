"""Silver to gold: the bay dimension, the parking fact and how full each road segment is."""

UNKNOWN_BAY_ID = -1


def bay_dimension(bays):
    """One row per bay plus the unknown bay, so that no reading is lost for want of its bay."""
    unknown = {
        "bay_id": UNKNOWN_BAY_ID,
        "marker_id": None,
        "road_segment_id": UNKNOWN_BAY_ID,
        "road_segment": "unknown",
        "latitude": None,
        "longitude": None,
    }
    columns = list(unknown)
    known = ({column: bay[column] for column in columns} for bay in bays)
    return [unknown, *sorted(known, key=lambda bay: bay["bay_id"])]


def parking_fact(readings, bays):
    """Readings with the key of their bay; a reading of a bay nobody knows gets the unknown bay."""
    known_ids = {bay["bay_id"] for bay in bays}
    return [
        {
            "bay_id": reading["bay_id"] if reading["bay_id"] in known_ids else UNKNOWN_BAY_ID,
            "occupied": reading["occupied"],
            "measured_at": reading["measured_at"],
            "load_id": reading["load_id"],
        }
        for reading in readings
    ]


def latest_readings(readings):
    """The newest reading of each bay."""
    latest = {}
    for reading in readings:
        known = latest.get(reading["bay_id"])
        if known is None or reading["measured_at"] > known["measured_at"]:
            latest[reading["bay_id"]] = reading
    return list(latest.values())


def segment_occupancy(readings, bays):
    """Share of taken bays (0 to 1) per road segment, counting bays with a reading only."""
    segment_of = {bay["bay_id"]: bay["road_segment"] for bay in bays}
    taken, total = {}, {}
    for reading in latest_readings(readings):
        segment = segment_of.get(reading["bay_id"], "unknown")
        total[segment] = total.get(segment, 0) + 1
        taken[segment] = taken.get(segment, 0) + int(reading["occupied"])
    return [
        {"road_segment": segment, "bays": total[segment], "occupancy": taken[segment] / total[segment]}
        for segment in sorted(total)
    ]
