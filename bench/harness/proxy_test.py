# SPDX-License-Identifier: MIT
"""The proxy against a scripted server, in one event loop, with a clock and a sleep of the test's own."""
import asyncio
import json
import unittest

from . import meter, proxy

BIG = bytes(range(256)) * 4096  # 1 MiB: more than any buffer in between holds


class Server:
    """Echoes bodies. What it does otherwise is told by the path:

    /chunked answers chunked, /close without a length, /status/N with N; /together/N waits until N
    requests are here; /refuse answers 412 to a head without asking for its body; /answers-twice answers
    400 as well, to nothing.
    """

    def __init__(self):
        self.connections, self.hosts, self.waiting = 0, [], []

    async def start(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return self.server.sockets[0].getsockname()

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            while await self.answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        finally:
            writer.close()

    async def answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path = head.split(" ")[:2]
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        self.hosts.append(fields.get("Host"))
        if path == "/refuse":
            writer.write(b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 2\r\n\r\nno")
            return True
        if "Expect" in fields:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await self.body(reader, fields)
        if path.startswith("/together/"):
            await self.together(int(path.rpartition("/")[2]))
        status = int(path.rpartition("/")[2]) if path.startswith("/status/") else 200
        body = body or b"0123456789"
        writer.write(b"HTTP/1.1 %d Text\r\n" % status)
        if path == "/chunked":
            writer.write(b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\nX-Sum: 1\r\n\r\n" %
                         (len(body), body))
        elif path == "/close":
            writer.write(b"\r\n" + body)
        else:
            writer.write(b"Content-Length: %d\r\n\r\n" % len(body))
            writer.write(body if method != "HEAD" and status not in (204, 304) else b"")
        if path == "/answers-twice":
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        return path != "/close"

    async def body(self, reader, fields):
        if "Transfer-Encoding" not in fields:
            return await reader.readexactly(int(fields.get("Content-Length", 0)))
        body = b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            body += (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return body

    async def together(self, count):
        gate = asyncio.get_running_loop().create_future()
        self.waiting.append(gate)
        if len(self.waiting) == count:
            for each in self.waiting:
                each.set_result(None)
            self.waiting = []
        await gate


class ProxyTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.now, self.slept = 100.0, []

        async def sleep(seconds):
            self.slept.append(seconds)

        self.upstream = Server()
        self.meter = meter.Meter(clock=lambda: self.now, sleep=sleep)
        self.proxy = proxy.Proxy(await self.upstream.start(), self.meter)
        self.port = await self.proxy.listen("127.0.0.1", 0)
        self.reader, self.writer = await self.connect()

    async def asyncTearDown(self):
        self.writer.close()
        self.proxy.server.close()
        self.upstream.server.close()

    async def connect(self):
        return await asyncio.open_connection("127.0.0.1", self.port, limit=1 << 21)

    async def ask(self, method, path, body=b"", headers="", connection=None):
        """One request with a known length; (status, body)."""
        reader, writer = connection or (self.reader, self.writer)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: signed.example\r\n{headers}"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return await self.read_answer(reader, method)

    async def read_answer(self, reader, method="GET"):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status = int(head.split(" ")[1])
        if method == "HEAD" or status in (100, 204, 304):
            return status, b""
        if "chunked" in head:
            return status, await reader.readuntil(b"0\r\nX-Sum: 1\r\n\r\n")
        if "Content-Length" not in head:
            return status, await reader.read()
        size = int(head.partition("Content-Length: ")[2].partition("\r\n")[0])
        return status, await reader.readexactly(size)

    async def stats(self):
        return json.loads((await self.ask("GET", "/-/stats?log=100"))[1])

    async def test_bodies_pass_unchanged_both_ways(self):
        self.assertEqual(await self.ask("PUT", "/b/k", BIG), (200, BIG))
        stats = await self.stats()
        self.assertEqual((stats["bytes_up"], stats["bytes_down"]), (len(BIG), len(BIG)))

    async def test_chunked_request_passes_and_counts_content_only(self):
        self.writer.write(b"PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                          b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        self.assertEqual(await self.read_answer(self.reader), (200, b"abcde"))
        self.assertEqual((await self.stats())["bytes_up"], 5)

    async def test_answer_to_the_end_of_a_chunked_body_is_nobodys(self):
        self.writer.write(b"PUT /answers-twice HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                          b"3\r\nabc\r\n0\r\n\r\n")
        self.assertEqual(await self.read_answer(self.reader), (200, b"abc"))
        self.assertEqual(await self.ask("GET", "/b/k"), (200, b"0123456789"))

    async def test_chunked_answer_keeps_chunks_and_trailer(self):
        status, body = await self.ask("GET", "/chunked")
        self.assertEqual((status, body), (200, b"a\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n"))
        self.assertEqual((await self.stats())["bytes_read"], 10)

    async def test_answer_without_length_ends_with_the_connection(self):
        self.assertEqual(await self.ask("GET", "/close"), (200, b"0123456789"))
        self.assertTrue(self.reader.at_eof())

    async def test_head_204_and_304_carry_no_body(self):
        self.assertEqual(await self.ask("HEAD", "/b/k"), (200, b""))
        self.assertEqual(await self.ask("GET", "/status/204"), (204, b""))
        self.assertEqual(await self.ask("GET", "/status/304"), (304, b""))
        self.assertEqual(await self.ask("GET", "/b/k"), (200, b"0123456789"))
        stats = await self.stats()
        self.assertEqual((stats["requests"]["get"], stats["bytes_down"]), (4, 10))

    async def test_host_is_what_the_client_signed(self):
        await self.ask("GET", "/b/k")
        self.assertEqual(self.upstream.hosts, ["signed.example"])

    async def test_connections_stay_open_on_both_sides(self):
        for _ in range(5):
            await self.ask("GET", "/b/k")
        self.assertEqual(self.upstream.connections, 1)

    async def test_connection_close_is_honoured(self):
        await self.ask("GET", "/b/k", headers="Connection: close\r\n")
        self.assertEqual(await self.reader.read(), b"")

    async def test_body_waits_for_100_continue(self):
        self.writer.write(b"PUT /b/k HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                          b"Content-Length: 3\r\n\r\n")
        self.assertEqual((await self.read_answer(self.reader))[0], 100)
        self.writer.write(b"abc")
        self.assertEqual(await self.read_answer(self.reader), (200, b"abc"))
        self.assertEqual(await self.ask("GET", "/b/k"), (200, b"0123456789"))

    async def test_refusal_before_100_continue_closes_the_connection(self):
        self.writer.write(b"PUT /refuse HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                          b"Content-Length: 3\r\n\r\n")
        self.assertEqual(await self.read_answer(self.reader), (412, b"no"))
        self.assertEqual(await self.reader.read(), b"")
        self.reader, self.writer = await self.connect()
        stats = await self.stats()
        self.assertEqual((stats["statuses"], stats["bytes_up"]), ({"412": 1}, 0))

    async def test_requests_in_flight_together_are_one_round_trip(self):
        connections = [await self.connect() for _ in range(4)]
        answers = await asyncio.gather(
            *(self.ask("GET", "/together/4", connection=each) for each in connections))
        self.assertEqual([status for status, _ in answers], [200] * 4)
        await self.ask("GET", "/b/k")
        for _, writer in connections:
            writer.close()
        stats = await self.stats()
        self.assertEqual((stats["total"], stats["round_trips"]), (5, 2))

    async def test_requests_in_a_row_are_a_round_trip_each(self):
        for _ in range(7):
            await self.ask("GET", "/b/k")
        self.assertEqual((await self.stats())["round_trips"], 7)

    async def test_kinds_are_those_of_a_bill(self):
        for method, path in (("GET", "/b/k?prefix=x"), ("GET", "/b?list-type=2&prefix=x"),
                             ("HEAD", "/b/k"), ("PUT", "/b/k"), ("POST", "/b/k?uploads"),
                             ("DELETE", "/b/k")):
            await self.ask(method, path)
        self.assertEqual((await self.stats())["requests"],
                         {"get": 2, "put": 2, "delete": 1, "list": 1})

    async def test_latency_is_slept_once_per_request_by_kind(self):
        settings = b'{"latency_ms": 20, "latency_ms_by_kind": {"put": 30}}'
        self.assertEqual((await self.ask("POST", "/-/settings", settings))[0], 200)
        await self.ask("GET", "/b/k")
        await self.ask("PUT", "/b/k", b"x")
        await self.stats()
        self.assertEqual(self.slept, [0.02, 0.03])

    async def test_unknown_setting_is_refused(self):
        status, body = await self.ask("POST", "/-/settings", b'{"latency": 20}')
        self.assertEqual((status, json.loads(body)), (400, {"error": "no setting called latency"}))

    async def test_puts_of_one_key_beyond_the_rate_are_refused_until_time_passes(self):
        await self.ask("POST", "/-/settings", b'{"puts_per_second_per_key": 2}')
        hot = [(await self.ask("PUT", "/b/hot", b"x"))[0] for _ in range(3)]
        other = [(await self.ask("PUT", "/b/cold", b"x"))[0], (await self.ask("GET", "/b/hot"))[0]]
        self.now += 0.5
        later = [(await self.ask("PUT", "/b/hot", b"x"))[0] for _ in range(2)]
        self.assertEqual((hot, other, later), ([200, 200, 429], [200, 200], [200, 429]))

    async def test_rate_below_one_a_second_still_lets_the_first_through(self):
        await self.ask("POST", "/-/settings",
                       b'{"puts_per_second_per_key": 0.5, "refusal_status": 503}')
        answers = [(await self.ask("PUT", "/b/hot", b"x"))[0] for _ in range(2)]
        self.assertEqual(answers, [200, 503])

    async def test_reset_forgets_also_what_is_under_way(self):
        connection = await self.connect()
        waiting = asyncio.create_task(self.ask("GET", "/together/2", connection=connection))
        while not self.upstream.waiting:
            await asyncio.sleep(0)
        await self.ask("POST", "/-/reset")
        await self.ask("GET", "/together/2")
        await waiting
        connection[1].close()
        stats = await self.stats()
        self.assertEqual((stats["total"], stats["round_trips"]), (1, 1))

    async def test_server_that_is_gone_closes_the_client(self):
        self.upstream.server.close()
        await self.upstream.server.wait_closed()
        self.writer.write(b"GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n")
        self.assertEqual(await self.reader.read(), b"")
        self.reader, self.writer = await self.connect()
        self.assertEqual((await self.stats())["statuses"], {"0": 1})


if __name__ == "__main__":
    unittest.main()
