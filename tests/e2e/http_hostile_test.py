# SPDX-License-Identifier: MIT
"""Clients that lie about where a message ends, hold on to what they should let go, or leave."""
import base64
import json
import signal
import threading
import unittest

from http_limits_test import ENDLESS, LONG
from program import DEADLINE_S, TOKEN, PondTest, Server, read_to_end

SMUGGLED = b"GET /query?q=SELECT+%27smuggled%27 HTTP/1.1\r\nHost: x\r\nX-API-Key: " + TOKEN.encode() + b"\r\n\r\n"


def head(line, *fields):
    return b"\r\n".join([line, b"Host: x", b"X-API-Key: " + TOKEN.encode(), *fields]) + b"\r\n\r\n"


class Hostile(PondTest):
    def setUp(self):
        super().setUp()
        self.server = self.enterContext(Server(self.pond))

    def talk(self, data):
        """What comes back until the server closes."""
        with self.server.connect() as sock:
            sock.sendall(data)
            return read_to_end(sock)

    def first_line(self, data):
        """The first line that comes back, the connection staying open."""
        with self.server.connect() as sock:
            sock.sendall(data)
            return sock.makefile("rb").readline().decode().strip()


class Framing(Hostile):
    def test_a_body_whose_end_is_not_clear_is_refused_and_what_follows_is_not_read(self):
        for coding in (b"gzip", b"identity", b"xchunked", b"chunked, identity", b"gzip, chunked",
                       b"chunked\r\nTransfer-Encoding: identity"):
            answer = self.talk(head(b"POST /query HTTP/1.1", b"Transfer-Encoding: " + coding) + SMUGGLED)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), (coding, answer))
            self.assertEqual(answer.count(b"HTTP/1.1 "), 1, (coding, answer))
        answer = self.talk(head(b"POST /query HTTP/1.0", b"Transfer-Encoding: chunked") + b"0\r\n\r\n" +
                           SMUGGLED)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)
        answer = self.talk(head(b"POST /query HTTP/1.1", b"Content-Length: 5",
                                b"Transfer-Encoding: chunked") + b"0\r\n\r\n" + SMUGGLED)
        self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer)

    def test_a_request_has_one_host(self):
        for hosts in (b"", b"Host: a\r\nHost: b\r\n"):
            answer = self.talk(b"GET /ping HTTP/1.1\r\n" + hosts + b"\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), (hosts, answer))
        self.assertTrue(self.talk(b"GET /ping HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 "))

    def test_a_target_may_name_the_server(self):
        self.assertEqual(self.first_line(head(b"GET http://x:80/query?q=SELECT+1 HTTP/1.1")),
                         "HTTP/1.1 200 OK")

    def test_only_what_can_be_done_may_be_expected(self):
        body = b"SELECT 1"
        length = b"Content-Length: %d" % len(body)
        self.assertTrue(self.talk(head(b"POST /query HTTP/1.1", length, b"Expect: miracles"))
                        .startswith(b"HTTP/1.1 417 "))
        self.assertEqual(self.first_line(head(b"POST /query HTTP/1.1", length, b"Expect: 100-Continue")),
                         "HTTP/1.1 100 Continue")
        # Clients of HTTP/1.0 do not know what 100 is.
        self.assertTrue(self.talk(head(b"POST /query HTTP/1.0", length, b"Expect: 100-continue") + body)
                        .startswith(b"HTTP/1.1 200 "))

    def test_chunks_and_trailers_have_no_endless_head(self):
        start = head(b"POST /query HTTP/1.1", b"Transfer-Encoding: chunked")
        for endless in (b"5;a=" + b"b" * (1 << 20), b"0\r\n" + b"X: y\r\n" * (1 << 18)):
            self.assertEqual(self.first_line(start + endless), "HTTP/1.1 400 Bad Request")


class Text(Hostile):
    def test_sql_with_a_zero_byte_is_refused_and_not_cut_there(self):
        status, _, answer = self.server.ask(b"SELECT 1\0; what the parser would not see")
        self.assertEqual(status, 400)
        self.assertIn("zero byte", json.loads(answer)["error"]["message"])

    def test_errors_are_utf_8_whatever_was_sent(self):
        for path in ("/%ff%fe", "/query?q=SELECT+1&param_%ff=1", "/query?q=SELECT+1&param_x=%ff",
                     "/query?q=SELECT+1&default_format=%ff"):
            status, _, answer = self.server.ask(method="GET", path=path)
            self.assertIn(status, (400, 404))
            self.assertIn("message", json.loads(answer.decode("utf-8"))["error"])

    def test_browsers_are_told_not_to_guess_types(self):
        for path in ("/ping", "/nowhere", "/query?q=SELECT+1"):
            _, headers, _ = self.server.ask(method="GET", path=path)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")


class Memory(Hostile):
    def test_nothing_is_read_from_those_who_show_no_token(self):
        for line, wanted in ((b"POST /ping", b"200"), (b"OPTIONS /query", b"204"), (b"GET /", b"200"),
                             (b"POST /query", b"401")):
            with self.server.connect() as sock:
                sock.sendall(line + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 16000000\r\n\r\n")
                answer = read_to_end(sock)  # It comes though the body does not.
                self.assertTrue(answer.startswith(b"HTTP/1.1 " + wanted), (line, answer))
                self.assertIn(b"Connection: close", answer)

    def test_all_bodies_together_are_bounded(self):
        large = b"SELECT 1 --" + b"x" * 500000

        def ask_until(wanted):
            """The server may not yet have read, or dropped, what the slow client has sent."""
            for _ in range(1000):
                status, headers, answer = server.ask(large)
                if status == wanted:
                    return headers, answer
            self.fail(f"never {wanted}: {status} {answer}")

        limits = ("--body-bytes-max", "1000000", "--bodies-bytes-max", "1000000")
        with Server(self.pond, *limits) as server:
            with server.connect() as slow:
                slow.sendall(head(b"POST /query HTTP/1.1", b"Content-Length: 900001") + b" " * 900000)
                headers, answer = ask_until(503)
                self.assertEqual(headers["Retry-After"], "1")
                self.assertIn("1000000 bytes", json.loads(answer)["error"]["message"])
                self.assertEqual(server.rows("SELECT 1 AS n"), [{"n": 1}])
            ask_until(200)


class Leaving(Hostile):
    def test_a_client_that_sent_more_and_hangs_up_cancels_its_query(self):
        with self.server.connect() as sock:
            sock.sendall(self.server.raw(ENDLESS))
            self.assertEqual(self.server.rows("SELECT 1 AS n"), [{"n": 1}])
            sock.sendall(self.server.raw("SELECT 2 AS n"))  # Sent early, and never read.
            self.assertEqual(self.server.rows("SELECT 1 AS n"), [{"n": 1}])
        self.server.log.wait_for(r'"path":"/query","status":0')

    def test_a_client_that_goes_on_sending_after_a_refusal_is_dropped(self):
        with self.server.connect() as sock:
            sock.sendall(b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
            self.assertTrue(read_to_end(sock).startswith(b"HTTP/1.1 401 "))
            with self.assertRaises(OSError):
                for _ in range(10 * DEADLINE_S):
                    sock.sendall(b"x")
                    threading.Event().wait(0.1)  # The slowest client that is not idle.

    def test_a_second_signal_ends_the_server_whatever_its_clients_do(self):
        half_head, half_body, taker, trickler = (self.server.connect() for _ in range(4))
        for sock in (half_head, half_body, taker, trickler):
            self.addCleanup(sock.close)
        half_head.sendall(b"POST /query HTTP/1.1\r\nHo")
        half_body.sendall(head(b"POST /query HTTP/1.1", b"Content-Length: 100") + b"SELECT")
        taker.sendall(self.server.raw(LONG.replace("3000000", "100000000000")))
        self.assertTrue(taker.recv(1000))  # And takes no more.
        trickler.sendall(b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        self.assertTrue(read_to_end(trickler))
        idle = self.server.connect()
        self.addCleanup(idle.close)
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(idle.recv(1), b"")  # The first has been seen.
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.process.wait(10), 0)


class Pages(PondTest):
    def test_without_a_token_a_name_that_was_pointed_here_is_kept_out(self):
        with Server(self.pond, token="") as server:
            for host, wanted in (("evil.example:8081", 421), (f"localhost:{server.port}", 200),
                                 (f"127.0.0.1:{server.port}", 200), ("[::1]:8081", 200)):
                status, _, _ = server.ask(b"SELECT 1", headers={"Host": host})
                self.assertEqual(status, wanted, host)

    def test_without_a_token_what_a_browser_calls_foreign_is_kept_out(self):
        with Server(self.pond, token="") as server:
            for site, wanted in (("cross-site", 403), ("same-site", 403), ("same-origin", 200),
                                 ("none", 200)):
                status, _, _ = server.ask(method="GET", path="/query?q=SELECT+1",
                                          headers={"Sec-Fetch-Site": site})
                self.assertEqual(status, wanted, site)

    def test_a_password_that_a_browser_remembers_is_not_lent_to_other_pages(self):
        basic = "Basic " + base64.b64encode(f"a:{TOKEN}".encode()).decode()
        with Server(self.pond) as server:
            for origin, wanted in (("http://evil.example", 403), (f"http://127.0.0.1:{server.port}", 200),
                                   (None, 200)):
                headers = {"Authorization": basic, **({"Origin": origin} if origin else {})}
                status, _, _ = server.ask(b"SELECT 1", headers=headers)
                self.assertEqual(status, wanted, origin)
            status, _, _ = server.ask(b"SELECT 1", headers={**server.headers(),
                                                            "Origin": "http://evil.example"})
            self.assertEqual(status, 200)


if __name__ == "__main__":
    unittest.main()
