"""Bronze to silver: raw records become typed rows; what is malformed is kept with its reason."""

import json

from parking_sensors.parse import MalformedRecord, parse_bay, parse_sensor


def standardize_bays(raw_records, load_id, loaded_at):
    """Silver bays, one per bay_id (the last record wins), and the malformed records."""
    rows, malformed = _parse_all(parse_bay, raw_records, load_id, loaded_at)
    return list({row["bay_id"]: row for row in rows}.values()), malformed


def standardize_sensors(raw_records, load_id, loaded_at):
    """Silver sensor readings, one per bay and moment, and the malformed records."""
    rows, malformed = _parse_all(parse_sensor, raw_records, load_id, loaded_at)
    unique = {(row["bay_id"], row["measured_at"]): row for row in rows}
    return list(unique.values()), malformed


def _parse_all(parse, raw_records, load_id, loaded_at):
    load = {"load_id": load_id, "loaded_at": loaded_at}
    rows, malformed = [], []
    for raw in raw_records:
        try:
            rows.append({**parse(raw), **load})
        except MalformedRecord as problem:
            malformed.append({"record": json.dumps(raw, sort_keys=True), "reason": str(problem), **load})
    return rows, malformed
