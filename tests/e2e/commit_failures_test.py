# SPDX-License-Identifier: MIT
"""A commit that the store does not take: what the program and the server say of it."""
import json
import os
import resource
import subprocess
import unittest

from program import (DEADLINE_S, DUCKPOND, SQL, STORAGE, UNKNOWN, PondTest, Server,
                     clean_environment, run_program)

# Of a file of any kind: a log that is larger does not fit on the "disk".
DISK_BYTES = 2048
TOO_MUCH = "INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range(200) r(i)"


def small_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES))


class FullDisk(PondTest):
    def setUp(self):
        super().setUp()
        done = run_program(self.pond, "-c", "CREATE TABLE t (a INTEGER, b VARCHAR)")
        self.assertEqual(done.returncode, 0, done.stderr)

    def run_small(self, *arguments, stdin=""):
        return subprocess.run([DUCKPOND, *arguments], input=stdin, capture_output=True, text=True,
                              timeout=DEADLINE_S, env=clean_environment(), preexec_fn=small_disk)

    def assert_nothing_happened(self):
        done = run_program(self.pond, "-csv", "-c", "SELECT count(*) AS n FROM t")
        self.assertEqual((done.returncode, done.stdout), (0, "n\n0\n"), done.stderr)

    def test_is_3_and_nothing_happened(self):
        for sql in (TOO_MUCH, f"BEGIN; {TOO_MUCH}; COMMIT"):
            done = self.run_small(self.pond, "-c", sql)
            self.assertEqual(done.returncode, STORAGE, done.stderr)
            self.assertIn("pond.log", done.stderr)
        self.assert_nothing_happened()

    def test_the_statement_after_it_is_judged_by_itself(self):
        done = self.run_small(self.pond, stdin=f"{TOO_MUCH};\n")
        self.assertEqual(done.returncode, STORAGE, done.stderr)
        done = self.run_small(self.pond, "-c", "SELEC 1")
        self.assertEqual(done.returncode, SQL, done.stderr)

    def test_is_507_over_http_and_the_next_request_is_judged_by_itself(self):
        with Server(self.pond) as server:
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (DISK_BYTES, DISK_BYTES))
            status, _, body = server.ask(TOO_MUCH.encode())
            error = json.loads(body)["error"]
            self.assertEqual((status, error["code"], error["retryable"]), (507, "EXHAUSTED", False))
            status, _, body = server.ask(b"SELEC 1")
            self.assertEqual((status, json.loads(body)["error"]["code"]), (400, "INVALID"))
        self.assert_nothing_happened()

    def test_is_said_by_post_as_the_server_says_it(self):
        done = self.run_small(self.pond, "-post", "/query", stdin=TOO_MUCH)
        self.assertEqual(done.returncode, STORAGE, done.stderr)
        self.assertEqual(json.loads(done.stderr)["error"]["code"], "EXHAUSTED")


class OtherPlaces(PondTest):
    def test_a_place_that_holds_other_things_is_3(self):
        documents = self.folder / "documents"
        documents.mkdir()
        (documents / "letter.txt").write_text("dear")
        done = run_program(str(documents), "-c", "CREATE TABLE t AS SELECT 1 AS a")
        self.assertEqual(done.returncode, STORAGE, done.stderr)
        done = run_program(str(documents), "-c", "CREATE TABLE t (a INTEGER)")
        self.assertEqual(done.returncode, STORAGE, done.stderr)
        self.assertEqual(os.listdir(documents), ["letter.txt"])

    def test_a_log_that_is_lost_under_a_commit_leaves_it_unknown(self):
        self.assertEqual(run_program(self.pond, "-c", "CREATE TABLE t (a INTEGER)").returncode, 0)
        process = subprocess.Popen(
            [DUCKPOND, self.pond, "-csv"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=clean_environment())
        process.stdin.write("BEGIN;\nINSERT INTO t VALUES (1);\nSELECT 1 AS ready;\n")
        process.stdin.flush()
        self.assertEqual([process.stdout.readline(), process.stdout.readline()], ["ready\n", "1\n"])
        os.unlink(os.path.join(self.pond, "pond.log"))
        _, said = process.communicate("COMMIT;\n", DEADLINE_S)
        self.assertEqual(process.returncode, UNKNOWN, said)
        self.assertIn("CORRUPT: pond.log", said)


class Conflicts(PondTest):
    def test_a_duplicate_key_at_the_commit_is_a_wrong_statement(self):
        """What makes a commit impossible in itself is no failure of the store."""
        self.assertEqual(
            run_program(self.pond, "-c", "CREATE TABLE t (a INTEGER PRIMARY KEY)").returncode, 0)
        done = run_program(self.pond, "-c", "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)")
        self.assertEqual(done.returncode, SQL, done.stderr)


if __name__ == "__main__":
    unittest.main()
