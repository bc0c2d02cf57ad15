# SPDX-License-Identifier: MIT
"""Answers over HTTP that caches may keep: tags, 304, and nginx's proxy_cache in front of the server."""
import http.client
import json
import time
import unittest
import urllib.parse

from program import DEADLINE_S, OK, PondTest, Server, run_program
from web import Web

COUNT = "SELECT count(*) AS n, max(s) AS s FROM t"
FIRST, SECOND = {"n": 1, "s": "one"}, {"n": 2, "s": "two"}
# What nobody may keep: the second answer would not be the first one's.
PASSING = ("SELECT random() FROM t", "SELECT now() FROM t", "SELECT current_date AS d FROM t",
           "SELECT age(TIMESTAMP '2020-01-01') FROM t", "SELECT uuid() FROM t",
           "SELECT n FROM later", "SELECT * FROM t USING SAMPLE 1 ROWS", "FROM pond.cost()",
           "SELECT i FROM t LIMIT extract('second' FROM now())::INTEGER", "SELECT 42",
           "FROM t AT (TIMESTAMP => now())", "FROM pond.snapshots()", "SHOW TABLES", "EXPLAIN FROM t",
           "SELECT current_setting('threads') FROM t", "SET VARIABLE a = 1; FROM t",
           "FROM duckdb_settings(), t")


def path_of(sql, **parameters):
    return "/query?" + urllib.parse.urlencode({"q": sql, **parameters})


class Kept(PondTest):
    arguments = ()
    token = "a-token-of-the-test"

    def setUp(self):
        super().setUp()
        self.change("CREATE TABLE t (i INTEGER, s VARCHAR); INSERT INTO t VALUES (1, 'one'); "
                    "CREATE VIEW later AS SELECT i + extract('year' FROM now()) AS n FROM t; "
                    "CREATE VIEW plain AS SELECT i, upper(s) AS s FROM t")
        self.server = self.enterContext(Server(self.pond, *self.arguments, token=self.token))

    def change(self, sql):
        done = run_program(self.pond, "-c", sql)
        self.assertEqual(done.returncode, OK, done.stderr)

    def add(self):
        self.change("INSERT INTO t VALUES (2, 'two')")

    def get(self, sql=COUNT, headers=None, **parameters):
        status, fields, body = self.server.ask(
            None, path_of(sql, **parameters), "GET", {**self.server.headers(), **(headers or {})})
        return status, fields, body

    def tag(self, sql=COUNT, headers=None, **parameters):
        status, fields, _ = self.get(sql, headers, **parameters)
        self.assertEqual(status, 200, sql)
        return fields["ETag"]


class Tags(Kept):
    def test_the_same_version_is_not_sent_again(self):
        tag = self.tag()
        self.assertRegex(tag, r'^W/"\d+-[0-9a-f]{32}"$')
        for known in (tag, tag[2:], f'"other", {tag}'):
            status, fields, body = self.get(headers={"If-None-Match": known})
            self.assertEqual((status, body, fields["ETag"]), (304, b"", tag))
            self.assertNotIn("Content-Length", fields)
            self.assertEqual(json.loads(fields["Duckpond-Cost"])["requests"],
                             {"get": 1, "put": 0, "delete": 0, "list": 0})
        version = fields["Duckpond-Version"]
        self.add()
        status, fields, body = self.get(headers={"If-None-Match": tag})
        self.assertEqual((status, json.loads(body)), (200, SECOND))
        self.assertNotEqual(fields["ETag"], tag)
        self.assertEqual(int(fields["Duckpond-Version"]), int(version) + 1)
        # The look that found it new is the only one.
        self.assertEqual(json.loads(fields["Duckpond-Cost"])["requests"]["get"], 1)

    def test_cached_is_told_without_a_request(self):
        tag = self.tag()
        self.add()
        status, fields, _ = self.get(headers={"If-None-Match": tag}, consistency="cached")
        self.assertEqual(status, 304)
        self.assertEqual(json.loads(fields["Duckpond-Cost"])["requests"]["get"], 0)

    def test_a_bookmark_is_honoured(self):
        tag = self.tag()
        version = int(self.get()[1]["Duckpond-Version"])
        self.add()
        status, _, body = self.get(headers={"If-None-Match": tag}, consistency="cached",
                                   min_version=version + 1)
        self.assertEqual((status, json.loads(body)), (200, SECOND))
        status, _, _ = self.get(headers={"If-None-Match": tag}, min_version=version + 9)
        self.assertEqual(status, 503)

    def test_a_tag_is_of_all_that_was_asked(self):
        sql = "SELECT $a AS a, i FROM t"
        tags = [self.tag(), self.tag(COUNT + " "), self.tag(default_format="JSONCompact"),
                self.tag(headers={"format": "CSV"}), self.tag(sql, param_a="1"),
                self.tag(sql, param_a="2"), self.tag("SELECT s FROM plain")]
        self.assertEqual(len(set(tags)), len(tags))
        self.assertEqual(self.tag(), tags[0])
        # Another server of the pond gives the same.
        with Server(self.pond, token=self.token) as other:
            fields = other.ask(None, path_of(COUNT), "GET")[1]
            self.assertEqual(fields["ETag"], tags[0])

    def test_what_is_not_the_versions_alone_has_none(self):
        for sql in PASSING:
            status, fields, body = self.get(sql)
            self.assertEqual(status, 200, (sql, body))
            self.assertNotIn("ETag", fields, sql)
            self.assertEqual(fields["Cache-Control"], "no-store", sql)

    def test_joins_windows_and_subqueries_have_one(self):
        for sql in ("SELECT a.i FROM t a JOIN t b USING (i) WHERE a.s LIKE 'o%' ORDER BY 1 LIMIT 3",
                    "WITH x AS (SELECT i FROM t) SELECT i FROM x UNION ALL SELECT i + 1 FROM x",
                    "SELECT row_number() OVER (ORDER BY i) AS n, sum(i) OVER () AS s FROM t",
                    "SELECT i FROM t WHERE i > (SELECT avg(i) - 1 FROM t b WHERE b.s = t.s)",
                    "SELECT DISTINCT unnest([i, i + 1]) AS u FROM t", "FROM t AT (VERSION => 2)"):
            fields = self.get(sql)[1]
            self.assertEqual("ETag" in fields, "AT (" not in sql, sql)

    def test_only_a_get_whose_url_says_it_all_is_kept(self):
        self.assertNotIn("ETag", self.server.ask(COUNT.encode())[1])
        _, fields, _ = self.server.ask(COUNT.encode(), "/query", "GET")
        self.assertNotIn("ETag", fields)
        status, fields, _ = self.server.ask(b"INSERT INTO t VALUES (3, 'three')")
        self.assertEqual((status, fields["ETag"], fields["Cache-Control"]), (200, None, None))

    def test_how_long_it_may_be_kept_is_what_the_request_allowed(self):
        def life(**parameters):
            return self.get(**parameters)[1]["Cache-Control"]

        self.assertEqual(life(), "private, no-cache")
        self.assertRegex(life(consistency="bounded", freshness=600), r"^private, max-age=(600|59\d)$")
        self.assertRegex(life(consistency="cached", freshness=600),
                         r"^private, max-age=(600|59\d), stale-while-revalidate=86400$")
        self.assertEqual(life(consistency="cached"),
                         "private, max-age=0, stale-while-revalidate=86400")
        self.assertEqual(self.get()[1]["Vary"], "X-ClickHouse-Format, format")


