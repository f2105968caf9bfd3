# Databricks notebook source
library(SparkR)

# COMMAND ----------

dbutils.widgets.text("catalog", "")
occupancy <- tableToDF(paste0(dbutils.widgets.get("catalog"), ".gold.segment_occupancy"))

# COMMAND ----------

hist(collect(occupancy)$occupancy, main = "Occupancy of road segments", xlab = "share of taken bays")
