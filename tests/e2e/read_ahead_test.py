# SPDX-License-Identifier: MIT
"""What a scan reads ahead: an error is of who needs the file, and who gives up stops the requests."""
import pathlib
import threading
import time
import unittest

import duckdb
from program import EXTENSION, PondTest

FILES = 40
ROWS = 2000


class ReadAhead(PondTest):
    def setUp(self):
        super().setUp()
        self.connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        self.addCleanup(self.connection.close)
        self.run_sql(f"LOAD '{EXTENSION}'")
        self.run_sql(f"ATTACH 'duckpond:{self.pond}' AS pond")
        self.run_sql("CALL pond.set_option('inline_bytes', 0)")
        self.run_sql("CREATE TABLE pond.t (i BIGINT, s VARCHAR)")
        self.run_sql("BEGIN")
        for number in range(FILES):
            self.run_sql(f"INSERT INTO pond.t SELECT {number} * {ROWS} + i, md5(i::VARCHAR) "
                         f"FROM range({ROWS}) r(i)")
        self.run_sql("COMMIT")

    def run_sql(self, sql):
        return self.connection.execute(sql).fetchall()

    def test_a_file_that_is_gone_fails_only_what_needs_it(self):
        files = [pathlib.Path(self.pond) / path for (path,) in self.run_sql(
            "SELECT path FROM pond.list_files('t') ORDER BY path")]
        files[-1].unlink()
        for _ in range(5):
            self.assertEqual(len(self.run_sql("SELECT s FROM pond.t LIMIT 3")), 3)
        with self.assertRaisesRegex(duckdb.Error, files[-1].name):
            self.run_sql("SELECT max(s) FROM pond.t")

    def test_an_interrupted_scan_sends_nothing_more(self):
        self.run_sql("DETACH pond")
        # Two thirds of a second a request.
        self.run_sql(f"ATTACH 'duckpond:{self.pond}' AS pond (LATENCY 'r2')")
        self.run_sql("SELECT count(*) FROM pond.t")
        timer = threading.Timer(0.9, self.connection.interrupt)
        begin = time.monotonic()
        self.addCleanup(timer.cancel)
        timer.start()
        with self.assertRaises(duckdb.InterruptException):
            self.run_sql("SELECT max(s) FROM pond.t")
        self.assertLess(time.monotonic() - begin, 5)
        (before,), = self.run_sql("SELECT gets FROM pond.session_cost()")
        time.sleep(1.5)
        (after,), = self.run_sql("SELECT gets FROM pond.session_cost()")
        self.assertEqual(before, after)


if __name__ == "__main__":
    unittest.main()