class BehindNginx(Kept):
    token = ""

    def setUp(self):
        super().setUp()
        upstream = f"http://{self.server.host}:{self.server.port}"
        self.web = self.enterContext(Web(self.folder, f"""location / {{
            proxy_pass {upstream}; proxy_http_version 1.1; proxy_cache pond;
            proxy_cache_key $request_uri; proxy_cache_revalidate on;
            proxy_cache_background_update on; add_header X-Cache $upstream_cache_status; }}"""))

    def ask(self, headers=None, **parameters):
        """What nginx had of it, and the row."""
        client = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=DEADLINE_S)
        try:
            client.request("GET", path_of(COUNT, **parameters), headers=headers or {})
            answer = client.getresponse()
            body = answer.read()
            self.assertEqual(answer.status, 200, body)
            return answer.headers["X-Cache"], json.loads(body)
        finally:
            client.close()

    def until(self, wanted, **parameters):
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            seen = self.ask(**parameters)
            if wanted(*seen):
                return seen
        self.fail(f"the last answer was {seen}")

    def test_bounded_is_answered_by_the_cache_and_latest_never(self):
        bounded = {"consistency": "bounded", "freshness": 600}
        self.assertEqual(self.ask(**bounded), ("MISS", FIRST))
        self.add()
        self.assertEqual(self.ask(**bounded), ("HIT", FIRST))
        self.assertEqual(self.ask(), ("MISS", SECOND))
        self.assertEqual(self.ask(), ("MISS", SECOND))
        # Asked for in another form it is another answer.
        self.assertEqual(self.ask({"format": "NDJSON"}, **bounded)[0], "MISS")

    def test_what_has_not_changed_is_revalidated(self):
        bounded = {"consistency": "bounded", "freshness": 2}
        self.assertEqual(self.until(lambda had, _: had == "REVALIDATED", **bounded)[1], FIRST)
        self.add()
        self.until(lambda _, row: row == SECOND, **bounded)

    def test_cached_is_shown_while_it_is_asked_for_behind(self):
        cached = {"consistency": "cached", "freshness": 2}
        self.until(lambda had, _: had == "HIT", **cached)
        self.add()
        self.assertEqual(self.until(lambda had, _: had in ("STALE", "UPDATING"), **cached)[1], FIRST)
        self.until(lambda _, row: row == SECOND, **cached)


class BehindNginxWithAToken(BehindNginx):
    token = "a-token-of-the-test"

    def ask(self, headers=None, **parameters):
        return super().ask({**self.server.headers(), **(headers or {})}, **parameters)

    def test_bounded_is_answered_by_the_cache_and_latest_never(self):
        """But not by one that others share."""
        for _ in range(2):
            self.assertEqual(self.ask(consistency="bounded", freshness=600), ("MISS", FIRST))

    test_what_has_not_changed_is_revalidated = None
    test_cached_is_shown_while_it_is_asked_for_behind = None


if __name__ == "__main__":
    unittest.main()
