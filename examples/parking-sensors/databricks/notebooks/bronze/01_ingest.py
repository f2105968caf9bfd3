# Databricks notebook source
# MAGIC %md
# MAGIC # Ingest
# MAGIC Appends the raw records that landed for one load to the bronze tables, one JSON text a row.

# COMMAND ----------

dbutils.widgets.text("catalog", "")
dbutils.widgets.text("load_id", "")
catalog = dbutils.widgets.get("catalog")
load_id = dbutils.widgets.get("load_id")

# COMMAND ----------

from pyspark.sql import functions as F


def ingest(name):
    table = f"{catalog}.bronze.{name}"
    records = (
        spark.read.text(f"/Volumes/{catalog}/bronze/landing/{load_id}/{name}.jsonl")
        .withColumnRenamed("value", "record")
        .withColumn("load_id", F.lit(load_id))
    )
    writer = records.writeTo(table)
    if spark.catalog.tableExists(table):
        writer.overwrite(F.col("load_id") == load_id)
    else:
        writer.using("delta").create()
    return records.count()


# COMMAND ----------

for name in ("bays", "sensors"):
    print(f"{name}: {ingest(name)} records")
