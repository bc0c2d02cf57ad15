# SPDX-License-Identifier: MIT
"""S3 servers that refuse, lie, fall silent or keep no promise."""
import json
import subprocess
import threading
import unittest

import boto3

from program import CONFLICT, DEADLINE_S, UNKNOWN, ProgramTest, Server, run_program
from stores import BUCKET, MISSING, VERSITYGW, Answer, ScriptedStore, error, real_s3

TABLE = ("CREATE TABLE t (k INTEGER PRIMARY KEY, s VARCHAR); "
         "INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range(50000) r(i)")
COUNT = "SELECT count(*) AS n FROM t WHERE length(s) = 32"  # Reads the file.
ONE_ROW = "INSERT INTO t VALUES (-1, 'one')"
MANY_ROWS = "INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range(50000, 100000) r(i)"
FIFTY_THOUSAND = "n\n50000\n"


class Real(ProgramTest):
    """What versitygw answers to those whom it does not let in."""

    def setUp(self):
        super().setUp()
        accounts = self.folder / "accounts"
        accounts.mkdir()
        self.environment = self.enterContext(real_s3(self.folder, "--iam-dir", accounts))
        self.pond = f"s3://{BUCKET}/pond"
        self.run_ok("create", self.pond, **self.environment)
        self.run_ok(self.pond, "-c", TABLE, **self.environment)

    def add_reader(self):
        """An account that may read and list the bucket; gives its environment."""
        key, secret = "reader", "readersecret"
        own = self.environment
        subprocess.run([VERSITYGW, "admin", "-a", own["AWS_ACCESS_KEY_ID"], "-s",
                        own["AWS_SECRET_ACCESS_KEY"], "-er", own["AWS_ENDPOINT_URL"], "create-user",
                        "-a", key, "-s", secret, "-r", "user"], check=True, timeout=DEADLINE_S)
        client = boto3.client("s3", endpoint_url=own["AWS_ENDPOINT_URL"],
                              region_name=own["AWS_REGION"],
                              aws_access_key_id=own["AWS_ACCESS_KEY_ID"],
                              aws_secret_access_key=own["AWS_SECRET_ACCESS_KEY"])
        bucket = f"arn:aws:s3:::{BUCKET}"
        may = [("s3:GetObject", bucket + "/*"), ("s3:ListBucket", bucket)]
        client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(
            {"Version": "2012-10-17",
             "Statement": [{"Effect": "Allow", "Principal": {"AWS": [key]}, "Action": [action],
                            "Resource": [resource]} for action, resource in may]}))
        client.close()
        return {**own, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret}

    def test_wrong_credentials_name_the_request_and_what_to_check(self):
        for changed, says in (
                ({"AWS_SECRET_ACCESS_KEY": "s3cret-of-another"},
                 ("SignatureDoesNotMatch", "check the secret key")),
                ({"AWS_ACCESS_KEY_ID": "stranger"}, ("check the key and the endpoint",))):
            environment = {**self.environment, **changed}
            for command in ((self.pond, "-c", COUNT), (self.pond, "-c", ONE_ROW),
                            ("create", f"s3://{BUCKET}/other"), ("serve", self.pond),
                            ("log", "verify", self.pond)):
                said = self.run_refused(*command, says=(*says, f"s3://{BUCKET}/", "403",
                                                        environment["AWS_ENDPOINT_URL"],
                                                        "the environment"), **environment)
                self.assertNotIn(environment["AWS_SECRET_ACCESS_KEY"], said)

    def test_a_bucket_that_does_not_exist_is_named(self):
        for command in (("s3://nowhere/pond", "-c", COUNT), ("s3://nowhere/pond", "-c", ONE_ROW),
                        ("create", "s3://nowhere/pond"), ("serve", "s3://nowhere/pond")):
            self.run_refused(*command, says=("bucket nowhere does not exist at http://127.0.0.1:",),
                             **self.environment)

    def test_who_may_only_read_reads_and_is_told_what_was_refused(self):
        reader = self.add_reader()
        self.assertEqual(self.run_ok(self.pond, "-csv", "-c", COUNT, **reader), FIFTY_THOUSAND)
        with Server(self.pond, **reader) as server:
            self.assertEqual(server.rows(COUNT), [{"n": 50000}])
            for sql, path in ((ONE_ROW, "pond/pond.log"), (MANY_ROWS, "pond/data/")):
                says = (f"PUT s3://{BUCKET}/{path}", "403 AccessDenied", "not permitted")
                self.run_refused(self.pond, "-c", sql, says=says, **reader)
                status, _, body = server.ask(sql.encode())
                problem = json.loads(body)["error"]
                self.assertEqual((status, problem["retryable"]), (500, False), body)
                for text in says:
                    self.assertIn(text, problem["message"])
        self.run_refused("create", f"s3://{BUCKET}/other", says=("PUT ", "not permitted"), **reader)
        self.assertEqual(self.run_ok(self.pond, "-csv", "-c", COUNT, **self.environment),
                         FIFTY_THOUSAND)


