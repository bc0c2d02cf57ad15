# SPDX-License-Identifier: MIT
"""What processes keep of a store, and how old their answers may be."""
import json
import os
import shutil
import stat
import subprocess
import sys

from program import EXTENSION, OK, STORAGE, PondTest, Server, clean_environment, run_program
from stores import BUCKET, real_s3


class CachesTest(PondTest):
    def setUp(self):
        super().setUp()
        self.environment = self.enterContext(real_s3(self.folder))
        self.url = f"s3://{BUCKET}/pond"
        self.cache = self.folder / "cache"
        self.write("CREATE TABLE t (i INTEGER PRIMARY KEY, s VARCHAR)",
                   "INSERT INTO t SELECT i, repeat('x', 100) FROM range(20000) r(i)")

    def run_sql(self, *statements, cached=True, options=()):
        variables = dict(self.environment)
        if cached:
            variables["DUCKPOND_CACHE_DIR"] = str(self.cache)
        arguments = [part for sql in statements for part in ("-c", sql)]
        done = run_program(self.url, "-csv", "-cost", *options, *arguments, **variables)
        self.assertEqual(done.returncode, OK, done.stderr)
        cost = json.loads(done.stderr)
        return done.stdout.splitlines()[1:], cost["requests"]["get"], cost["bytes_read"]

    def write(self, *statements):
        self.run_sql(*statements, cached=False)

    def count(self, **more):
        return self.run_sql("SELECT count(*), sum(length(s)) FROM t", **more)

    def kept(self):
        return [path for path in self.cache.rglob("*") if path.is_file()]

    def test_a_second_process_asks_only_whether_the_log_is_new(self):
        rows, gets, read = self.count()
        self.assertEqual(rows, ["20000,2000000"])
        self.assertGreater(gets, 1)
        self.assertEqual(self.count(), (rows, 1, 0))

    def test_cached_asks_nothing_and_latest_sees_what_is_new(self):
        rows, _, _ = self.count()
        self.write("INSERT INTO t VALUES (-1, '')")
        self.assertEqual(self.count(options=["--consistency", "cached"]), (rows, 0, 0))
        bounded = ["--consistency", "bounded", "--freshness", "600"]
        self.assertEqual(self.count(options=bounded), (rows, 0, 0))
        self.assertEqual(self.count(options=["--freshness", "0"])[0], ["20001,2000000"])
        self.assertEqual(self.count()[0], ["20001,2000000"])

    def test_an_altered_cache_is_a_slower_answer(self):
        rows, gets, _ = self.count()
        for path in self.kept():
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        self.assertEqual(self.count()[:2], (rows, gets))
        for path in self.kept():
            os.truncate(path, path.stat().st_size // 2)
        self.assertEqual(self.count()[:2], (rows, gets))
        self.assertEqual(self.count(), (rows, 1, 0))

    def test_a_cache_that_is_removed_under_a_process_is_a_slower_answer(self):
        variables = {**self.environment, "DUCKPOND_CACHE_DIR": str(self.cache)}
        with Server(self.url, **variables) as server:
            sql = "SELECT count(*) AS n, sum(length(s))::INT AS l FROM t WHERE i >= %d"
            self.assertEqual(server.rows(sql % 0), [{"n": 20000, "l": 2000000}])
            shutil.rmtree(self.cache)
            self.assertEqual(server.rows(sql % 19000), [{"n": 1000, "l": 100000}])
            self.cache.write_text("not a folder any more")
            self.assertEqual(server.rows(sql % 18000), [{"n": 2000, "l": 200000}])

    def test_the_folder_is_the_users_own(self):
        self.count()
        self.assertEqual(stat.S_IMODE(self.cache.stat().st_mode), 0o700)
        for path in self.kept():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)

    def test_a_folder_that_is_named_must_be_usable(self):
        self.cache.write_text("a file")
        variables = {**self.environment, "DUCKPOND_CACHE_DIR": str(self.cache)}
        done = run_program(self.url, "-c", "FROM t", **variables)
        self.assertEqual(done.returncode, STORAGE, done.stdout)
        self.assertIn(str(self.cache), done.stderr)

    def test_the_default_folder_need_not_be(self):
        home = self.folder / "home"
        home.mkdir()
        (home / ".cache").write_text("a file")
        variables = {**self.environment, "HOME": str(home), "DUCKPOND_CACHE_DIR": "",
                     "XDG_CACHE_HOME": ""}
        done = run_program(self.url, "-csv", "-c", "SELECT count(*) FROM t", **variables)
        self.assertEqual((done.returncode, done.stdout.split()), (OK, ["count_star()", "20000"]))
        (home / ".cache").unlink()
        done = run_program(self.url, "-csv", "-c", "SELECT count(*) FROM t", **variables)
        self.assertEqual(done.returncode, OK)
        self.assertTrue((home / ".cache" / "duckpond").is_dir())

    def test_the_folder_does_not_grow_without_bound(self):
        script = """
import duckdb, sys
c = duckdb.connect(config={"allow_unsigned_extensions": "true"})
c.execute(f"LOAD '{sys.argv[1]}'")
c.execute(f"SET GLOBAL duckpond_cache_dir = '{sys.argv[2]}'")
c.execute("SET GLOBAL duckpond_cache_disk = '1MB'")
c.execute(f"ATTACH 'duckpond:{sys.argv[3]}' AS pond")
for i in range(40):
    c.execute(f"CREATE TABLE pond.b{i} AS SELECT md5(i::VARCHAR) || md5((i+{i})::VARCHAR) AS s"
              " FROM range(2000) r(i)")
    assert c.execute(f"SELECT count(DISTINCT s) FROM pond.b{i}").fetchall() == [(2000,)]
"""
        subprocess.run([sys.executable, "-c", script, EXTENSION, self.cache, self.url], check=True,
                       env=clean_environment(**self.environment), timeout=60)
        size = sum(path.stat().st_size for path in self.kept())
        self.assertGreater(size, 100_000)
        self.assertLessEqual(size, 1_200_000)


