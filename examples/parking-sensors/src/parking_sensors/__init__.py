"""Transforms parking bay and sensor records from bronze to gold.

Everything but `spark` and `jobs` is plain Python on dictionaries, so it is tested without Spark.
"""
