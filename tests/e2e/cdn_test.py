# SPDX-License-Identifier: MIT
"""Ponds read over HTTP: from a plain file server, and through a caching proxy that is behind."""
import functools
import http.server
import json
import shutil
import subprocess
import sys
import threading
import unittest

import boto3

from program import (DEADLINE_S, EXTENSION, SQL, ProgramTest, Server,
                     clean_environment, run_program)
from stores import BUCKET, real_s3
from web import Web, caching, files

TABLE = ("CREATE TABLE t (k INTEGER PRIMARY KEY, s VARCHAR); "
         "INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range(50000) r(i)")
COUNT = "SELECT count(*) AS n, max(k) AS k FROM t WHERE length(s) = 32"  # Reads the files.
MORE = "INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range({0}, {0} + 50000) r(i)"
FIRST, BOTH = "n,k\n50000,49999\n", "n,k\n100000,99999\n"
SMALL = ("INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range({0}, {0} + 400) r(i)")
CLIENT = """
import duckdb, sys
connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
connection.execute(f"LOAD '{sys.argv[1]}'")
for sql in sys.argv[2:]:
    rows = connection.execute(sql).fetchall()
print(rows)
"""
NOT_KEPT = {"DUCKPOND_CACHE_DIR": "none"}


class FromAFolder(ProgramTest):
    """nginx over a folder of ponds, as anybody sets it up."""

    def setUp(self):
        super().setUp()
        self.run_ok("create", self.pond)
        self.run_ok(self.pond, "-c", TABLE)

    def serve(self, *locations):
        web = self.enterContext(Web(self.folder, *(locations or [files(self.folder)])))
        return web, web.url + "/pond"

    def test_it_is_read_and_its_newest_version_is_seen(self):
        web, url = self.serve()
        self.assertEqual(self.run_ok(url, "-csv", "-c", COUNT, **NOT_KEPT), FIRST)
        parts = web.asked("parquet")
        self.assertTrue(parts)
        for line in parts:
            self.assertRegex(line, r"^GET .* 206 bytes=")
        self.run_ok(self.pond, "-c", MORE.format(50000))
        self.assertEqual(self.run_ok(url, "-csv", "-c", COUNT, **NOT_KEPT), BOTH)
        self.assertIn("is whole", self.run_ok("log", "verify", url))

    def test_a_process_asks_for_the_tail_only(self):
        web, url = self.serve()
        with Server(url, **NOT_KEPT) as server:
            self.assertEqual(server.rows(COUNT), [{"n": 50000, "k": 49999}])
            web.asked()
            self.assertEqual(server.rows("SELECT 1 AS a FROM t LIMIT 1"), [{"a": 1}])
            self.assertRegex("\n".join(web.asked("pond.log")), r"^GET /pond/pond.log 304 bytes=\d+-$")
            self.run_ok(self.pond, "-c", "INSERT INTO t VALUES (-1, md5('-1'))")
            web.asked()
            self.assertEqual(server.rows(COUNT)[0]["n"], 50001)
            self.assertRegex(web.asked("pond.log")[0], r"206 bytes=\d+-$")

    def test_it_is_not_written(self):
        _, url = self.serve()
        done = run_program(url, "-c", "INSERT INTO t VALUES (-1, 'x')")
        self.assertEqual(done.returncode, SQL, done.stderr)
        self.assertIn("read-only", done.stderr)
        self.run_refused("create", url, says=["read-only", url])

    def test_where_there_is_no_pond_that_is_said(self):
        web, _ = self.serve()
        elsewhere = web.url + "/elsewhere"
        self.run_refused(elsewhere, "-c", "FROM t", says=["no pond at " + elsewhere, "pond.json"])
        refused = self.run_refused("serve", elsewhere, says=["no pond at " + elsewhere])
        self.assertNotIn("duckpond create", refused)

    def test_a_duckdb_of_somebody_elses_attaches_it(self):
        _, url = self.serve()
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, EXTENSION, f"ATTACH 'duckpond:{url}' AS p",
             "SELECT count(*), max(k) FROM p.t WHERE length(s) = 32"],
            capture_output=True, text=True, timeout=DEADLINE_S, env=clean_environment())
        self.assertEqual(done.stdout, "[(50000, 49999)]\n", done.stderr)

    def test_what_goes_wrong_names_place_object_and_what_to_do(self):
        page = "default_type text/html; return 200 '<html>log in</html>';"
        for location, says in (
                ("location / { return 403; }", ["403", "let everybody read it"]),
                ("location / { return 302 https://else.example$uri?key=hidden; }",
                 ["a redirect to https://else.example/pond/pond.log;", "not followed"]),
                (f"location / {{ {page} }}", ["a page of HTML", "log-in"]),
                ("location / { default_type text/plain; return 200 'hello'; }",
                 ["pond.log at byte 0", "expected a header"])):
            web = Web(self.folder, location)
            with self.subTest(location), web:
                refused = self.run_refused(web.url + "/pond", "-c", "FROM t",
                                           says=["pond.log", *says])
                self.assertNotIn("hidden", refused)
            for path in web.folder.iterdir():
                path.unlink() if path.is_file() else subprocess.run(["rm", "-r", path], check=True)
            web.folder.rmdir()


