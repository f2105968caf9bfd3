"""Reads only: safe to run in production right after a deployment."""

import os
from importlib.metadata import version

import pytest

CATALOG = os.environ.get("PARKING_CATALOG", "")


@pytest.fixture(scope="session")
def spark():
    from pyspark.sql import SparkSession

    return SparkSession.builder.getOrCreate()


def test_the_package_is_installed():
    assert version("parking-sensors")


@pytest.mark.parametrize("schema", ["bronze", "silver", "gold", "utilities"])
def test_the_catalog_has_its_schemas(spark, schema):
    assert spark.catalog.databaseExists(f"{CATALOG}.{schema}")


def test_the_landing_volume_can_be_listed():
    assert os.path.isdir(f"/Volumes/{CATALOG}/bronze/landing")
