# SPDX-License-Identifier: MIT
"""A pond's files in the hands of tools that have never heard of us."""
import json
import pathlib
import subprocess
import unittest

import duckdb

from program import DEADLINE_S, ROOT, PondTest, run_program

SQL = """CREATE TABLE t (k INTEGER PRIMARY KEY, s VARCHAR);
INSERT INTO t VALUES (1, 'a line
break'), (2, 'ü 🦆');
INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range(10, 50000) r(i);
BEGIN; INSERT INTO t VALUES (3, NULL); CREATE TABLE u (a INTEGER); COMMIT;"""
GOLDEN = sorted((ROOT / "tests/golden/v1").glob("*/pond.log"))


class LogFile(PondTest):
    def setUp(self):
        super().setUp()
        done = run_program(self.pond, stdin=SQL)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.log = pathlib.Path(self.pond, "pond.log")

    def lines(self, path):
        """What `zstd -dc` makes of a log."""
        done = subprocess.run(["zstd", "-dc", path], capture_output=True, timeout=DEADLINE_S)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertTrue(done.stdout.endswith(b"\n"))
        return [json.loads(line) for line in done.stdout.decode().splitlines()]

    def test_zstd_prints_it_line_by_line(self):
        events = self.lines(self.log)
        self.assertEqual({tuple(sorted(event)) for event in events}, {("data", "event", "id")})
        commits = [event["data"]["version"] for event in events if event["event"] == "commit"]
        shown = run_program("log", "show", self.pond, "-json").stdout.splitlines()
        told = [(event["id"], event["event"]) for event in events
                if event["event"] not in ("base", "commit")]
        self.assertEqual([(event["id"], event["event"]) for event in map(json.loads, shown)], told)
        self.assertEqual(commits, list(range(1, 5)))
        self.assertEqual([event for _, event in told],
                         ["create_table", "add_rows", "add_file", "add_rows", "create_table"])

    def test_duckdb_reads_it_as_json(self):
        for path in (self.log, *GOLDEN):
            rows = duckdb.execute(
                "SELECT id::VARCHAR, event FROM read_json(?, compression = 'zstd', "
                "format = 'newline_delimited')", [str(path)]).fetchall()
            self.assertEqual(rows, [(line["id"], line["event"]) for line in self.lines(path)])
            self.assertEqual(rows[0][1], "base")

    def test_golden_logs_are_there(self):
        self.assertGreaterEqual(len(GOLDEN), 5)


if __name__ == "__main__":
    unittest.main()
