# SPDX-License-Identifier: MIT
"""A reverse proxy for HTTP/1.1 that counts, delays and refuses by a Meter.

Each client connection has one connection to the server, kept open as long as both sides wish, but for
a new one after a chunked body. Heads and bodies go through byte for byte, Host included: SigV4 signs
the proxy's own address, and the server checks the signature against the Host it is sent.

A request starts when its head is here and ends when the last byte of its answer has been handed to
the kernel; nothing that could wait stands between that hand-over and the count.

Control, on the same port (no bucket can be called "-"):
    GET  /-/stats[?log=N]   the figures, and the last N requests
    POST /-/reset           forget them; answers the figures so far
    POST /-/settings        a JSON object with any of the fields of meter.Settings
"""
import asyncio
import contextlib
import json

from . import http1

BODY_BYTES_MAX = 64 * 1024  # of a control request
LEFT_OVER_SECONDS_MAX = 30  # to swallow a body that the server did not wait for


class Proxy:
    def __init__(self, upstream, meter):
        """`upstream` is (host, port)."""
        self.upstream, self.meter = upstream, meter
        self.server = None
        self.clients = set()

    async def listen(self, host, port):
        """Starts to listen; returns the port (port 0 picks a free one)."""
        self.server = await asyncio.start_server(self._client, host, port, backlog=512,
                                                 limit=http1.HEAD_BYTES_MAX)
        return self.server.sockets[0].getsockname()[1]

    async def _client(self, reader, writer):
        connection = _Connection(self, reader, writer)
        try:
            while await connection.serve_one():
                pass
        except http1.GONE:
            pass  # one side has left: close both, which is all that can be told to the other
        except asyncio.CancelledError:
            pass  # the proxy stops
        finally:
            connection.close()


class _Connection:
    def __init__(self, proxy, reader, writer):
        self.proxy, self.meter = proxy, proxy.meter
        self.reader, self.writer = reader, writer
        self.up_reader = self.up_writer = None

    def close(self):
        for each in (self.writer, self.up_writer):
            if each:
                with contextlib.suppress(OSError, RuntimeError):
                    each.close()

    async def serve_one(self):
        """One request and its answer; True if the connection may carry another."""
        head = await http1.read_head(self.reader)
        if head.target.startswith("/-/"):
            return await self._control(head)
        request = self.meter.start(head.method, head.target)
        try:
            await self.meter.delay(request)
            if self.meter.refuses(request):
                return await self._refuse(head, request)
            await self._connect()
            return await self._exchange(head, request)
        finally:
            self.meter.end(request)

    async def _connect(self):
        if self.up_writer and (self.up_reader.at_eof() or self.up_writer.is_closing()):
            self.up_writer.close()
            self.up_writer = None
        if not self.up_writer:
            self.up_reader, self.up_writer = await asyncio.open_connection(
                *self.proxy.upstream, limit=http1.HEAD_BYTES_MAX)

    async def _exchange(self, head, request):
        self.up_writer.write(head.raw)
        sending = asyncio.create_task(self._send_body(head, request))
        continued = False
        try:
            while True:
                answer = await http1.read_head(self.up_reader)
                if answer.status >= 200:
                    break
                continued = continued or answer.status == 100
                self.writer.write(answer.raw)
                await self.writer.drain()
            request.status = answer.status
            # Refused before the body was asked for: it may come or not, so no request can follow.
            unasked = head.expects_continue and not continued and not sending.done()
            await self._send_answer(head, answer, request, unasked)
            if unasked:
                return False
            await asyncio.wait_for(asyncio.shield(sending), LEFT_OVER_SECONDS_MAX)
            if http1.request_framing(head) == "chunked":
                # versitygw takes the end of a chunked aws-chunked body for a request, and answers it.
                self.up_writer.close()
            framing = http1.response_framing(answer, head.method)
            return not (answer.closes or head.closes or framing == "close")
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, *http1.GONE):
                await sending

    async def _send_body(self, head, request):
        """Passes the client's body on; what a server no longer takes is read and dropped.

        A server may answer and hang up in the middle of a body. Its answer is still to be delivered,
        and the client reads it only after it has sent all.
        """
        dropped = False

        async def write(piece, content_bytes):
            nonlocal dropped
            request.bytes_up += content_bytes
            if not dropped:
                try:
                    self.up_writer.write(piece)
                    await self.up_writer.drain()
                except OSError:
                    dropped = True

        await http1.copy_body(self.reader, http1.request_framing(head), write)

    async def _send_answer(self, head, answer, request, closing):
        raw = answer.raw
        if closing and not answer.closes:
            raw = raw[:-2] + b"Connection: close\r\n\r\n"
        framing = http1.response_framing(answer, head.method)
        held = raw  # the last piece is written and counted in one step, with no wait between
        async def write(piece, content_bytes):
            nonlocal held
            self.writer.write(held)
            await self.writer.drain()
            held = piece
            request.bytes_down += content_bytes

        await http1.copy_body(self.up_reader, framing, write)
        self.writer.write(held)
        self.meter.end(request)
        await self.writer.drain()

    async def _refuse(self, head, request):
        request.status = self.meter.settings.refusal_status
        if not head.expects_continue:
            async def drop(_, content_bytes):
                request.bytes_up += content_bytes

            await http1.copy_body(self.reader, http1.request_framing(head), drop)
        body = b"<Error><Code>SlowDown</Code><Message>Too many writes of this key.</Message></Error>"
        self._answer(request.status, "Slow Down", body, "application/xml", head.expects_continue)
        self.meter.end(request)
        await self.writer.drain()
        return not (head.expects_continue or head.closes)

    async def _control(self, head):
        size = http1.request_framing(head)
        if size == "chunked" or size > BODY_BYTES_MAX:
            self._answer(413, "Content Too Large", b"{}", "application/json", True)
            return False
        body = await self.reader.readexactly(size)
        path, _, query = head.target.partition("?")
        status, answer = 200, None
        if (head.method, path) == ("GET", "/-/stats"):
            count = query.partition("log=")[2]
            answer = self.meter.stats(int(count) if count.isdigit() else 0)
        elif (head.method, path) == ("POST", "/-/reset"):
            answer = self.meter.stats()
            self.meter.reset()
        elif (head.method, path) == ("POST", "/-/settings"):
            status, answer = self._set(body)
        else:
            status, answer = 404, {"error": f"no {head.method} {path} here"}
        self._answer(status, "OK" if status == 200 else "Error", json.dumps(answer).encode(),
                     "application/json", head.closes)
        await self.writer.drain()
        return not head.closes

    def _set(self, body):
        settings = self.meter.settings
        try:
            wanted = json.loads(body)
            unknown = [name for name in wanted if not hasattr(settings, name)]
        except (ValueError, TypeError) as error:
            return 400, {"error": str(error)}
        if unknown:
            return 400, {"error": f"no setting called {unknown[0]}"}
        for name, value in wanted.items():
            setattr(settings, name, value)
        return 200, vars(settings)

    def _answer(self, status, reason, body, content_type, closing):
        close = "Connection: close\r\n" if closing else ""
        self.writer.write(f"HTTP/1.1 {status} {reason}\r\nContent-Type: {content_type}\r\n{close}"
                          f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
