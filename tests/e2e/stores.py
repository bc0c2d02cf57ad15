# SPDX-License-Identifier: MIT
"""Object stores for the program under test: a real S3 server, and one that does as a test says."""
import contextlib
import dataclasses
import hashlib
import http.server
import re
import socket
import sys
import threading
import urllib.parse
from xml.sax.saxutils import escape

from program import ROOT

sys.path.insert(0, str(ROOT / "bench"))
from harness import places, servers  # noqa: E402 (what the path above is for)

BUCKET, VERSITYGW = servers.BUCKET, places.VERSITYGW
MISSING = "NoSuchKey"


@contextlib.contextmanager
def real_s3(folder, *options, versions=False):
    """versitygw over a folder; gives the environment of its clients, whose bucket is BUCKET."""
    with servers.s3_server(folder, options, versions) as port:
        yield servers.s3_environment(port)


@dataclasses.dataclass
class Request:
    method: str
    key: str  # "" for the bucket itself
    query: dict
    headers: dict
    body: bytes
    connection: socket.socket

    def wait_for_hang_up(self):
        self.connection.recv(1)


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)
    # Instead of the body: parts sent for as long as the client takes them.
    parts: object = None


def error(status, code, message="said by a test"):
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return Answer(status, text.encode(), {"Content-Type": "application/xml"})


class ScriptedStore:
    """S3 in memory, as far as a pond needs it. Signatures are not looked at.

    `rule(request)` is asked before each request: what it gives is answered, and None lets the store
    do what S3 would. It runs on a thread of the connection and may wait. Raising HangUp closes the
    connection without an answer.
    """

    class HangUp(Exception):
        pass

    def __init__(self):
        self.objects = {}  # key: bytes
        self.rule = lambda request: None
        self._lock = threading.Lock()
        store = self

        class Handler(_Handler):
            def reply(self, request):
                return store.rule(request) or store.obey(request)

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"s3://{BUCKET}/pond"
        self.environment = servers.s3_environment(self._server.server_address[1])

    def __enter__(self):
        self._server.handle_error = lambda *_: None  # A client that went away.
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def obey(self, request):
        with self._lock:
            return getattr(self, "_" + request.method.lower())(request)

    def only(self, pattern):
        """The one key that matches."""
        keys = [key for key in self.objects if re.search(pattern, key)]
        if len(keys) != 1:
            raise AssertionError(f"{pattern} matches {keys} of {sorted(self.objects)}")
        return keys[0]

    def tag(self, key):
        if key not in self.objects:
            return None
        return '"' + hashlib.md5(self.objects[key]).hexdigest() + '"'

    def _get(self, request):
        if not request.key:
            return self._list(request)
        if request.key not in self.objects:
            return error(404, MISSING)
        content, headers = self.objects[request.key], {"ETag": self.tag(request.key)}
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Answer(304, b"", headers)
        if "range" not in request.headers:
            return Answer(200, content, headers)
        first, last = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers["range"]).groups()
        first, last = int(first), min(int(last or len(content)), len(content) - 1)
        if first > last:
            return error(416, "InvalidRange")
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        return Answer(206, content[first:last + 1], headers)

    def _list(self, request):
        prefix = request.query.get("prefix", "")
        keys = sorted(key for key in self.objects if key.startswith(prefix))
        found = "".join(f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
                        "</Contents>" for key in keys)
        return Answer(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}"
                           "</ListBucketResult>".encode())

    def _put(self, request):
        tag = self.tag(request.key)
        if "if-none-match" in request.headers and tag:
            return error(412, "PreconditionFailed")
        if request.headers.get("if-match", tag) != tag:
            return error(412, "PreconditionFailed") if tag else error(404, MISSING)
        self.objects[request.key] = request.body
        return Answer(200, b"", {"ETag": self.tag(request.key)})

    def _delete(self, request):
        self.objects.pop(request.key, None)
        return Answer(204)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # A head and its body leave together.

    def log_message(self, *_):
        pass

    def answer(self):
        path, _, query = self.path.partition("?")
        key = urllib.parse.unquote(path.removeprefix("/" + BUCKET)).removeprefix("/")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, key, dict(urllib.parse.parse_qsl(query)),
                          {name.lower(): value for name, value in self.headers.items()}, body,
                          self.connection)
        try:
            self.send(self.reply(request))
        except (ScriptedStore.HangUp, ConnectionError):
            self.close_connection = True

    do_GET = do_PUT = do_DELETE = answer  # noqa: N815 (the base class's names)

    def send(self, answer):
        self.send_response(answer.status)
        headers = {"Content-Length": str(len(answer.body))} if answer.parts is None else {}
        for name, value in {**headers, **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        self.wfile.flush()
        for part in answer.parts or ():
            self.wfile.write(part)
            self.wfile.flush()
        if answer.parts is not None:
            self.close_connection = True


@contextlib.contextmanager
def key_service(answer):
    """Plays a metadata service: `answer(request)` gives what is in a reply's body, or None for 404."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_any(self):
            said = answer(self)
            self.send_response(404 if said is None else 200)
            self.send_header("Content-Length", str(len(said or "")))
            self.end_headers()
            self.wfile.write((said or "").encode())

        do_GET = do_PUT = do_any  # noqa: N815 (the base class's names)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
