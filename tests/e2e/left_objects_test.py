# SPDX-License-Identifier: MIT
"""What a statement put and no commit names is deleted, and on the bill of who put it."""
import pathlib
import threading
import unittest

import duckdb
from program import EXTENSION, PondTest

# Fails when one file, of the 120 MiB at which files are ended, was put.
MANY = 1_000_000
COLUMNS = [f"u{number}" for number in range(12)]
FAILS_LATE = f"""SELECT CASE WHEN i = {MANY - 1} THEN error('too late') ELSE i END AS i,
                 {', '.join(f'uuid() AS {name}' for name in COLUMNS)} FROM range({MANY}) r(i)"""
WIDE = f"CREATE TABLE pond.w (i BIGINT, {', '.join(f'{name} UUID' for name in COLUMNS)})"
SOME = "SELECT i, md5(i::VARCHAR) FROM range(200000) r(i)"


class LeftObjects(PondTest):
    def setUp(self):
        super().setUp()
        self.connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        self.addCleanup(self.connection.close)
        self.run_sql(f"LOAD '{EXTENSION}'")

    def run_sql(self, sql):
        return self.connection.execute(sql).fetchall()

    def attach(self, options=""):
        self.run_sql(f"ATTACH 'duckpond:{self.pond}' AS pond {options}")

    def objects(self):
        return sorted(path.name for path in pathlib.Path(self.pond).glob("data/*/*"))

    def named(self, table):
        return sorted(pathlib.Path(path).name for (path,) in
                      self.run_sql(f"SELECT path FROM pond.list_files('{table}')"))

    def test_a_prepared_statement_that_failed_may_outlive_the_pond(self):
        self.attach()
        self.run_sql(WIDE)
        self.run_sql(f"PREPARE p AS INSERT INTO pond.w {FAILS_LATE}")
        with self.assertRaisesRegex(duckdb.Error, "too late"):
            self.run_sql("EXECUTE p")
        self.assertEqual(self.objects(), [])
        self.run_sql("DETACH pond")
        self.run_sql("DEALLOCATE p")
        self.assertEqual(self.run_sql("SELECT 1"), [(1,)])

    def test_a_transaction_that_goes_on_leaves_nothing_of_what_failed(self):
        self.attach()
        self.run_sql(WIDE)
        self.run_sql("BEGIN")
        with self.assertRaises(duckdb.Error):
            self.run_sql(f"INSERT INTO pond.w {FAILS_LATE}")
        self.run_sql("ROLLBACK")
        self.assertEqual(self.objects(), [])

    def test_interrupted_statements_leave_nothing(self):
        self.attach("(LATENCY 's3')")
        self.run_sql("CREATE TABLE pond.k (id BIGINT PRIMARY KEY, s VARCHAR)")
        interrupted = 0
        for number in range(10):
            timer = threading.Timer(0.1 + 0.04 * number, self.connection.interrupt)
            timer.start()
            try:
                self.run_sql("INSERT INTO pond.k SELECT i, md5(i::VARCHAR) FROM range(40000) r(i)")
            except duckdb.Error:
                interrupted += 1
            timer.join()
        self.assertGreater(interrupted, 0)
        self.assertEqual(self.objects(), self.named("k"))

    def test_a_put_that_is_under_way_when_its_statement_fails_leaves_nothing(self):
        # Prepared: what the statement had stays when it has failed. A put takes 600 ms.
        self.attach("(LATENCY 'r2')")
        self.run_sql(WIDE)
        first_file_rows = 6 * 122_880
        fails = FAILS_LATE.replace(str(MANY - 1), str(first_file_rows + 10_000))
        self.run_sql(f"PREPARE p AS INSERT INTO pond.w {fails}")
        with self.assertRaisesRegex(duckdb.Error, "too late"):
            self.run_sql("EXECUTE p")
        self.assertEqual(self.run_sql("SELECT deletes FROM pond.cost()"), [(1,)], "no put was begun")
        self.run_sql("DEALLOCATE p")
        self.assertEqual(self.objects(), [])

    def test_deletes_are_on_the_bill_of_who_put(self):
        self.attach()
        self.run_sql("BEGIN")
        self.run_sql(f"CREATE TABLE pond.z AS {SOME}")
        self.run_sql("ROLLBACK")
        self.assertEqual(self.objects(), [])
        self.assertEqual(self.run_sql("SELECT deletes FROM pond.cost()"), [(1,)])
        with self.assertRaisesRegex(duckdb.Error, "too late"):
            self.run_sql(f"CREATE TABLE pond.z AS {FAILS_LATE}")
        self.assertEqual(self.objects(), [])
        self.assertEqual(self.run_sql("SELECT deletes FROM pond.cost()"), [(1,)])

    def test_what_is_written_is_on_the_bill(self):
        self.attach()
        self.run_sql(f"CREATE TABLE pond.z AS {SOME}")
        (written,), = self.run_sql("SELECT bytes_written FROM pond.cost()")
        (bytes_of_files,), = self.run_sql("SELECT sum(bytes) FROM pond.list_files('z')")
        self.assertGreaterEqual(written, bytes_of_files)


if __name__ == "__main__":
    unittest.main()
