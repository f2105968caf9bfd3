import json

from parking_sensors.feature_flags import is_on

SEGMENTS = [f"segment {number}" for number in range(400)]


def flag(percentage=None, enabled=True):
    targeting = {"name": "Microsoft.Targeting", "parameters": {"Audience": {"DefaultRolloutPercentage": percentage}}}
    filters = [] if percentage is None else [targeting]
    return json.dumps({"id": "segment-forecast", "enabled": enabled, "conditions": {"client_filters": filters}})


def on_at(percentage):
    return {segment for segment in SEGMENTS if is_on(flag(percentage), segment)}


def test_a_disabled_flag_is_off_for_everyone():
    assert not is_on(flag(100, enabled=False), "segment 1")


def test_an_enabled_flag_without_a_filter_is_on():
    assert is_on(flag(), "segment 1")


def test_a_growing_rollout_takes_nobody_out():
    assert on_at(0) == set()
    assert on_at(10) < on_at(50) < on_at(100) == set(SEGMENTS)


def test_about_the_asked_share_is_in():
    assert 0.4 < len(on_at(50)) / len(SEGMENTS) < 0.6
