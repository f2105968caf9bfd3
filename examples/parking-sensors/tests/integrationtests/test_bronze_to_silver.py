import json
from datetime import datetime, timezone

from parking_sensors import spark as tables
from parking_sensors.standardize import standardize_bays

GOOD = {
    "bay_id": "1021",
    "rd_seg_id": "20105",
    "rd_seg_dsc": "Collins Street",
    "location": {"lat": "-37.8166", "lon": "144.9629"},
}
BAD = {**GOOD, "bay_id": "north"}


def silver_count(spark, catalog, table, load_id):
    return spark.table(f"{catalog}.silver.{table}").where(f"load_id = '{load_id}'").count()


def load(spark, catalog, load_id):
    raw = tables.read_raw(spark, f"{catalog}.bronze.bays", load_id)
    rows, malformed = standardize_bays(raw, load_id, datetime.now(timezone.utc))
    tables.replace_load(spark, f"{catalog}.silver.bays", rows, tables.BAY_COLUMNS, load_id)
    tables.replace_load(spark, f"{catalog}.silver.bays_malformed", malformed, tables.MALFORMED_COLUMNS, load_id)


def land(spark, catalog, load_id, *records):
    rows = [(json.dumps(record), load_id) for record in records]
    frame = spark.createDataFrame(rows, "record string, load_id string")
    frame.write.mode("append").saveAsTable(f"{catalog}.bronze.bays")


def test_a_load_reaches_silver_and_its_malformed_record_is_set_aside(spark, catalog, load_id):
    land(spark, catalog, load_id, GOOD, BAD)
    load(spark, catalog, load_id)
    assert silver_count(spark, catalog, "bays", load_id) == 1
    assert silver_count(spark, catalog, "bays_malformed", load_id) == 1


def test_loading_twice_changes_nothing(spark, catalog, load_id):
    land(spark, catalog, load_id, GOOD)
    load(spark, catalog, load_id)
    load(spark, catalog, load_id)
    assert silver_count(spark, catalog, "bays", load_id) == 1
