from datetime import timedelta

from parking_sensors.quality import check_bays, check_sensors, failures
from parking_sensors.standardize import standardize_bays, standardize_sensors
from records import LOADED_AT, raw_bay, raw_sensor

BAYS, _ = standardize_bays([raw_bay()], "load-7", LOADED_AT)
READINGS, _ = standardize_sensors([raw_sensor()], "load-7", LOADED_AT)


def failed_rules(checks):
    return [check["rule"] for check in failures(checks)]


def test_clean_rows_pass_every_check():
    assert failures(check_bays(BAYS, 0) + check_sensors(READINGS, 0, LOADED_AT)) == []


def test_an_empty_load_passes():
    assert failures(check_bays([], 0)) == []


def test_a_repeated_bay_fails():
    assert failed_rules(check_bays(BAYS * 2, 0)) == ["bay_id is unique"]


def test_too_many_malformed_records_fail():
    assert failed_rules(check_bays(BAYS, 1)) == ["at most 5% of the records are malformed"]
    assert failed_rules(check_bays(BAYS, 1, malformed_limit=0.5)) == []


def test_a_reading_from_the_future_fails_but_clock_skew_does_not():
    measured_at = READINGS[0]["measured_at"]
    assert failed_rules(check_sensors(READINGS, 0, measured_at - timedelta(minutes=4))) == []
    assert failed_rules(check_sensors(READINGS, 0, measured_at - timedelta(minutes=6))) == [
        "no reading lies in the future"
    ]
