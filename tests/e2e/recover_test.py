# SPDX-License-Identifier: MIT
"""`duckpond log recover`: what comes back after pond.log or pond.json was lost, and from what."""
import pathlib
import subprocess
import unittest
from xml.sax.saxutils import escape

import boto3

from program import (DEADLINE_S, DUCKPOND, STORAGE, ProgramTest, clean_environment, run_program)
from stores import BUCKET, Answer, ScriptedStore, real_s3

LOG, POND = "pond/pond.log", "pond/pond.json"
TABLE = ("CREATE TABLE t (k INTEGER PRIMARY KEY, s VARCHAR); "
         "INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range(50000) r(i)")
COUNT = "SELECT count(*) AS n, max(k) AS k FROM t WHERE length(s) = 32"
WHOLE = "n,k\n50002,50001\n"


class FromVersions(ProgramTest):
    """On a bucket that was told to keep versions."""

    def setUp(self):
        super().setUp()
        own = self.environment = {**self.enterContext(real_s3(self.folder, versions=True)),
                                  "DUCKPOND_CACHE_DIR": "none"}
        self.s3 = boto3.client(
            "s3", endpoint_url=own["AWS_ENDPOINT_URL"], region_name=own["AWS_REGION"],
            aws_access_key_id=own["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=own["AWS_SECRET_ACCESS_KEY"])
        self.s3.put_bucket_versioning(Bucket=BUCKET,
                                      VersioningConfiguration={"Status": "Enabled"})
        self.url = f"s3://{BUCKET}/pond"
        self.run_ok("create", self.url, **own)
        for sql in (TABLE, "INSERT INTO t VALUES (50000, md5('a'))",
                    "INSERT INTO t VALUES (50001, md5('b'))"):
            self.run_ok(self.url, "-c", sql, **own)

    def content(self, key):
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    def put(self, key, content):
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=content)

    def delete(self, *keys):
        for key in keys:
            self.s3.delete_object(Bucket=BUCKET, Key=key)

    def recover(self, *options):
        return self.run_ok("log", "recover", self.url, *options, **self.environment)

    def assert_whole(self):
        self.assertEqual(self.run_ok(self.url, "-csv", "-c", COUNT, **self.environment), WHOLE)
        self.assertIn("is whole", self.run_ok("log", "verify", self.url, **self.environment))
        self.assertIn("Nothing is wrong", self.recover("--apply"))

    def test_what_was_deleted_comes_back(self):
        before = self.content(LOG)
        for lost in ((LOG,), (POND,), (LOG, POND)):
            with self.subTest(lost):
                self.delete(*lost)
                said = self.recover()
                self.assertEqual(said.count("to do: "), len(lost), said)
                self.assertIn("Nothing was written", said)
                self.assertNotIn("LOST", said)
                self.assertEqual(self.recover("--apply").count("done: "), len(lost))
                self.assertEqual(self.content(LOG), before)
                self.assert_whole()

    def test_what_was_overwritten_comes_back(self):
        before = self.content(LOG)
        for bad in (b"", b"oops", before[:-7], before[:30]):
            with self.subTest(bad[:8]):
                self.put(LOG, bad)
                said = self.recover("--apply")
                self.assertRegex(said, r"pond\.log +\d+  no log: pond.log at byte \d+: expected")
                self.assertIn("done: pond.log becomes version ", said)
                self.assertEqual(self.content(LOG), before)
        self.put(POND, b"{}")
        self.assertIn("done: pond.json is written as it was", self.recover("--apply"))
        self.assert_whole()

    def test_an_old_log_that_somebody_put_back_is_replaced_by_the_newest(self):
        versions = self.s3.list_object_versions(Bucket=BUCKET, Prefix=LOG)["Versions"]
        old = self.s3.get_object(Bucket=BUCKET, Key=LOG,
                                 VersionId=versions[2]["VersionId"])["Body"].read()
        self.put(LOG, old)
        # Somebody goes on from there before it is noticed.
        self.run_ok(self.url, "-c", "CREATE TABLE other (a INTEGER)", **self.environment)
        said = self.recover()
        self.assertIn("LOST: the last 1 commits of the present pond.log", said)
        self.recover("--apply")
        self.assert_whole()

    def test_a_log_that_is_whole_and_newer_is_left_alone(self):
        before = self.content(LOG)
        self.assertIn("Nothing is wrong", self.recover("--apply", "--from-segments"))
        self.assertEqual(self.content(LOG), before)

    def test_who_may_not_list_versions_is_told(self):
        self.delete(LOG)
        done = run_program("log", "recover", self.url,
                           **{**self.environment, "AWS_SECRET_ACCESS_KEY": "wrong"})
        self.assertEqual((done.returncode, done.stdout), (STORAGE, ""), done.stderr)
        self.assertIn("check the secret key", done.stderr)


class WithoutVersions(ProgramTest):
    def test_a_directory_has_its_last_segment_at_most(self):
        self.run_ok("create", self.pond)
        self.run_ok(self.pond, "-c", TABLE)
        log = pathlib.Path(self.pond, "pond.log")
        before = log.read_bytes()
        log.unlink()
        self.run_refused(self.pond, "-c", COUNT, says=["pond.log", "is lost"])
        for options in ((), ("--apply",), ("--apply", "--from-segments")):
            done = run_program("log", "recover", self.pond, *options)
            self.assertEqual(done.returncode, STORAGE, done.stdout)
            self.assertIn("cannot be brought back", done.stderr)
            self.assertEqual("no segment" in done.stderr, "--from-segments" in options)
            self.assertFalse(log.exists())
        log.write_bytes(before)
        rows = "SELECT i, repeat(md5(i::VARCHAR), 3) FROM range({0}, {0} + 300) r(i)"
        number = 50000
        while not list(log.parent.glob("log/*.log")):
            self.assertLess(number, 80000, "it never rolled")
            self.run_ok(self.pond, "-c", f"INSERT INTO t {rows.format(number)}")
            number += 300
        log.unlink()
        said = self.run_ok("log", "recover", self.pond, "--from-segments")
        self.assertRegex(said, r"to do: pond.log becomes log/.*\.log, with versions \d+ to \d+")
        self.assertIn("LOST: every commit after version", said)
        self.assertFalse(log.exists())
        self.run_ok("log", "recover", self.pond, "--from-segments", "--apply")
        self.assertIn("is whole", self.run_ok("log", "verify", self.pond))
        kept = int(self.run_ok(self.pond, "-csv", "-c", "SELECT max(k) FROM t").split()[1])
        self.assertTrue(49999 <= kept < number, kept)
        # It goes on from there, and rolls again.
        for more in range(2):
            self.run_ok(self.pond, "-c", f"INSERT INTO t {rows.format(100000 + 300 * more)}")
        self.assertIn("is whole", self.run_ok("log", "verify", self.pond))

    def test_pond_json_is_made_from_the_log(self):
        self.run_ok("create", self.pond)
        self.run_ok(self.pond, "-c", TABLE)
        pathlib.Path(self.pond, "pond.json").unlink()
        self.assertNotEqual(run_program("log", "verify", self.pond).returncode, 0)
        self.assertIn("done: pond.json is made from the log",
                      self.run_ok("log", "recover", self.pond, "--apply"))
        self.assertIn("is whole", self.run_ok("log", "verify", self.pond))

    def test_where_nothing_was_nothing_is_made(self):
        self.run_refused("log", "recover", self.pond, "--apply", says=["no directory", self.pond])
        pathlib.Path(self.pond).mkdir()
        self.run_refused("log", "recover", self.pond, "--apply", says=["no trace of a pond"])


class Keeping(ScriptedStore):
    """A bucket with versions, as far as a recovery needs them."""

    def __init__(self):
        super().__init__()
        self.kept = []  # (key, content), oldest first

    def _put(self, request):
        answer = super()._put(request)
        if answer.status == 200:
            self.kept.append((request.key, request.body))
        return answer

    def _get(self, request):
        if "versionId" in request.query:
            return Answer(200, self.kept[int(request.query["versionId"])][1], {"ETag": '"v"'})
        return super()._get(request)

    def _list(self, request):
        if "list-type" in request.query:
            return super()._list(request)
        found = "".join(
            f"<Version><Key>{escape(key)}</Key><VersionId>{number}</VersionId>"
            f"<Size>{len(content)}</Size><LastModified>2026-01-01T00:00:{number:02}.000Z"
            "</LastModified></Version>"
            for number, (key, content) in reversed(list(enumerate(self.kept)))
            if key == request.query["prefix"])
        return Answer(200, f"<ListVersionsResult><IsTruncated>false</IsTruncated>{found}"
                           "</ListVersionsResult>".encode())


class Interrupted(ProgramTest):
    def test_a_recovery_that_was_killed_is_done_again(self):
        with Keeping() as store:
            environment = {**store.environment, "DUCKPOND_CACHE_DIR": "none"}
            self.run_ok("create", store.url, **environment)
            self.run_ok(store.url, "-c", TABLE, **environment)
            whole = dict(store.objects)
            for key in (LOG, POND):
                for lands in (False, True):
                    with self.subTest(key, lands=lands):
                        del store.objects[LOG], store.objects[POND]
                        self.kill_at(store, key, lands, environment)
                        self.assertEqual(LOG in store.objects, lands or key == POND)
                        self.run_ok("log", "recover", store.url, "--apply", **environment)
                        self.assertEqual(store.objects, whole)

    def kill_at(self, store, key, lands, environment):
        """Recovers, and is killed while it puts `key`."""
        started = subprocess.Popen([DUCKPOND, "log", "recover", store.url, "--apply"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=clean_environment(**environment))

        def kill(request):
            if (request.method, request.key) != ("PUT", key):
                return None
            store.rule = lambda request: None
            started.kill()
            if lands:
                store.obey(request)
            raise ScriptedStore.HangUp

        store.rule = kill
        started.wait(DEADLINE_S)


if __name__ == "__main__":
    unittest.main()
