# SPDX-License-Identifier: MIT
"""What a user reads when something else than a store answers: each error names store and object, what
was answered, and what to do."""
import concurrent.futures
import itertools
import signal
import socket
import ssl
import subprocess
import threading
import unittest

from program import (DEADLINE_S, DUCKPOND, INTERRUPTED, NEVER_PRINTED, STORAGE, ProgramTest,
                     clean_environment, run_program)

PAGE = b"<html><body>Please log in</body></html>"
HTML = "Content-Type: text/html"
TAG = 'ETag: "a"'
LONG_AGO = "Date: Sun, 06 Nov 1994 08:49:37 GMT"
SLOWLY = 8  # Programs at a time: most of their time is between two tries.


def http(status, *headers, body=b"", length=None):
    lines = [f"HTTP/1.1 {status} Scripted", *headers,
             f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def xml(status, code, *headers):
    return http(status, *headers, body=f"<Error><Code>{code}</Code></Error>".encode())


class Server:
    """Answers every request with the same bytes and hangs up; with None, never."""

    def __init__(self, reply, tls=None):
        self.requests = 0
        self.asked = threading.Event()
        self._reply, self._tls = reply, tls
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            try:
                if self._tls:
                    client = self._tls.wrap_socket(client, server_side=True)
                with client, client.makefile("rb") as lines:
                    head = b"".join(itertools.takewhile(lambda line: line.strip(), lines)).lower()
                    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
                    lines.read(int(length or 0))
                    self.requests += 1
                    self.asked.set()
                    if self._reply is None:
                        client.recv(1)
                    else:
                        client.sendall(self._reply)
            except OSError:
                pass  # Whoever does not like the certificate goes away.


def place(kind, port, scheme="http"):
    """The URL of a pond there, and the environment in which it is reached."""
    endpoint = f"{scheme}://127.0.0.1:{port}"
    url = {"s3": "s3://bucket/pond", "dynamodb": "dynamodb://table/pond",
           "http": endpoint + "/pond"}[kind]
    return url, {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": NEVER_PRINTED,
                 "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": endpoint}


# What is answered, and what the error says for each kind of store.
LATER = "tried 8 times: try again later"
NO_LOG = ("pond.log at byte 0", "expected a header of 40 bytes", "`duckpond log recover ")
NO_DYNAMO = ("no answer of DynamoDB: check the endpoint",)
NO_JSON = ("answered 200 with what is no JSON", "a proxy on the way?")
NO_PAGE = ("a page of HTML in place of the object", "a proxy on the way")
READ_BY_ALL = ("answered 403", "missing or not permitted", "let everybody read it")
CASES = {
    "an XML error": (xml(403, "AccessDenied"), {
        "s3": ("403 AccessDenied", "missing or not permitted", "keys come from the environment"),
        "dynamodb": ("answered 403", *NO_DYNAMO), "http": READ_BY_ALL}),
    "XML cut short": (http(400, body=b"<Error><Co"), {
        "s3": ("answered 400", "check the keys"), "dynamodb": ("answered 400", *NO_DYNAMO),
        "http": ("answered 400", "check the URL")}),
    "a page for 200": (http(200, HTML, TAG, body=PAGE),
                       {"s3": NO_PAGE, "dynamodb": NO_JSON, "http": NO_PAGE}),
    "a page for 403": (http(403, HTML, body=PAGE), {
        "s3": ("answered 403", *NO_PAGE), "dynamodb": ("answered 403", *NO_DYNAMO),
        "http": READ_BY_ALL}),
    "a page for 502": (http(502, HTML, body=PAGE), {
        "s3": ("answered 502", *NO_PAGE, LATER), "dynamodb": ("answered 502", *NO_DYNAMO, LATER),
        "http": ("answered 502", LATER)}),
    "other bytes": (http(200, TAG, body=b"hello"), {"s3": NO_LOG, "dynamodb": NO_JSON, "http": NO_LOG}),
    "nothing": (http(200), {
        "s3": ("answered 200 without an ETag", "is it an S3 server"), "dynamodb": NO_JSON,
        "http": NO_LOG}),
    "half a body": (http(200, TAG, body=b"half", length=99),
                    dict.fromkeys(("s3", "dynamodb", "http"), ("95 bytes remaining", LATER))),
    "more than its length": (http(200, TAG, body=b"longer", length=3),
                             {"s3": NO_LOG, "dynamodb": NO_JSON, "http": NO_LOG}),
    "another protocol": (b"220 ftp.example ready\r\n",
                         dict.fromkeys(("s3", "dynamodb", "http"), ("HTTP/0.9", LATER))),
    "a redirect": (http(302, f"Location: http://login.example/?{NEVER_PRINTED}"), {
        "s3": ("a redirect to http://login.example/:", "endpoint"),
        "dynamodb": ("answered 302", *NO_DYNAMO),
        "http": ("a redirect to http://login.example/;", "not followed")}),
    "another region, twice": (xml(301, "PermanentRedirect", "x-amz-bucket-region: eu-west-3"), {
        "s3": ("the bucket is in eu-west-3", "set the bucket's own region"),
        "dynamodb": ("answered 301", *NO_DYNAMO), "http": ("a redirect", "not followed")}),
    "a clock that is off": (xml(403, "RequestTimeTooSkewed", LONG_AGO), {
        "s3": ("minutes ahead of the server's", "set the clock"), "dynamodb": NO_DYNAMO,
        "http": READ_BY_ALL}),
    "DynamoDB's clock": (
        http(400, LONG_AGO, body=b'{"__type":"x#InvalidSignatureException","message":"expired"}'), {
            "dynamodb": ("InvalidSignatureException", "this machine's clock",
                         "keys come from the environment")}),
}


class BadInput(ProgramTest):
    def read(self, kind, port, scheme="http", **more):
        """What is said of a pond that lies there, which cannot be read."""
        url, environment = place(kind, port, scheme)
        done = run_program(url, "-c", "FROM t", **{**environment, **more})
        self.assertEqual((done.returncode, done.stdout), (STORAGE, ""), done.stderr)
        for text in (url, "pond.log"):
            self.assertIn(text, done.stderr)
        return done.stderr

    def check_case(self, name, kind):
        reply, says = CASES[name]
        with Server(reply) as server:
            said = self.read(kind, server.port)
        for text in says[kind]:
            self.assertIn(text, said, f"{name}, {kind}")

    def test_each_answer_that_is_none_names_place_object_and_what_to_do(self):
        with concurrent.futures.ThreadPoolExecutor(SLOWLY) as pool:
            done = [pool.submit(self.check_case, name, kind)
                    for name, (_, says) in CASES.items() for kind in says]
        for future in done:
            future.result()

    def test_a_certificate_of_nobody_says_how_it_is_trusted(self):
        key, certificate = self.folder / "key.pem", self.folder / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-keyout", key, "-out", certificate, "-subj", "/CN=pond",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        for kind in ("s3", "dynamodb", "http"):
            with Server(http(403), tls) as server:
                self.assertIn("AWS_CA_BUNDLE", self.read(kind, server.port, "https"))
                self.assertEqual(server.requests, 0)
                said = self.read(kind, server.port, "https", AWS_CA_BUNDLE=str(certificate))
                self.assertIn("answered 403", said)

    def test_nobody_there_is_tried_again_and_told(self):
        with Server(None) as server:
            port = server.port
        for kind in ("s3", "dynamodb", "http"):
            said = self.read(kind, port)
            for text in ("connect to 127.0.0.1", "check the URL or endpoint", LATER):
                self.assertIn(text, said)

    def test_a_name_that_nobody_has_is_told(self):
        said = run_program("s3://bucket/pond", "-c", "FROM t",
                           **{**place("s3", 1)[1], "AWS_ENDPOINT_URL": "http://pond.invalid"})
        for text in ("s3://bucket/pond/pond.log", "resolve host: pond.invalid", "check the URL"):
            self.assertIn(text, said.stderr)

    def test_who_never_answers_is_left_when_the_user_goes(self):
        for kind in ("s3", "dynamodb", "http"):
            with Server(None) as server:
                url, environment = place(kind, server.port)
                with subprocess.Popen([DUCKPOND, url, "-c", "FROM t"], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, text=True,
                                      env=clean_environment(**environment)) as program:
                    self.assertTrue(server.asked.wait(DEADLINE_S))
                    program.send_signal(signal.SIGINT)
                    said = program.communicate(timeout=DEADLINE_S)
                self.assertEqual((program.returncode, said[0]), (INTERRUPTED, ""), said[1])


if __name__ == "__main__":
    unittest.main()
