# SPDX-License-Identifier: MIT
"""A pond in a DynamoDB table, by the program alone: making the table, writing, reading, what it costs."""
import hashlib
import json
import sys
import unittest
import urllib.request

from program import OK, ROOT, STORAGE, run_program

sys.path.insert(0, str(ROOT / "bench"))
from harness import servers  # noqa: E402 (what the path above is for)


class DynamoTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.environment = {}
        server = servers.dynamo_server(table="")
        cls.port = cls.enterClassContext(server)
        cls.environment = servers.dynamo_environment(cls.port)

    def run_ok(self, *arguments):
        done = run_program(*arguments, **self.environment)
        self.assertEqual((done.returncode, done.stderr if "--cost" not in arguments else ""), (OK, ""))
        return done

    def run_refused(self, *arguments, says):
        done = run_program(*arguments, **self.environment)
        self.assertEqual(done.returncode, STORAGE, done.stderr)
        for text in says:
            self.assertIn(text, done.stderr)

    def ask(self, operation, **members):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/", json.dumps(members).encode(),
            {"X-Amz-Target": "DynamoDB_20120810." + operation,
             "Content-Type": "application/x-amz-json-1.0",
             "Authorization": f"AWS4-HMAC-SHA256 Credential={servers.KEY}/20260101/"
                              f"{servers.REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=0"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def test_a_pond_in_a_table_of_its_own(self):
        url = "dynamodb://pond-table/a/pond"
        self.run_refused("create", url, says=["there is no table pond-table",
                                              "duckpond store create dynamodb://pond-table"])
        self.assertEqual(self.run_ok("store", "create", "dynamodb://pond-table").stdout,
                         "A new table for dynamodb://pond-table\n")
        self.assertEqual(self.run_ok("store", "create", url).stdout, f"There is a table for {url}\n")
        table = self.ask("DescribeTable", TableName="pond-table")["Table"]
        self.assertEqual(table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
        self.run_ok("create", url)
        self.run_ok(url, "-c", "CREATE TABLE t (id INTEGER PRIMARY KEY, word VARCHAR)")
        self.run_ok(url, "-c", "INSERT INTO t VALUES (1, 'duck'), (2, 'pond')")
        # Not inlined: a file in chunks.
        self.run_ok(url, "-c", "INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range(10, 20010) r(i)")
        found = self.run_ok(url, "-json", "-c", "SELECT count(*) AS n, min(word) AS w FROM t "
                                                "WHERE id < 3 OR id = 4711")
        self.assertEqual(json.loads(found.stdout), [{"n": 3, "w": hashlib.md5(b"4711").hexdigest()}])
        self.assertIn("is whole", self.run_ok("log", "verify", url).stdout)
        # Another pond of the same table knows nothing of it.
        self.run_ok("create", "dynamodb://pond-table/b")
        other = self.run_ok("dynamodb://pond-table/b", "-csv", "-c", "SHOW TABLES")
        self.assertNotIn("t", other.stdout.splitlines()[1:])
        cost = self.run_ok(url, "--cost", "-c", "INSERT INTO t VALUES (3, 'cheap')")
        self.assertIn('"put":1', cost.stderr)

    def test_a_table_of_another_schema_is_refused_by_name(self):
        self.ask("CreateTable", TableName="foreign", BillingMode="PAY_PER_REQUEST",
                 AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                 KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])
        self.run_refused("store", "create", "dynamodb://foreign",
                         says=["id (S) as HASH", "hash_key (S) as HASH, range_key (N) as RANGE"])
        self.run_refused("create", "dynamodb://foreign/p", says=["hash_key (S)", "range_key (N)"])
        self.run_refused("store", "create", "s3://bucket", says=["only the table of dynamodb://"])


if __name__ == "__main__":
    unittest.main()
