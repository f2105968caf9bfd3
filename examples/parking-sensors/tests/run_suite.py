"""Runs one pytest suite inside a Databricks task and leaves its JUnit file in a volume.

Arguments: the suite's folder, the catalog under test, the path of the JUnit file.
A failing suite fails the task: Slipway reads the result from the run and the details from the file.
"""

import os
import sys


def main(arguments):
    import pytest

    suite, catalog, results = arguments
    os.makedirs(os.path.dirname(results), exist_ok=True)
    os.environ["PARKING_CATALOG"] = catalog
    # A workspace folder is not a place to write to, so neither byte code nor a cache goes there.
    sys.dont_write_bytecode = True
    code = pytest.main([suite, "-p", "no:cacheprovider", f"--junitxml={results}", "-v"])
    if code != 0:
        raise RuntimeError(f"{os.path.basename(suite)} failed: pytest ended with {code}, see {results}")


if __name__ == "__main__":
    main(sys.argv[1:])
