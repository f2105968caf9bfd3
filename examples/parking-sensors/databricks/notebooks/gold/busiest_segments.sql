-- Databricks notebook source
SELECT road_segment, bays, round(occupancy * 100) AS percent_taken
FROM IDENTIFIER(:catalog || '.gold.segment_occupancy')
WHERE bays >= 5
ORDER BY occupancy DESC
LIMIT 20
