# SPDX-License-Identifier: MIT
"""HTTP/1.1 messages as a proxy sees them: a head, and a body that is copied without being held.

Nothing is decoded or rewritten: chunk sizes and trailers travel as they came, so that what a client
signed is what the server checks.
"""
import asyncio
from dataclasses import dataclass

HEAD_BYTES_MAX = 64 * 1024
PIECE_BYTES = 256 * 1024

# What reading or writing raises when the other side has gone away or does not speak HTTP.
GONE = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)


@dataclass
class Head:
    raw: bytes
    first: str
    headers: dict

    @property
    def method(self):
        return self.first.split(" ", 2)[0]

    @property
    def target(self):
        return self.first.split(" ", 2)[1]

    @property
    def status(self):
        return int(self.first.split(" ", 2)[1])

    @property
    def expects_continue(self):
        return self.headers.get("expect", "").lower() == "100-continue"

    @property
    def closes(self):
        if self.first.startswith("HTTP/1.0") or self.first.endswith("HTTP/1.0"):
            return self.headers.get("connection", "").lower() != "keep-alive"
        return self.headers.get("connection", "").lower() == "close"


async def read_head(reader):
    raw = await reader.readuntil(b"\r\n\r\n")
    lines = raw[:-4].decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError(f"header line without a colon: {line!r}")
        headers[name.strip().lower()] = value.strip()
    if len(lines[0].split(" ", 2)) < 2:
        raise ValueError(f"not the first line of a message: {lines[0]!r}")
    return Head(raw, lines[0], headers)


def request_framing(head):
    """How a request's body ends: "chunked", or its number of bytes."""
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        return "chunked"
    return int(head.headers.get("content-length", 0))


def response_framing(head, method):
    """How a response's body ends: "chunked", "close", or its number of bytes."""
    if method == "HEAD" or head.status in (204, 304) or head.status < 200:
        return 0
    if "chunked" in head.headers.get("transfer-encoding", "").lower():
        return "chunked"
    length = head.headers.get("content-length")
    return "close" if length is None else int(length)


async def copy_body(reader, framing, write):
    """Copies one body by `await write(bytes, content_bytes)`, the second without chunk framing."""
    if framing == "chunked":
        await _copy_chunked(reader, write)
    elif framing == "close":
        while piece := await reader.read(PIECE_BYTES):
            await write(piece, len(piece))
    else:
        await _copy_counted(reader, framing, write)


async def _copy_counted(reader, left, write):
    while left > 0:
        piece = await reader.read(min(left, PIECE_BYTES))
        if not piece:
            raise ConnectionError(f"body ended {left} bytes early")
        left -= len(piece)
        await write(piece, len(piece))


async def _copy_chunked(reader, write):
    while True:
        line = await reader.readuntil(b"\r\n")
        await write(line, 0)
        size = int(line.split(b";", 1)[0], 16)
        if size == 0:
            break
        await _copy_counted(reader, size, write)
        await write(await reader.readexactly(2), 0)
    while True:  # trailers, then an empty line
        line = await reader.readuntil(b"\r\n")
        await write(line, 0)
        if line == b"\r\n":
            return