class Scripted(ProgramTest):
    def setUp(self):
        super().setUp()
        self.store = self.enterContext(ScriptedStore())
        self.pond = self.store.url
        self.run_ok("create", self.pond, **self.store.environment)
        self.run_ok(self.pond, "-c", TABLE, **self.store.environment)
        self.data = self.store.only(r"^pond/data/")

    def assert_refused(self, rule, says, status, code, sql=COUNT, retryable=False):
        """By the command line and over HTTP, while the store does as `rule` says; after that all is
        well."""
        before = dict(self.store.objects)
        with Server(self.pond, **self.store.environment) as server:
            self.store.rule = rule
            self.run_refused(self.pond, "-c", sql, says=says, **self.store.environment)
            got, _, body = server.ask(sql.encode())
            problem = json.loads(body)["error"]
            self.assertEqual((got, problem["code"]), (status, code), body)
            self.assertEqual(problem["retryable"], retryable, body)
            for text in says:
                self.assertIn(text, problem["message"])
            self.store.rule = lambda request: None
            self.assertEqual(self.store.objects, before)
            self.assertEqual(server.rows(COUNT), [{"n": 50000}])


class Refusals(Scripted):
    def test_a_data_file_that_is_not_there_is_damage(self):
        self.assert_refused(
            lambda request: error(404, MISSING) if request.key == self.data else None,
            (self.data.removeprefix("pond/"), "missing"), 500, "CORRUPT")

    def test_an_object_that_is_forbidden_may_be_missing(self):
        self.assert_refused(
            lambda request: error(403, "AccessDenied") if request.key == self.data else None,
            (self.data, "403 AccessDenied", "missing or not permitted"), 500, "INVALID")

    def test_a_store_that_ignores_conditions_gets_no_pond(self):
        def forget(request):
            for name in ("if-match", "if-none-match"):
                if request.method == "PUT":
                    request.headers.pop(name, None)

        with ScriptedStore() as store:
            store.rule = forget
            says = (store.url, "accepted If-None-Match: * of a key that exists",
                    "Use a store with conditional writes")
            self.run_refused("create", store.url, says=says, **store.environment)
            self.run_refused(store.url, "-c", "CREATE TABLE t (a INTEGER)", says=says,
                             **store.environment)
            self.assertEqual(store.objects, {})

    def test_a_pond_that_came_to_such_a_store_is_read_and_not_written(self):
        def forget(request):
            if request.method == "PUT":
                request.headers.pop("if-match", None)

        with ScriptedStore() as store:
            store.objects = self.store.objects
            store.rule = forget
            self.assertEqual(self.run_ok(store.url, "-csv", "-c", COUNT, **store.environment),
                             FIFTY_THOUSAND)
            before = dict(store.objects)
            says = ("Use a store with conditional writes",)
            self.run_refused(store.url, "-c", ONE_ROW, says=says, **store.environment)
            self.assertEqual(store.objects, before)


