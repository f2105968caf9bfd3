"""The bridge to Spark: runs the pure functions on DataFrames. PySpark is the runtime's."""

BAY_COLUMNS = (
    "bay_id long, marker_id string, road_segment_id long, road_segment string, "
    "latitude double, longitude double, load_id string, loaded_at timestamp"
)
SENSOR_COLUMNS = (
    "bay_id long, marker_id string, occupied boolean, measured_at timestamp, "
    "load_id string, loaded_at timestamp"
)
MALFORMED_COLUMNS = "record string, reason string, load_id string, loaded_at timestamp"


def read_raw(spark, table, load_id):
    """The raw JSON records of one load, as dictionaries."""
    import json

    frame = spark.table(table).where(f"load_id = '{load_id}'").select("record")
    return [json.loads(row["record"]) for row in frame.collect()]


def read_rows(spark, table):
    """All rows of a table, as dictionaries with moments in UTC."""
    from datetime import timezone

    def with_zone(value):
        return value.astimezone(timezone.utc) if hasattr(value, "astimezone") else value

    return [{name: with_zone(value) for name, value in row.asDict().items()} for row in spark.table(table).collect()]


def replace_load(spark, table, rows, columns, load_id):
    """Writes the rows of one load; a second run of the same load replaces the first."""
    from pyspark.sql.functions import col

    writer = spark.createDataFrame(rows, columns).writeTo(table)
    if spark.catalog.tableExists(table):
        writer.overwrite(col("load_id") == load_id)
    else:
        writer.using("delta").create()
