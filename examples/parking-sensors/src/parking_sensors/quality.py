"""Data-quality checks on silver rows. A check names a rule and counts the rows that break it."""

from datetime import timedelta

CLOCK_SKEW = timedelta(minutes=5)


def check_bays(bays, malformed_count, malformed_limit=0.05):
    """The checks of the bay table; `malformed_limit` is the share of malformed records still accepted."""
    return [
        _check("bay_id is unique", len(bays) - len({bay["bay_id"] for bay in bays})),
        _check("road segment is named", sum(1 for bay in bays if not bay["road_segment"])),
        _share_check(len(bays), malformed_count, malformed_limit),
    ]


def check_sensors(readings, malformed_count, now, malformed_limit=0.05):
    """The checks of the sensor table; `now` is the moment of the check (UTC)."""
    unique = {(reading["bay_id"], reading["measured_at"]) for reading in readings}
    late = sum(1 for reading in readings if reading["measured_at"] > now + CLOCK_SKEW)
    return [
        _check("one reading per bay and moment", len(readings) - len(unique)),
        _check("no reading lies in the future", late),
        _share_check(len(readings), malformed_count, malformed_limit),
    ]


def failures(checks):
    """The checks that do not hold."""
    return [check for check in checks if not check["passed"]]


def _check(rule, broken):
    return {"rule": rule, "broken": broken, "passed": broken == 0}


def _share_check(good_count, malformed_count, limit):
    total = good_count + malformed_count
    share = malformed_count / total if total else 0.0
    return {
        "rule": f"at most {limit:.0%} of the records are malformed",
        "broken": malformed_count,
        "passed": share <= limit,
    }