class Lies(Scripted):
    def test_an_answer_without_end_is_given_up(self):
        for key in (self.data, "pond/pond.log"):
            def endless(request, key=key):
                if request.key != key:
                    return None
                size = len(self.store.objects[key])
                headers = {"ETag": '"1"', "Content-Range": f"bytes 0-{size - 1}/{size}"}
                return Answer(206 if "range" in request.headers else 200, headers=headers,
                              parts=iter(lambda: bytes(1 << 20), None))

            longer, code = (("longer",), "CORRUPT") if key == self.data else (
                ("longer than the 268435456 bytes allowed",), "EXHAUSTED")
            self.assert_refused(endless, (key.removeprefix("pond/"), *longer),
                                507 if code == "EXHAUSTED" else 500, code)

    def test_another_part_than_was_asked_for_is_refused(self):
        content = self.store.objects[self.data]

        def other_part(request):
            if request.key == self.data:
                return Answer(206, content[:10], {"ETag": self.store.tag(self.data),
                                                  "Content-Range": f"bytes 0-9/{len(content)}"})

        self.assert_refused(other_part, (self.data, "bytes 0-9", "were expected"), 500, "CORRUPT")

    def alter(self, key, left):
        """A rule: the next `left` answers with bytes of `key` have others, as many."""
        def rule(request):
            if (request.method, request.key) != ("GET", key) or left[0] == 0:
                return None
            left[0] -= 1
            answer = self.store.obey(request)
            return Answer(answer.status, bytes(byte ^ 1 for byte in answer.body), answer.headers)

        return rule

    def test_bytes_that_do_not_have_their_checksum_are_damage(self):
        for key, says in ((self.data, (self.data.removeprefix("pond/"), "was altered")),
                          ("pond/pond.log", ("pond.log at byte 0", "log recover " + self.pond))):
            self.assert_refused(self.alter(key, [-1]), says, 500, "CORRUPT")

    def test_bytes_that_were_altered_on_their_way_are_read_again_and_told(self):
        for key in (self.data, "pond/pond.log"):
            left = [1]
            self.store.rule = self.alter(key, left)
            done = run_program(self.pond, "-csv", "-c", COUNT, **self.store.environment)
            self.assertEqual((done.stdout, left), (FIFTY_THOUSAND, [0]), done.stderr)
            self.assertIn(f"Note: {key.removeprefix('pond/')} came damaged", done.stderr)

    def test_a_page_of_a_captive_portal_is_no_log(self):
        def portal(request):
            if request.key == "pond/pond.log":
                return Answer(200, b"<html>Please log in</html>", {"ETag": '"page"'})

        self.assert_refused(portal, ("pond.log at byte 0", "expected a header"), 500, "CORRUPT")

    def test_the_log_of_another_pond_is_noticed(self):
        with ScriptedStore() as other:
            self.run_ok("create", other.url, **other.environment)
            self.run_ok(other.url, "-c", TABLE, **other.environment)
            foreign = other.objects["pond/pond.log"]
        with Server(self.pond, **self.store.environment) as server:
            self.assertEqual(server.rows(COUNT), [{"n": 50000}])
            self.store.objects["pond/pond.log"] = foreign
            status, _, body = server.ask(ONE_ROW.encode())
            self.assertEqual(status, 500, body)
            self.assertIn("pond.log", json.loads(body)["error"]["message"])
        self.assertEqual(self.store.objects["pond/pond.log"], foreign)


class HangUps(Scripted):
    def test_a_store_that_hangs_up_once_is_asked_again(self):
        left = [2]

        def hang_up_twice(request):
            if request.key == self.data and left[0] > 0:
                left[0] -= 1
                raise ScriptedStore.HangUp

        self.store.rule = hang_up_twice
        self.assertEqual(self.run_ok(self.pond, "-csv", "-c", COUNT, **self.store.environment),
                         FIFTY_THOUSAND)
        self.assertEqual(left, [0])

    def test_a_client_that_hangs_up_ends_the_requests_in_flight(self):
        reached, ended = threading.Event(), threading.Event()

        def never_answer(request):
            if request.key == self.data:
                reached.set()
                request.wait_for_hang_up()
                ended.set()
                raise ScriptedStore.HangUp

        with Server(self.pond, **self.store.environment) as server:
            self.store.rule = never_answer
            with server.connect() as sock:
                sock.sendall(server.raw(COUNT))
                self.assertTrue(reached.wait(DEADLINE_S))
            self.assertTrue(ended.wait(DEADLINE_S))
            server.log.wait_for(r'"path":"/query","status":0')
            self.store.rule = lambda request: None
            self.assertEqual(server.rows(COUNT), [{"n": 50000}])


