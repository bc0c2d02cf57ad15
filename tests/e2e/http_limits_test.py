# SPDX-License-Identifier: MIT
"""What the server does when much, or nothing, or half is asked of it."""
import http.client
import json
import resource
import signal
import threading
import unittest

from program import DEADLINE_S, PondTest, ProgramTest, Server, read_to_end

ENDLESS = "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)"
LONG = "SELECT i, 'some text to make it longer' AS t FROM range(3000000) r(i)"
BREAKS_OFF = ("SELECT CASE WHEN i = 2500000 THEN error('late') ELSE i END AS i "
              "FROM range(3000000) r(i)")


class Streams(PondTest):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(Server(self.pond))

    def test_a_long_answer_comes_in_chunks_and_ends_with_its_cost(self):
        with self.server.connect() as sock:
            sock.sendall(self.server.raw(LONG).replace(b"Host", b"Connection: close\r\nHost", 1))
            answer = read_to_end(sock)
        head, _, body = answer.partition(b"\r\n\r\n")
        self.assertIn(b"Transfer-Encoding: chunked", head)
        last = body[body.rindex(b"\r\n0\r\n"):]
        self.assertIn(b"Duckpond-Cost: {", last)
        self.assertTrue(last.endswith(b"\r\n\r\n"))
        _, _, whole = self.server.ask(LONG.encode())
        self.assertEqual(whole.count(b"\n"), 3000000)
        self.assertTrue(whole.endswith(b'{"i":2999999,"t":"some text to make it longer"}\n'))

    def test_a_failure_after_the_first_byte_breaks_the_answer_off(self):
        client = http.client.HTTPConnection(self.server.host, self.server.port, timeout=DEADLINE_S)
        self.addCleanup(client.close)
        client.request("POST", "/query", body=BREAKS_OFF.encode(), headers=self.server.headers())
        answer = client.getresponse()
        self.assertEqual(answer.status, 200)
        with self.assertRaises((http.client.IncompleteRead, ConnectionError)):
            answer.read()

    def test_a_client_that_hangs_up_cancels_its_query(self):
        with self.server.connect() as sock:
            sock.sendall(self.server.raw(ENDLESS))
        # The query would run for hours; its line in the log comes when it ends.
        self.server.log.wait_for(r'"path":"/query","status":0')
        self.assertEqual(self.server.rows("SELECT 1 AS n"), [{"n": 1}])

    def test_a_client_that_hangs_up_in_the_middle_of_an_answer_cancels_it(self):
        with self.server.connect() as sock:
            sock.sendall(self.server.raw(LONG.replace("3000000", "100000000000")))
            self.assertTrue(sock.recv(1000))
        self.server.log.wait_for(r'"path":"/query","status":0')
        self.assertEqual(self.server.rows("SELECT 1 AS n"), [{"n": 1}])

    def test_queries_run_side_by_side(self):
        with self.server.connect() as slow:
            slow.sendall(self.server.raw(LONG))
            slow.recv(1000)  # It runs, and waits for us to take more.
            self.assertEqual(self.server.rows("SELECT 1 AS n"), [{"n": 1}])


