# SPDX-License-Identifier: MIT
"""/query over real sockets: who is let in, what is asked, what comes back."""
import base64
import json
import subprocess
import unittest

from program import DEADLINE_S, TOKEN, PondTest, Server, clean_environment


class Http(PondTest):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(Server(self.pond))

    def error(self, *arguments, **options):
        status, headers, body = self.server.ask(*arguments, **options)
        self.assertIn("json", headers["Content-Type"])
        return status, json.loads(body)["error"]


class Tokens(Http):
    def test_a_request_without_the_token_is_refused(self):
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-API-Key": "wrong"},
                        {"Authorization": "Basic " + base64.b64encode(b"a:wrong").decode()}):
            status, problem = self.error(b"SELECT 1", headers=headers)
            self.assertEqual(status, 401)
            self.assertFalse(problem["retryable"])

    def test_the_token_is_taken_in_three_forms(self):
        basic = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()
        for headers in ({"Authorization": f"Bearer {TOKEN}"}, {"X-API-Key": TOKEN},
                        {"Authorization": f"Basic {basic}"}):
            status, _, body = self.server.ask(b"SELECT 1 AS n", headers=headers)
            self.assertEqual((status, body), (200, b'{"n":1}\n'))

    def test_ping_needs_no_token(self):
        status, _, body = self.server.ask(method="GET", path="/ping", headers={})
        self.assertEqual((status, body), (200, b"OK"))

    def test_without_a_token_option_one_is_made_and_printed_with_a_curl_line_that_works(self):
        process = subprocess.Popen(
            [str(self.server.process.args[0]), "serve", self.pond, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=clean_environment())
        try:
            lines = []
            while not lines or "curl" not in lines[-1]:
                lines.append(process.stdout.readline())
                self.assertTrue(lines[-1], lines)
            done = subprocess.run(lines[-1], shell=True, capture_output=True, text=True,
                                  timeout=DEADLINE_S)
            self.assertEqual(done.stdout, '{"answer":42}\n')
        finally:
            process.kill()
            process.wait(DEADLINE_S)
            process.stdout.close()


class Formats(Http):
    SQL = ("SELECT 1 AS i, 1.10::DECIMAL(4,2) AS d, 7::HUGEINT AS h, NULL AS n, 'nan'::DOUBLE AS x, "
           "[1,2] AS l, {'a': 'b'} AS s, MAP {'k': 1} AS m, '\\xFF'::BLOB AS b, true AS t")

    def test_json_each_row_is_typed_and_the_default(self):
        _, headers, body = self.server.ask(self.SQL.encode())
        self.assertEqual(headers["Content-Type"], "application/x-ndjson")
        self.assertEqual(
            body.decode(),
            '{"i":1,"d":1.10,"h":"7","n":null,"x":"NaN","l":[1,2],"s":{"a":"b"},"m":{"k":1},'
            '"b":"\\\\xFF","t":true}\n')

    def test_json_compact_has_meta_rows_and_statistics(self):
        _, _, body = self.server.ask(b"SELECT i, i::VARCHAR AS t FROM range(3) r(i)",
                                     path="/?default_format=JSONCompact")
        answer = json.loads(body)
        self.assertEqual(answer["meta"],
                         [{"name": "i", "type": "BIGINT"}, {"name": "t", "type": "VARCHAR"}])
        self.assertEqual(answer["data"], [[0, "0"], [1, "1"], [2, "2"]])
        self.assertEqual(answer["rows"], 3)
        self.assertEqual(sorted(answer["statistics"]), ["bytes_read", "elapsed", "rows_read"])

    def test_what_was_read_is_counted(self):
        self.server.rows("CALL pond.set_option('inline_bytes', 0); "
                         "CREATE TABLE t AS SELECT i FROM range(5000) r(i)")
        _, headers, body = self.server.ask(b"SELECT sum(i) FROM t",
                                           path="/query?default_format=JSONCompact")
        said = json.loads(body)["statistics"]
        self.assertEqual(said["rows_read"], 5000)
        self.assertGreater(said["bytes_read"], 0)
        self.assertEqual(said["bytes_read"], json.loads(headers["Duckpond-Cost"])["bytes_read"])
        self.assertGreater(said["elapsed"], 0)

    def test_the_parameter_wins_over_x_clickhouse_format_which_wins_over_format(self):
        for path, headers, wanted in (
                ("/query?default_format=CSV", {"X-ClickHouse-Format": "JSON"}, b"n\n1\n"),
                ("/query", {"X-ClickHouse-Format": "JSON", "format": "CSV"}, b'[{"n":1}]\n'),
                ("/query", {"format": "CSV"}, b"n\n1\n")):
            _, _, body = self.server.ask(b"SELECT 1 AS n", path=path,
                                         headers={**self.server.headers(), **headers})
            self.assertEqual(body, wanted)

    def test_an_unknown_format_is_refused_with_the_known_ones(self):
        status, problem = self.error(b"SELECT 1", path="/query?default_format=Yaml")
        self.assertEqual(status, 400)
        self.assertIn("JSONEachRow", problem["hint"])

    def test_what_it_cost_is_in_the_header(self):
        _, headers, _ = self.server.ask(b"SELECT 1")
        self.assertIn("round_trips", json.loads(headers["Duckpond-Cost"]))
        self.assertRegex(headers["Server-Timing"], r"^query;dur=[0-9.]+$")
        _, headers, _ = self.server.ask(b"CREATE TABLE t AS SELECT 1 AS a; SELECT 2")
        self.assertGreaterEqual(json.loads(headers["Duckpond-Cost"])["requests"]["put"], 1)


class Statements(Http):
    def test_a_get_reads(self):
        for path in ("/query?q=SELECT%201%20AS%20n", "/?query=SELECT+1+AS+n",
                     "/query?q=SELECT+$x::INT+AS+n&param_x=1"):
            status, _, body = self.server.ask(method="GET", path=path)
            self.assertEqual((status, body), (200, b'{"n":1}\n'))

    def test_a_get_cannot_write(self):
        status, problem = self.error(method="GET", path="/query?q=CREATE+TABLE+t+(a+INTEGER)")
        self.assertEqual(status, 405)
        self.assertEqual(self.server.rows("SELECT count(*) AS n FROM duckdb_tables()"), [{"n": 0}])

    def test_several_statements_give_the_last_ones_answer(self):
        rows = self.server.rows("CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2);"
                                "BEGIN; INSERT INTO t VALUES (3); COMMIT; SELECT sum(a) AS s FROM t")
        self.assertEqual(rows, [{"s": "6"}])

    def test_a_transaction_left_open_is_an_error_and_undone(self):
        self.server.rows("CREATE TABLE t (a INTEGER)")
        status, problem = self.error(b"BEGIN; INSERT INTO t VALUES (1)")
        self.assertEqual(status, 400)
        self.assertIn("rolled back", problem["message"])
        self.assertEqual(self.server.rows("SELECT count(*) AS n FROM t"), [{"n": 0}])

    def test_an_insert_says_how_many_rows(self):
        self.server.rows("CREATE TABLE t (a INTEGER)")
        self.assertEqual(self.server.rows("INSERT INTO t VALUES (1), (2)"), [{"Count": 2}])

    def test_what_was_written_is_there_after_the_server_was_killed(self):
        self.server.rows("CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (7)")
        self.server.process.kill()
        self.server.process.wait(DEADLINE_S)
        with Server(self.pond) as again:
            self.assertEqual(again.rows("FROM t"), [{"a": 7}])


class Errors(Http):
    def test_each_has_its_status_and_says_what_to_do(self):
        for status, body, options in (
                (400, b"SELEC 1", {}), (400, b"FROM no_such_table", {}), (400, b" ; ", {}),
                (400, b"SELECT '\xff'", {}), (404, b"SELECT 1", {"path": "/elsewhere"}),
                (405, b"SELECT 1", {"method": "PUT"})):
            got, problem = self.error(body, **options)
            self.assertEqual(got, status, (body, problem))
            self.assertEqual(sorted(problem), ["code", "hint", "message", "retryable"])

    def test_a_client_that_asks_for_text_gets_text(self):
        status, headers, body = self.server.ask(
            b"SELEC 1", headers={**self.server.headers(), "Accept": "text/plain"})
        self.assertEqual(status, 400)
        self.assertIn("text/plain", headers["Content-Type"])
        self.assertTrue(body.startswith(b"Parser Error"))

    def test_bytes_that_are_not_http_are_refused(self):
        with self.server.connect() as sock:
            sock.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
            self.assertTrue(sock.recv(100).startswith(b"HTTP/1.1 400 "))


class Sandbox(Http):
    def test_sql_from_the_network_stays_inside_the_pond(self):
        for sql in ("CREATE TABLE memory.t (a INTEGER)", "ATTACH ':memory:' AS other",
                    "ATTACH 'duckpond:/tmp/other' AS other", "DETACH pond", "LOAD httpfs",
                    "INSTALL httpfs", "FROM read_text('/etc/passwd')",
                    "COPY (SELECT 1) TO '/tmp/never.csv'", "CREATE SECRET s (TYPE http)"):
            status, problem = self.error(sql.encode())
            self.assertEqual(status, 403, (sql, problem))

    def test_what_would_end_the_instance_is_not_there(self):
        status, problem = self.error(b"SELECT txid_current()")
        self.assertEqual(status, 400, problem)
        self.assertIn("txid_current", str(problem))
        self.assertEqual(self.server.rows("SELECT 1 AS a"), [{"a": 1}])

    def test_settings_of_the_server_cannot_be_changed(self):
        for sql in ("SET memory_limit = '1TB'", "SET enable_external_access = true",
                    "SET lock_configuration = false", "RESET threads"):
            status, _ = self.error(sql.encode())
            self.assertEqual(status, 400, sql)


class Pages(PondTest):
    def test_without_a_token_pages_of_other_sites_are_kept_out(self):
        with Server(self.pond, token="") as server:
            status, _, _ = server.ask(b"SELECT 1", headers={"Origin": "http://evil.example"})
            self.assertEqual(status, 403)
            status, headers, _ = server.ask(b"SELECT 1")
            self.assertEqual(status, 200)
            self.assertIsNone(headers["Access-Control-Allow-Origin"])

    def test_with_a_token_other_pages_may_ask(self):
        with Server(self.pond) as server:
            status, headers, _ = server.ask(method="OPTIONS", headers={"Origin": "http://a.example"})
            self.assertEqual(status, 204)
            self.assertIsNone(headers["Content-Length"])
            self.assertEqual(headers["Access-Control-Allow-Origin"], "*")
            self.assertIn("Authorization", headers["Access-Control-Allow-Headers"])


class Connections(Http):
    def test_requests_sent_early_are_answered_in_their_order(self):
        with self.server.connect() as sock:
            sock.sendall(self.server.raw("SELECT 1 AS n") + self.server.raw("SELECT 2 AS n"))
            received = b""
            while received.count(b'{"n":') < 2:
                part = sock.recv(65536)
                self.assertTrue(part, received)
                received += part
            self.assertLess(received.index(b'{"n":1}'), received.index(b'{"n":2}'))

    def test_head_has_no_body(self):
        status, headers, body = self.server.ask(method="HEAD", path="/ping")
        self.assertEqual((status, body, headers["Content-Length"]), (200, b"", "2"))

    def test_a_client_of_http_1_0_gets_the_answer_whole(self):
        with self.server.connect() as sock:
            body = b"SELECT i FROM range(100000) t(i)"
            sock.sendall(b"POST /query HTTP/1.0\r\nX-API-Key: " + TOKEN.encode() +
                         b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            answer = b""
            while part := sock.recv(1 << 16):
                answer += part
        head, _, rows = answer.partition(b"\r\n\r\n")
        self.assertNotIn(b"chunked", head)
        self.assertIn(b"Content-Length: %d" % len(rows), head)
        self.assertTrue(rows.endswith(b'{"i":99999}\n'))


if __name__ == "__main__":
    unittest.main()
