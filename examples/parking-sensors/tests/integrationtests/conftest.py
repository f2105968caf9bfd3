"""The session and the catalog that the suite works on."""

import os
import uuid

import pytest


@pytest.fixture(scope="session")
def spark():
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


@pytest.fixture(scope="session")
def catalog():
    return os.environ["PARKING_CATALOG"]


@pytest.fixture()
def load_id(spark, catalog):
    """A load of its own for each test, taken away again afterwards."""
    name = f"test-{uuid.uuid4()}"
    yield name
    for table in ("bronze.bays", "silver.bays", "silver.bays_malformed"):
        if spark.catalog.tableExists(f"{catalog}.{table}"):
            spark.sql(f"DELETE FROM {catalog}.{table} WHERE load_id = '{name}'")
