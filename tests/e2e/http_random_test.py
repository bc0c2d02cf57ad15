# SPDX-License-Identifier: MIT
"""Clients that do anything, drawn by a seed: they cut requests short, send several at once, read a part
of the answer or none, and leave by a proper end or a reset, at any stage."""
import random
import signal
import socket
import struct
import threading
import unittest

from program import DEADLINE_S, TOKEN, PondTest, Server

SEED = 1
THREADS, CLIENTS_EACH = 12, 40
STATEMENTS = (b"SELECT 1", b"SELECT nope", b"", b"\xff", b"SELECT count(*) FROM t",
              b"INSERT INTO t VALUES (1)", b"BEGIN; INSERT INTO t VALUES (2)",
              b"SELECT i, repeat('x', 1000) AS a FROM range(20000) r(i)",
              b"SELECT repeat('x', 100000) AS a FROM range(1000)",
              b"SELECT CASE WHEN i = 150000 THEN error('late') ELSE i END AS i FROM range(200000) r(i)",
              b"SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i)")
LINES = (b"POST /query", b"POST /query", b"POST /", b"GET /query?q=SELECT+1", b"HEAD /ping",
         b"OPTIONS /query", b"POST /ping")
FIELDS = (b"", b"", b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"Accept: text/plain\r\n",
          b"X-ClickHouse-Format: JSONCompact\r\n")


def framed(draw, body):
    """The body's header field, and the body as it is sent."""
    if draw.random() < 0.7:
        return b"Content-Length: %d\r\n" % len(body), body
    size = draw.randrange(1, len(body) + 2)
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return b"Transfer-Encoding: chunked\r\n", chunks + b"0\r\n\r\n"


def requests(draw):
    sent = b""
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        field, body = framed(draw, draw.choice(STATEMENTS))
        key = b"X-API-Key: " + TOKEN.encode() + b"\r\n" if draw.random() < 0.8 else b""
        sent += (draw.choice(LINES) + b" HTTP/1." + draw.choice((b"0", b"1", b"1", b"1")) +
                 b"\r\nHost: x\r\n" + key + draw.choice(FIELDS) + field + b"\r\n" + body)
    if draw.random() < 0.4:
        sent = sent[:draw.randrange(len(sent) + 1)]
    if draw.random() < 0.1 and sent:
        at = draw.randrange(len(sent))
        sent = sent[:at] + bytes([draw.randrange(256)]) + sent[at + 1:]
    return sent


def visit(server, draw):
    """One client, from its connection to its end."""
    sock = server.connect()
    sock.settimeout(draw.choice((0.01, 0.1, 0.5)))  # It has no more patience: nobody waits for it.
    try:
        rest = requests(draw)
        while rest:
            size = draw.choice((1, 7, 100, 1 << 20))
            sock.sendall(rest[:size])
            rest = rest[size:]
        for _ in range(draw.choice((0, 0, 1, 3, 100))):
            if not sock.recv(draw.choice((1, 100, 1 << 16))):
                break
        if draw.random() < 0.3:
            sock.shutdown(draw.choice((socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR)))
    except OSError:
        pass  # The server has had enough, or the client's patience is over.
    finally:
        if draw.random() < 0.4:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()


class Random(PondTest):
    def test_whatever_clients_do_the_server_goes_on_and_ends_well(self):
        with Server(self.pond, "--queries-max", "4", "--waiting-max", "20", "--query-ms-max", "2000",
                    "--connections-max", "10") as server:
            server.rows("CREATE TABLE t (a INTEGER)")

            ended = []

            def work(number):
                draw = random.Random(f"{SEED}/{number}")
                for _ in range(CLIENTS_EACH):
                    visit(server, draw)
                ended.append(number)

            threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(DEADLINE_S)
            self.assertEqual(sorted(ended), list(range(THREADS)), "clients that did all they wanted")
            status, body = 0, b""
            # Queries of clients that have gone may still hold the places of others for a moment.
            for _ in range(10000):
                try:
                    status, _, body = server.ask(b"SELECT 1 AS n")
                except OSError:
                    continue  # Closed without a word: too many.
                if status == 200:
                    break
            self.assertEqual((status, body), (200, b'{"n":1}\n'))
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(DEADLINE_S), 0)


if __name__ == "__main__":
    unittest.main()
