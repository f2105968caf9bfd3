-- Databricks notebook source
-- MAGIC %md
-- MAGIC # Malformed records
-- MAGIC What the last loads could not read, by reason.

-- COMMAND ----------

SELECT load_id, reason, count(*) AS records
FROM IDENTIFIER(:catalog || '.silver.bays_malformed')
GROUP BY load_id, reason
ORDER BY records DESC

-- COMMAND ----------

SELECT load_id, reason, count(*) AS records
FROM IDENTIFIER(:catalog || '.silver.sensors_malformed')
GROUP BY load_id, reason
ORDER BY records DESC
