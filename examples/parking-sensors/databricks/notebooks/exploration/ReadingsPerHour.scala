// Databricks notebook source
dbutils.widgets.text("catalog", "")
val facts = spark.table(s"${dbutils.widgets.get("catalog")}.gold.fact_parking")

// COMMAND ----------

import org.apache.spark.sql.functions.{col, hour}

display(facts.groupBy(hour(col("measured_at")).as("hour")).count().orderBy("hour"))
