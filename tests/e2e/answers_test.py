# SPDX-License-Identifier: MIT
"""What an answer says of itself is true; the same answers without a server, by -post."""
import json
import unittest

from program import PondTest, Server, run_program
from stores import BUCKET, ScriptedStore

ROWS = 50000
TABLE = ("CREATE TABLE t (k INTEGER PRIMARY KEY, s VARCHAR); "
         f"INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range({ROWS}) r(i)")


class Statistics(PondTest):
    def setUp(self):
        super().setUp()
        self.assertEqual(run_program(self.pond, "-c", TABLE).returncode, 0)

    def ask(self, server, sql):
        """The statistics of the answer, and the cost in its header or trailer."""
        status, headers, body = server.ask(sql.encode(), path="/query?default_format=JSONCompact")
        self.assertEqual(status, 200, body)
        return json.loads(body)["statistics"], json.loads(headers["Duckpond-Cost"])

    def test_rows_read_are_those_that_the_scans_gave(self):
        with Server(self.pond) as server:
            for sql, wanted in (("SELECT sum(length(s)) AS n FROM t", ROWS),
                                ("SELECT count(*) FROM t a JOIN t b ON a.s = b.s", 2 * ROWS),
                                ("SELECT count(*) FROM range(1000) r(i) WHERE i % 2 = 0", 1000),
                                ("SELECT 1 AS n", 0)):
                statistics, _ = self.ask(server, sql)
                self.assertEqual(statistics["rows_read"], wanted, sql)
                self.assertGreater(statistics["elapsed"], 0)
            # All statements of a request count, those that scan nothing too.
            for sql, wanted in (("SELECT sum(length(s)) AS n FROM t; SELECT 1 AS n", ROWS),
                                ("SELECT 1; SELECT sum(length(s)) AS n FROM t; BEGIN; "
                                 "SELECT sum(k) AS n FROM t; COMMIT; SELECT i FROM range(7) r(i)",
                                 2 * ROWS + 7)):
                self.assertEqual(self.ask(server, sql)[0]["rows_read"], wanted, sql)
            statistics, _ = self.ask(server, "SELECT s FROM t WHERE k = 777")
            self.assertLess(statistics["rows_read"], ROWS)
            self.assertGreaterEqual(statistics["rows_read"], 1)

    def test_bytes_read_are_those_of_the_store(self):
        with Server(self.pond) as server:
            whole, cost = self.ask(server, "SELECT sum(length(s)) + sum(k) AS n FROM t")
            self.assertEqual(whole["bytes_read"], cost["bytes_read"])
            size = sum(row["bytes"] for row in server.rows("SELECT bytes::INT AS bytes FROM "
                                                           "pond.list_files('t')"))
            self.assertGreater(whole["bytes_read"], size * 0.7)
            self.assertLess(whole["bytes_read"], size * 1.5)
            one, _ = self.ask(server, "SELECT s FROM t WHERE k = 777")
            self.assertLess(one["bytes_read"], whole["bytes_read"])
            nothing, _ = self.ask(server, "SELECT i FROM range(10) r(i)")
            self.assertEqual(nothing["bytes_read"], 0)


class Post(PondTest):
    def post(self, *arguments, sql, **variables):
        done = run_program(*arguments, "-post", "/query", stdin=sql, **variables)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_it_works_on_the_pond_of_the_argument_or_of_the_environment(self):
        self.assertEqual(self.post(self.pond, sql="CREATE TABLE t AS SELECT 5 AS n; FROM t"),
                         '{"n":5}\n')
        self.assertEqual(self.post(sql="INSERT INTO t VALUES (6) RETURNING n",
                                   DUCKPOND_URL=self.pond), '{"n":6}\n')
        self.assertEqual(run_program(self.pond, "-csv", "-c", "SELECT sum(n) AS n FROM t").stdout,
                         "n\n11\n")

    def test_it_works_on_the_bucket_of_s3_bucket(self):
        with ScriptedStore() as store:
            environment = {**store.environment, "S3_BUCKET": BUCKET,
                           "S3_ENDPOINT": store.environment["AWS_ENDPOINT_URL"]}
            del environment["AWS_ENDPOINT_URL"]
            self.assertEqual(run_program("create", f"s3://{BUCKET}", **environment).returncode, 0)
            said = self.post(sql="CREATE TABLE t AS SELECT 5 AS n; FROM t", **environment)
            self.assertEqual(said, '{"n":5}\n')
            self.assertIn("pond.log", store.objects)

    def test_its_errors_and_cost_are_those_of_the_server(self):
        done = run_program(self.pond, "-post", "/query", "--cost", stdin="CREATE TABLE t (a INT)")
        self.assertEqual(done.returncode, 0)
        self.assertGreaterEqual(json.loads(done.stderr)["requests"]["put"], 1)
        done = run_program(self.pond, "-post", "/query", stdin="FROM nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(json.loads(done.stderr)["error"]["code"], "INVALID")
        done = run_program(str(self.folder / "nothing"), "-post", "/query", stdin="FROM t")
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
