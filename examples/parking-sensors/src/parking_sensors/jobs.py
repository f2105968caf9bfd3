"""Entry points of the wheel: the tasks of the Databricks job call these by name."""

import argparse
import re
from datetime import datetime, timezone

from parking_sensors import quality, spark as tables
from parking_sensors.standardize import standardize_bays, standardize_sensors

LOAD_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


def read_arguments(arguments=None):
    """The catalog to work in and the load to work on."""
    parser = argparse.ArgumentParser(prog="parking_sensors")
    parser.add_argument("--catalog", required=True)
    parser.add_argument("--load-id", required=True)
    parsed = parser.parse_args(arguments)
    # The load id ends up in a filter, so it may hold nothing that could leave the quotes.
    if not LOAD_ID.match(parsed.load_id):
        parser.error(f"--load-id: '{parsed.load_id}' is not a load id")
    return parsed


def standardize():
    """Bronze to silver for one load."""
    arguments = read_arguments()
    session = _session()
    _standardize(session, arguments, "bays", standardize_bays, tables.BAY_COLUMNS)
    _standardize(session, arguments, "sensors", standardize_sensors, tables.SENSOR_COLUMNS)


def check_quality():
    """Fails the task when a data-quality check does not hold."""
    arguments = read_arguments()
    session = _session()
    bays, sensors = (_read_silver(session, arguments, name) for name in ("bays", "sensors"))
    checks = quality.check_bays(*bays) + quality.check_sensors(*sensors, now=datetime.now(timezone.utc))
    for check in checks:
        print(f"{'passed' if check['passed'] else 'FAILED'}  {check['rule']} (broken: {check['broken']})")
    if quality.failures(checks):
        raise RuntimeError("data-quality checks failed: see the lines above")


def _standardize(session, arguments, name, transform, columns):
    raw = tables.read_raw(session, f"{arguments.catalog}.bronze.{name}", arguments.load_id)
    rows, malformed = transform(raw, arguments.load_id, datetime.now(timezone.utc))
    silver = f"{arguments.catalog}.silver"
    tables.replace_load(session, f"{silver}.{name}", rows, columns, arguments.load_id)
    tables.replace_load(session, f"{silver}.{name}_malformed", malformed, tables.MALFORMED_COLUMNS, arguments.load_id)


def _read_silver(session, arguments, name):
    def of_load(table):
        rows = tables.read_rows(session, f"{arguments.catalog}.silver.{table}")
        return [row for row in rows if row["load_id"] == arguments.load_id]

    return of_load(name), len(of_load(f"{name}_malformed"))


def _session():
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()