class FromAServerThatKnowsLittle(ProgramTest):
    def test_without_ranges_and_tags_it_works(self):
        self.run_ok("create", self.pond)
        self.run_ok(self.pond, "-c", TABLE)
        handler = functools.partial(QuietFiles, directory=str(self.folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        url = f"http://127.0.0.1:{server.server_address[1]}/pond"
        with Server(url, **NOT_KEPT) as reader:
            self.assertEqual(reader.rows(COUNT), [{"n": 50000, "k": 49999}])
            self.run_ok(self.pond, "-c", MORE.format(50000))
            self.assertEqual(reader.rows(COUNT), [{"n": 100000, "k": 99999}])


class QuietFiles(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class InFrontOfADirectory(ProgramTest):
    def test_a_file_that_is_wrong_there_is_read_from_the_origin_once_and_told(self):
        self.run_ok("create", self.pond)
        self.run_ok(self.pond, "-c", TABLE)
        shutil.copytree(self.pond, self.folder / "wrong")
        for path in (self.folder / "wrong").glob("data/*/*.parquet"):
            # Of the same size, wherever the rows lie.
            path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))
        web = self.enterContext(Web(self.folder, files(self.folder)))
        doors = (self.pond, "--cdn", web.url + "/wrong")
        said = run_program(*doors, "-csv", "-c", COUNT)
        self.assertEqual(said.stdout, FIRST, said.stderr)
        self.assertRegex(said.stderr, "^Note: data/.* came damaged, from a CDN")
        self.assertEqual(said.stderr.count("again, whole, from file://" + self.pond), 1, said.stderr)
        with Server(*doors) as server:
            for _ in range(2):
                self.assertEqual(server.rows(COUNT), [{"n": 50000, "k": 49999}])
                asked = web.asked("parquet")
            self.assertEqual(asked, [], "the CDN is not asked again for what it had wrong")
            server.log.wait_for(r'"level":"warning".*data/.* came damaged')
        # What the origin has wrong too is damage.
        for path in (self.folder / "wrong").glob("data/*/*.parquet"):
            shutil.copy(path, str(path).replace("/wrong/", "/pond/"))
        self.run_refused(*doors, "-c", COUNT, says=["data/", "was altered"])


class ThroughACdn(ProgramTest):
    """nginx with a cache, in front of a bucket that everybody may read; it keeps the log."""

    def setUp(self):
        super().setUp()
        self.environment = {**self.enterContext(real_s3(self.folder)), **NOT_KEPT}
        own = self.environment
        boto3.client(
            "s3", endpoint_url=own["AWS_ENDPOINT_URL"], region_name=own["AWS_REGION"],
            aws_access_key_id=own["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=own["AWS_SECRET_ACCESS_KEY"]).put_bucket_policy(
                Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
                    "Resource": f"arn:aws:s3:::{BUCKET}/*"}]}))
        self.url = f"s3://{BUCKET}/pond"
        self.run_ok("create", self.url, **own)
        self.run_ok(self.url, "-c", TABLE, **own)
        keeps = 'proxy_cache_valid 200 1h; add_header Cache-Control "max-age=3600";'
        self.web = self.enterContext(
            Web(self.folder, caching(own["AWS_ENDPOINT_URL"], keeps)))
        self.cdn = f"{self.web.url}/{BUCKET}/pond"

    def write(self, sql):
        self.run_ok(self.url, "-c", sql, **self.environment)

    def read(self, url, *options, sql=COUNT):
        return self.run_ok(url, *options, "-csv", "-c", sql, **self.environment)

    def test_what_never_changes_may_be_kept_and_the_log_may_not(self):
        self.read(self.cdn)
        own = self.environment["AWS_ENDPOINT_URL"]
        for line in self.web.asked("200|206"):
            path = line.split()[1]
            answer = subprocess.run(["curl", "-sSI", own + path, "-X", "GET"], capture_output=True,
                                    text=True, timeout=DEADLINE_S, check=True).stdout.lower()
            wanted = "no-cache" if path.endswith("pond.log") else "public, max-age=31536000, immutable"
            self.assertIn(f"cache-control: {wanted}\n", answer)

    def test_a_log_that_is_old_is_a_snapshot_that_is_old_and_whole(self):
        self.assertEqual(self.read(self.cdn), FIRST)
        # Past a roll: the base, the parts and the history are others now.
        for number in range(12):
            self.write(SMALL.format(50000 + 400 * number))
        self.write(MORE.format(60000))
        whole = "n,k\n104800,109999\n"
        self.assertEqual(self.read(self.url), whole)
        self.assertEqual(self.read(self.cdn), FIRST)
        self.assertEqual(self.read(self.cdn, sql="SELECT sum(k) AS k FROM t"),
                         f"k\n{sum(range(50000))}\n")
        with self.web.stopped():
            subprocess.run(["rm", "-r", self.web.folder / "cache"], check=True)
        self.assertEqual(self.read(self.cdn), whole)

    def test_data_comes_through_the_second_door_and_the_log_from_the_origin(self):
        self.write(MORE.format(50000))
        with Server(self.url, "--cdn", self.cdn, **self.environment) as server:
            self.assertEqual(server.rows(COUNT), [{"n": 100000, "k": 99999}])
            self.assertEqual(self.web.asked("pond.log"), [])
            server.rows("INSERT INTO t VALUES (-1, md5('-1'))")
            self.assertEqual(server.rows(COUNT)[0]["n"], 100001)
        self.assertEqual(self.web.asked("pond.log"), [])

    def test_an_old_log_serves_cached_and_not_latest_nor_bounded(self):
        doors = ("--cdn", self.cdn)
        cached = ("--consistency", "cached")
        self.assertEqual(self.read(self.url, *doors, *cached), FIRST)
        self.write(MORE.format(50000))
        self.web.asked()
        self.assertEqual(self.read(self.url, *doors, *cached), FIRST)
        self.assertTrue(self.web.asked("pond.log"))
        self.assertEqual(self.read(self.url, *doors), BOTH)
        # It may be an hour old: not for somebody who allows ten seconds.
        self.assertEqual(self.read(self.url, *doors, "--consistency", "bounded"), BOTH)
        self.assertEqual(self.read(self.url, *doors, "--consistency", "bounded",
                                   "--freshness", "7200"), FIRST)

    def test_who_has_an_old_log_writes_onto_the_new_one(self):
        doors = ("--cdn", self.cdn, "--consistency", "cached")
        self.assertEqual(self.read(self.url, *doors), FIRST)
        self.write(MORE.format(50000))
        taken = run_program(self.url, *doors, "-c", "INSERT INTO t VALUES (99999, 'taken')",
                            **self.environment)
        self.assertNotEqual(taken.returncode, 0)
        self.assertIn("Duplicate key", taken.stderr)
        self.run_ok(self.url, *doors, "-c", "INSERT INTO t VALUES (-1, md5('-1'))",
                    **self.environment)
        self.assertEqual(self.read(self.url), "n,k\n100001,99999\n")
        self.assertIn("is whole", self.run_ok("log", "verify", self.url, **self.environment))

    def test_a_cdn_that_is_down_or_wrong_makes_it_slower_only(self):
        doors = ("--cdn", self.cdn)
        self.web.stop()
        self.assertEqual(self.read(self.url, *doors), FIRST)
        page = "default_type text/html; return 200 '<html>log in</html>';"
        for wrong in ("return 404;", "return 403;", "return 500;", "return 429;", page,
                      "return 301 https://else.example/;", "return 444;"):
            with self.subTest(wrong):
                self.web.configure(f"location / {{ {wrong} }}")
                with self.web:
                    self.assertEqual(self.read(self.url, *doors), FIRST)
                    self.assertEqual(self.read(self.url, *doors, "--consistency", "cached"), FIRST)
                    self.assertTrue(self.web.asked())

    def test_the_second_door_may_be_named_in_sql(self):
        done = subprocess.run(
            [sys.executable, "-c", CLIENT, EXTENSION,
             f"ATTACH 'duckpond:{self.url}' AS p (CDN '{self.cdn}')",
             "SELECT count(*), max(k) FROM p.t WHERE length(s) = 32"],
            capture_output=True, text=True, timeout=DEADLINE_S,
            env=clean_environment(**self.environment))
        self.assertEqual(done.stdout, "[(50000, 49999)]\n", done.stderr)
        self.assertTrue(self.web.asked("/data/"))
        self.run_refused(self.url, "--cdn", "s3://other", "-c", "FROM t", says=["the CDN"],
                         **self.environment)


if __name__ == "__main__":
    unittest.main()
