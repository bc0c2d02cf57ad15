# SPDX-License-Identifier: MIT
"""moto, really run: it passes a test of its conditions by one writer and loses races all the same."""
import re
import subprocess
import sys
import tempfile
import unittest

import boto3
from program import DEADLINE_S, Lines, run_program

BUCKET = "pond-bucket"
KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
# Its own words; a proxy of the machine's is not asked about this machine.
START = r"Running on (http://127\.0\.0\.1:\d+)"


class Moto(unittest.TestCase):
    def setUp(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=tempfile.gettempdir())
        self.addCleanup(self.process.stderr.close)
        self.addCleanup(self.process.wait, DEADLINE_S)
        self.addCleanup(self.process.kill)
        self.endpoint = Lines(self.process.stderr).wait_for(START).group(1)
        self.client = boto3.client(
            "s3", endpoint_url=self.endpoint, region_name=KEYS["AWS_REGION"],
            aws_access_key_id="key", aws_secret_access_key="secret")
        self.client.create_bucket(Bucket=BUCKET)

    def run_on(self, *arguments):
        return run_program(*arguments, **KEYS, AWS_ENDPOINT_URL=self.endpoint)

    def test_no_pond_is_made_there_and_the_reason_is_said(self):
        done = self.run_on("create", f"s3://{BUCKET}/pond")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertRegex(done.stderr, r"server Werkzeug/\S+ .* let two writers win the same race")
        self.assertIn(re.sub("^http://", "", self.endpoint), done.stderr)
        self.assertIn("Use a store with conditional writes", done.stderr)
        self.assertEqual(self.client.list_objects_v2(Bucket=BUCKET)["KeyCount"], 0)


if __name__ == "__main__":
    unittest.main()
