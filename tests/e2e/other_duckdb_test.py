# SPDX-License-Identifier: MIT
"""The extension in a DuckDB that it was not built for."""
import os
import pathlib
import subprocess
import unittest

from program import DEADLINE_S, EXTENSION, ROOT

CACHE = os.environ.get("DUCKPOND_DEV_CACHE", pathlib.Path.home() / ".cache/duckpond-dev")
OTHER = pathlib.Path(CACHE, "python-other/bin/python")
LOAD = """
import duckdb, sys
print(duckdb.__version__)
connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
connection.execute(f"LOAD '{sys.argv[1]}'")
"""


class OtherDuckDB(unittest.TestCase):
    def test_it_is_refused_with_both_versions(self):
        done = subprocess.run([OTHER, "-c", LOAD, EXTENSION], capture_output=True, text=True,
                              timeout=DEADLINE_S)
        other = done.stdout.strip()
        pinned = (ROOT / "scripts/requirements-test.txt").read_text().split("duckdb==")[1].split()[0]
        self.assertNotEqual(other, pinned)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"built specifically for DuckDB version 'v{pinned}'", done.stderr)
        self.assertIn(f"this version of DuckDB is 'v{other}'", done.stderr)


if __name__ == "__main__":
    unittest.main()