class ConsistencyOverHttpTest(PondTest):
    COUNT = "SELECT count(*) AS n FROM t"

    def setUp(self):
        super().setUp()
        self.change("CREATE TABLE t (i INTEGER)")
        self.server = self.enterContext(Server(self.pond))

    def change(self, sql):
        done = run_program(self.pond, "-c", sql)
        self.assertEqual(done.returncode, OK, done.stderr)

    def ask(self, parameters="", sql=COUNT):
        status, headers, body = self.server.ask(sql.encode(), path=f"/query?{parameters}")
        answer = json.loads(body) if body else None
        return status, headers.get("Duckpond-Version"), answer

    def test_cached_is_what_was_seen_last(self):
        self.assertEqual(self.ask(), (200, "1", {"n": 0}))
        self.change("INSERT INTO t VALUES (1)")
        self.assertEqual(self.ask("consistency=cached"), (200, "1", {"n": 0}))
        self.assertEqual(self.ask("consistency=bounded&freshness=600"), (200, "1", {"n": 0}))
        self.assertEqual(self.ask("freshness=600"), (200, "1", {"n": 0}))
        self.assertEqual(self.ask("consistency=latest"), (200, "2", {"n": 1}))
        self.assertEqual(self.ask("consistency=cached"), (200, "2", {"n": 1}))

    def test_stale_while_revalidate(self):
        self.ask()
        self.change("INSERT INTO t VALUES (1)")
        seen = [self.ask("consistency=cached&freshness=0")[2]["n"] for _ in range(200)]
        self.assertEqual(seen[0], 0, "nobody waited")
        self.assertEqual(sorted(seen), seen)
        self.assertEqual(seen[-1], 1, "but somebody asked")

    def test_a_bookmark_lets_a_client_read_its_writes_anywhere(self):
        self.ask()
        with Server(self.pond) as other:
            status, headers, _ = other.ask(b"INSERT INTO t VALUES (1)")
            self.assertEqual((status, headers["Duckpond-Version"]), (200, "2"))
        self.assertEqual(self.ask("consistency=cached&min_version=1"), (200, "1", {"n": 0}))
        self.assertEqual(self.ask("consistency=cached&min_version=2"), (200, "2", {"n": 1}))
        status, _, answer = self.ask("min_version=3")
        self.assertEqual((status, answer["error"]["retryable"]), (503, True))
        self.assertIn("version 3", answer["error"]["message"])

    def test_what_cannot_be_meant_is_refused(self):
        for parameters in ("consistency=eventual", "consistency=latest&freshness=1", "freshness=-1",
                           "freshness=soon", "freshness=", "freshness=nan", "min_version=-1",
                           "min_version=1.5", "min_version=99999999999999999999"):
            status, _, answer = self.ask(parameters)
            self.assertEqual(status, 400, parameters)
            self.assertTrue(answer["error"]["message"])

    def test_an_answer_of_no_pond_has_no_version(self):
        self.assertEqual(self.ask(sql="SELECT 1 AS n"), (200, None, {"n": 1}))

    def test_the_sandbox_lets_a_session_say_it(self):
        self.ask()
        self.change("INSERT INTO t VALUES (1)")
        sql = f"SET duckpond_consistency = 'cached'; {self.COUNT}"
        self.assertEqual(self.ask(sql=sql), (200, "1", {"n": 0}))
        status, _, answer = self.ask(sql="SET GLOBAL duckpond_cache_dir = '/elsewhere'")
        self.assertEqual(status, 400)
        self.assertIn("locked", answer["error"]["message"])