class Commits(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_ok("create", self.pond)
        self.run_ok(self.pond, "-c", "CREATE TABLE t (i INTEGER)")

    def test_others_run_while_one_waits_for_its_commit(self):
        with Server(self.pond, "--latency", "r2", "--queries-max", "1") as server:
            with server.connect() as waits:
                waits.sendall(server.raw("INSERT INTO t VALUES (1)"))
                for _ in range(3):
                    self.assertEqual(server.rows("SELECT 1 AS n"), [{"n": 1}])
                waits.setblocking(False)
                with self.assertRaises(BlockingIOError):
                    waits.recv(1)  # A swap takes 600 ms.
            # Who hung up while it waited is in the log as one that was not answered, and its commit
            # stands or not: those that come next are not held up by it.
            server.log.wait_for(r'"path":"/query","status":0')
            status, _, _ = server.ask(b"INSERT INTO t VALUES (2)")
            self.assertEqual(status, 200)
            self.assertIn({"i": 2}, server.rows("FROM t"))

    def test_more_queries_wait_for_their_commits_than_may_run(self):
        """They leave together: a store that swaps a log once a second takes more than two a second."""
        puts = []

        def insert(i):
            status, headers, _ = server.ask(f"INSERT INTO t VALUES ({i})".encode())
            self.assertEqual(status, 200)
            puts.append(json.loads(headers["Duckpond-Cost"])["requests"]["put"])

        with Server(self.pond, "--latency", "r2", "--queries-max", "2") as server:
            clients = [threading.Thread(target=insert, args=(i,)) for i in range(40)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            self.assertEqual(server.rows("SELECT count(DISTINCT i) AS n FROM t"), [{"n": 40}])
        self.assertEqual(len(puts), 40)
        # Two at a time would be twenty swaps. A put is on the bill of one of those whom it carries.
        self.assertLess(sum(puts), 15)


class Limits(PondTest):
    def refused(self, server, body, **options):
        status, headers, answer = server.ask(body, **options)
        return status, headers, json.loads(answer)["error"]

    def test_a_body_over_the_limit_is_413(self):
        with Server(self.pond, "--body-bytes-max", "100000") as server:
            status, _, problem = self.refused(server, b"SELECT 1 --" + b"x" * 200000)
            self.assertEqual(status, 413)
            self.assertIn("100000", problem["message"])
            # One whose length is not said beforehand, too.
            status, _, problem = self.refused(server, iter([b"SELECT 1 --" + b"x" * 200000]))
            self.assertEqual(status, 413)
            status, _, _ = server.ask(b"SELECT 1 --" + b"x" * 90000)
            self.assertEqual(status, 200)

    def test_a_header_over_the_limit_is_431(self):
        with Server(self.pond) as server:
            with server.connect() as sock:
                sock.sendall(b"GET /ping HTTP/1.1\r\nX-Long: " + b"x" * 100000 + b"\r\n\r\n")
                self.assertTrue(sock.recv(100).startswith(b"HTTP/1.1 431 "))

    def test_a_query_that_takes_too_long_is_408(self):
        with Server(self.pond, "--query-ms-max", "200") as server:
            status, _, problem = self.refused(server, ENDLESS.encode())
            self.assertEqual(status, 408)
            self.assertIn("200 ms", problem["message"])

    def test_more_queries_than_may_wait_are_503_with_retry_after(self):
        with Server(self.pond, "--queries-max", "1", "--waiting-max", "1") as server:
            with server.connect() as running, server.connect() as waiting:
                running.sendall(server.raw(LONG))
                running.recv(1000)
                waiting.sendall(server.raw("SELECT 1"))
                # The second is read before this one, since one thread reads all.
                status, headers, problem = self.refused(server, b"SELECT 2")
                self.assertEqual(status, 503)
                self.assertEqual(headers["Retry-After"], "1")
                self.assertTrue(problem["retryable"])
            self.assertEqual(server.ask(method="GET", path="/ping")[0], 200)

    def test_more_connections_than_allowed_are_503(self):
        with Server(self.pond, "--connections-max", "2") as server:
            with server.connect() as one, server.connect() as two:
                for sock in (one, two):
                    sock.sendall(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
                    self.assertTrue(sock.recv(1000).startswith(b"HTTP/1.1 200 "))
                with server.connect() as three:
                    self.assertTrue(three.recv(1000).startswith(b"HTTP/1.1 503 "))

    def test_memory_is_bounded(self):
        with Server(self.pond, "--memory-bytes-max", "100000000") as server:
            status, _, problem = self.refused(
                server, b"SELECT count(DISTINCT i || 'xxxxxxxxxxxxxxxxxxxx') "
                        b"FROM range(50000000) t(i)")
            self.assertEqual((status, problem["code"]), (400, "EXHAUSTED"))
            self.assertEqual(server.rows("SELECT 1 AS n"), [{"n": 1}])


class Thousand(PondTest):
    COUNT = 1000

    def setUp(self):
        super().setUp()
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    def test_a_thousand_connections_at_once_are_all_answered(self):
        with Server(self.pond) as server:
            socks = [server.connect() for _ in range(self.COUNT)]
            try:
                for number, sock in enumerate(socks):
                    request = server.raw(f"SELECT {number} AS n")
                    sock.sendall(request.replace(b"Host", b"Connection: close\r\nHost", 1))
                answered = 0
                for number, sock in enumerate(socks):
                    answer = read_to_end(sock)
                    answered += answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(
                        f'{{"n":{number}}}\n'.encode())
                self.assertEqual(answered, self.COUNT)
            finally:
                for sock in socks:
                    sock.close()

    def test_a_thousand_idle_connections_keep_nobody_out(self):
        with Server(self.pond) as server:
            socks = [server.connect() for _ in range(self.COUNT)]
            try:
                for _ in range(10):
                    self.assertEqual(server.rows("SELECT 1 AS n"), [{"n": 1}])
            finally:
                for sock in socks:
                    sock.close()


class Drain(PondTest):
    def test_sigterm_lets_what_runs_come_to_its_end(self):
        with Server(self.pond) as server:
            with server.connect() as idle, server.connect() as sock:
                sock.sendall(server.raw(LONG))
                first = sock.recv(1000)
                server.process.send_signal(signal.SIGTERM)
                # The idle connection is closed, new ones are refused, the answer goes on.
                self.assertEqual(idle.recv(1), b"")
                with self.assertRaises(OSError):
                    server.connect()
                answer = first + read_to_end(sock)
            self.assertIn(b'{"i":2999999', answer)
            self.assertIn(b"\r\n0\r\n", answer)
            self.assertEqual(server.process.wait(DEADLINE_S), 0)

    def test_sigterm_ends_an_idle_server(self):
        with Server(self.pond) as server:
            self.assertEqual(server.rows("SELECT 1 AS n"), [{"n": 1}])
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(DEADLINE_S), 0)

    def test_signals_do_not_spoil_an_end_that_has_begun(self):
        for count in (1, 2, 50):
            with Server(self.pond) as server:
                self.assertEqual(server.rows("SELECT 1 AS n"), [{"n": 1}])
                server.process.send_signal(signal.SIGTERM)
                server.output.wait_for("stops$")  # All that is left is taken down.
                for _ in range(count):
                    server.process.send_signal(signal.SIGTERM)
                self.assertEqual(server.process.wait(DEADLINE_S), 0)

    def test_two_signals_at_once_end_an_idle_server_well(self):
        """The second may come when nothing is left to be hurried."""
        for number in range(6):
            with Server(self.pond) as server:
                self.assertEqual(server.rows("SELECT 1 AS n"), [{"n": 1}])
                for _ in range(2):
                    server.process.send_signal((signal.SIGTERM, signal.SIGINT)[number % 2])
                self.assertEqual(server.process.wait(DEADLINE_S), 0)

    def test_a_second_signal_cancels_what_runs(self):
        with Server(self.pond) as server:
            with server.connect() as idle, server.connect() as sock:
                sock.sendall(server.raw(ENDLESS))
                self.assertEqual(server.rows("SELECT 1 AS n"), [{"n": 1}])
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(idle.recv(1), b"")  # The first has been seen.
                server.process.send_signal(signal.SIGTERM)
                self.assertTrue(read_to_end(sock).startswith(b"HTTP/1.1 503 "))
            self.assertEqual(server.process.wait(DEADLINE_S), 0)


if __name__ == "__main__":
    unittest.main()
