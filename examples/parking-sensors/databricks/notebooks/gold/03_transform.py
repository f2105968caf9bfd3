# Databricks notebook source
# MAGIC %md
# MAGIC # Transform
# MAGIC Builds the bay dimension, the parking fact and the occupancy of each road segment from silver.

# COMMAND ----------

dbutils.widgets.text("catalog", "")
catalog = dbutils.widgets.get("catalog")

# COMMAND ----------

from parking_sensors import gold, spark as tables

bays = tables.read_rows(spark, f"{catalog}.silver.bays")
readings = tables.read_rows(spark, f"{catalog}.silver.sensors")

# COMMAND ----------

DIMENSION = (
    "bay_id long, marker_id string, road_segment_id long, road_segment string, latitude double, longitude double"
)
FACT = "bay_id long, occupied boolean, measured_at timestamp, load_id string"
OCCUPANCY = "road_segment string, bays long, occupancy double"


def publish(name, rows, columns):
    spark.createDataFrame(rows, columns).writeTo(f"{catalog}.gold.{name}").using("delta").createOrReplace()


publish("dim_bay", gold.bay_dimension(bays), DIMENSION)
publish("fact_parking", gold.parking_fact(readings, bays), FACT)
publish("segment_occupancy", gold.segment_occupancy(readings, bays), OCCUPANCY)