class Outcomes(Scripted):
    """Conflicts and unknown outcomes, from the store to the exit code."""

    def first(self, sql):
        """A rule: before the next log is put, another process runs `sql`."""
        def rule(request):
            if (request.method, request.key) == ("PUT", "pond/pond.log"):
                self.store.rule = lambda request: None
                self.run_ok(self.pond, "-c", sql, **self.store.environment)

        return rule

    def lose_the_answer(self, request):
        """The log is written, nobody hears of it, and nobody may look."""
        if request.key != "pond/pond.log":
            return None
        if request.method == "PUT":
            self.store.obey(request)
            self.store.rule = self.refuse_the_log
            raise ScriptedStore.HangUp
        return None

    def refuse_the_log(self, request):
        return error(403, "AccessDenied") if request.key == "pond/pond.log" else None

    def check(self, sql, rule, exit_code, status, code, retryable, *says):
        """In the pond's own process, by -post on the pond, and over HTTP."""
        environment = self.store.environment
        for number, run in enumerate((
                lambda text: run_program(self.pond, "-c", text, **environment),
                lambda text: run_program(self.pond, "-post", "/query", stdin=text, **environment))):
            self.store.rule = rule(number)
            done = run(sql.format(number))
            self.assertEqual((done.returncode, done.stdout), (exit_code, ""), done.stderr)
            for text in says:
                self.assertIn(text, done.stderr)
        self.store.rule = lambda request: None
        with Server(self.pond, **environment) as server:
            server.rows(COUNT)
            self.store.rule = rule(2)
            got, _, body = server.ask(sql.format(2).encode())
        problem = json.loads(body)["error"]
        self.assertEqual((got, problem["code"]), (status, code), body)
        self.assertEqual(problem["retryable"], retryable, body)
        for text in says:
            self.assertIn(text, problem["message"])

    def test_a_lost_race_for_a_key_is_75_and_409(self):
        self.check("BEGIN; INSERT INTO t VALUES (-1{0}, 'second'); COMMIT",
                   lambda number: self.first(f"INSERT INTO t VALUES (-1{number}, 'first')"),
                   CONFLICT, 409, "CONFLICT", True, "Duplicate key", "another transaction")
        self.store.rule = lambda request: None
        self.assertEqual(
            self.run_ok(self.pond, "-csv", "-c", "SELECT DISTINCT s FROM t WHERE k < 0",
                        **self.store.environment), "s\nfirst\n")

    def test_a_lost_race_behind_a_commit_does_not_ask_for_the_whole_again(self):
        def at_the_second_commit(number):
            def rule(request):
                if (request.method, request.key) == ("PUT", "pond/pond.log"):
                    self.store.rule = self.first(f"INSERT INTO t VALUES (-1{number}, 'first')")

            return rule

        self.check("INSERT INTO t VALUES (-2{0}, 'stays'); "
                   "BEGIN; INSERT INTO t VALUES (-1{0}, 'second'); COMMIT", at_the_second_commit,
                   UNKNOWN, 504, "CONFLICT", False, "Duplicate key", "another transaction")
        self.store.rule = lambda request: None
        self.assertEqual(
            self.run_ok(self.pond, "-csv", "-c", "SELECT s, count(*) AS n FROM t WHERE k < 0 "
                        "GROUP BY s ORDER BY s", **self.store.environment), "s,n\nfirst,3\nstays,3\n")

    def test_an_outcome_that_stays_unknown_is_76_and_504(self):
        self.check("INSERT INTO t VALUES (-1{0}, 'perhaps')", lambda number: self.lose_the_answer,
                   UNKNOWN, 504, "UNKNOWN", False, "may have happened", "pond.log")
        self.store.rule = lambda request: None
        self.assertEqual(
            self.run_ok(self.pond, "-csv", "-c", "SELECT count(*) AS n FROM t WHERE k < 0",
                        **self.store.environment), "n\n3\n")


if __name__ == "__main__":
    unittest.main()
