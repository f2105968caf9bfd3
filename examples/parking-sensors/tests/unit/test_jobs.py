import pytest

from parking_sensors.jobs import read_arguments


def test_a_job_needs_a_catalog_and_a_load():
    with pytest.raises(SystemExit):
        read_arguments(["--catalog", "parking_sensors_catalog_dev"])


def test_a_load_id_cannot_leave_its_filter():
    with pytest.raises(SystemExit):
        read_arguments(["--catalog", "parking_sensors_catalog_dev", "--load-id", "x' OR '1'='1"])


def test_a_plain_load_id_is_read():
    read = read_arguments(["--catalog", "parking_sensors_catalog_dev", "--load-id", "load-7"])
    assert (read.catalog, read.load_id) == ("parking_sensors_catalog_dev", "load-7")
