# SPDX-License-Identifier: MIT
"""A load that is killed on S3: all of it is there or nothing, and what it leaves behind is known.

What stays: the parts of an upload, which a lifecycle rule of the bucket removes, and whole objects
that no commit names, which nobody reads (docs/guide/stores.md).
"""
import subprocess
import time
import unittest

import boto3
from program import DEADLINE_S, DUCKPOND, OK, ProgramTest, clean_environment, run_program
from stores import BUCKET, real_s3, servers

POND = f"s3://{BUCKET}/pond"
PUT_MS = 250
LARGE = "INSERT INTO large SELECT i, uuid(), uuid() FROM range(2400000) r(i);"  # 80 MB: three parts
SMALL = "INSERT INTO small SELECT i, md5(i::VARCHAR) FROM range(20000) r(i);"  # One object.


def is_data(entry):
    return entry["method"] == "PUT" and "/pond/data/" in entry["target"] and entry["status"] == 200


def is_part(entry):
    return is_data(entry) and "partNumber=" in entry["target"]


class KilledLoads(ProgramTest):
    def setUp(self):
        super().setUp()
        direct = self.enterContext(real_s3(self.folder))
        port = int(direct["AWS_ENDPOINT_URL"].rpartition(":")[2])
        self.meter = self.enterContext(servers.meter(port))
        self.environment = servers.s3_environment(self.meter.port)
        self.client = boto3.client(
            "s3", endpoint_url=direct["AWS_ENDPOINT_URL"], region_name=direct["AWS_REGION"],
            aws_access_key_id=direct["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=direct["AWS_SECRET_ACCESS_KEY"])
        self.addCleanup(self.client.close)
        self.run_ok("create", POND, **self.environment)
        self.run_sql("CREATE TABLE large (i BIGINT, a UUID, b UUID);"
                     "CREATE TABLE small (i BIGINT, t VARCHAR);" + SMALL)

    def run_sql(self, sql):
        """The rows of the last statement, as CSV."""
        return self.run_ok(POND, "-csv", "-c", sql, **self.environment).splitlines()[1:]

    def kill_when(self, condition, sql, then_wait_s=0.0):
        """Starts the program on `sql` and kills it once `condition(requests)` holds."""
        self.meter.reset()
        self.meter.settings(latency_ms_by_kind={"put": PUT_MS})
        process = subprocess.Popen([DUCKPOND, POND], stdin=subprocess.PIPE, text=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=clean_environment(**self.environment))
        try:
            # Its input stays open: it does not end by itself.
            process.stdin.write(sql + "\n")
            process.stdin.flush()
            deadline = time.monotonic() + DEADLINE_S
            while not condition(self.meter.stats(log_entries=1000)["log"]):
                self.assertIsNone(process.poll(), "it ended by itself")
                self.assertLess(time.monotonic(), deadline, "nothing was uploaded")
                time.sleep(0.005)
            time.sleep(then_wait_s)
        finally:
            process.kill()
            process.wait(DEADLINE_S)
            process.stdin.close()
        self.meter.settings(latency_ms_by_kind={})

    def uploads(self):
        return self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])

    def unnamed(self):
        """Data objects that no commit names."""
        there = {entry["Key"] for entry in self.client.list_objects_v2(
            Bucket=BUCKET, Prefix="pond/data/").get("Contents", [])}
        named = self.run_sql("SELECT path FROM list_files('large') UNION ALL "
                             "SELECT path FROM list_files('small');")
        return there - {"pond/" + path for path in named}

    def check(self, small, large):
        self.assertEqual(self.run_sql("SELECT (SELECT count(*) FROM small), (SELECT count(*) FROM large),"
                                      " (SELECT count(DISTINCT i) FROM large);"),
                         [f"{small},{large},{large}"])
        self.run_ok("log", "verify", POND, **self.environment)

    def test_in_the_middle_of_an_upload_in_parts(self):
        self.kill_when(lambda log: any(map(is_part, log)), LARGE)
        self.check(small=20000, large=0)
        self.assertEqual(self.unnamed(), set())
        upload, = self.uploads()
        self.assertTrue(upload["Key"].startswith("pond/data/"))
        # Nobody is hindered by it; what a lifecycle rule does brings the bucket in order.
        self.run_sql(LARGE)
        self.check(small=20000, large=2400000)
        self.client.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"],
                                           UploadId=upload["UploadId"])
        self.assertEqual(self.uploads(), [])
        self.check(small=20000, large=2400000)

    def test_with_files_that_no_commit_names_yet(self):
        self.kill_when(lambda log: sum(map(is_data, log)) == 2, "BEGIN;" + SMALL + SMALL)
        self.check(small=20000, large=0)
        self.assertEqual(len(self.unnamed()), 2)
        self.assertEqual(self.uploads(), [])
        self.run_sql(SMALL)
        self.check(small=40000, large=0)

    def test_between_the_file_and_the_answer_of_its_commit(self):
        """What was on its way to the store when the writer died may arrive, then or later."""
        for kills in range(1, 5):
            self.kill_when(lambda log: any(map(is_data, log)), SMALL, PUT_MS / 1000 * (kills - 1) / 3)
            (counts,) = self.run_sql("SELECT min(n), max(n) FROM "
                                     "(SELECT i, count(*) AS n FROM small GROUP BY i);")
            least, most = map(int, counts.split(","))
            self.assertEqual(least, most, "a part of a load is there")
            self.assertIn(most, range(1, kills + 2))
            self.run_ok("log", "verify", POND, **self.environment)


if __name__ == "__main__":
    unittest.main()
