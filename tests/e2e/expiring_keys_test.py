# SPDX-License-Identifier: MIT
"""Keys that end, and end again, in the middle of a load: it goes on with new ones."""
import datetime
import json
import re
import threading
import time
import unittest

from program import NEVER_PRINTED, PondTest, run_program
from stores import ScriptedStore, error, key_service

LIFE_S = 3
# As AWS: what was signed in time may arrive a little later.
GRACE_S = 1
COLUMNS = 60
# Many columns and a key: a file has some 16,000 rows, and the load a dozen files.
TABLE = ("CREATE TABLE wide (id BIGINT PRIMARY KEY, " +
         ", ".join(f"c{number} BIGINT" for number in range(COLUMNS)) + ");")
LOAD = (f"INSERT INTO wide SELECT i, {', '.join(['hash(i)::HUGEINT % 1000'] * COLUMNS)} "
        "FROM range(200000) r(i);")


class Issuer:
    """Hands out keys that live for two to three seconds, and knows which may still be used."""

    def __init__(self):
        self.lock = threading.Lock()
        self.issued = []  # The moment of each.
        self.revoked = set()
        self.refused = 0
        self.served = set()  # Keys that the load was answered with.

    def answer(self, _):
        with self.lock:
            self.issued.append(time.time())
            end = datetime.datetime.fromtimestamp(self.issued[-1] + LIFE_S, datetime.timezone.utc)
            number = len(self.issued) - 1
        return json.dumps({"AccessKeyId": f"KEY{number}", "SecretAccessKey": f"{NEVER_PRINTED}-key",
                           "Token": f"{NEVER_PRINTED}-token-{number}",
                           "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")})

    @staticmethod
    def number_of(request):
        return int(re.search(r"Credential=KEY(\d+)/", request.headers["authorization"]).group(1))

    def revoke_once(self, request):
        """The first one that asks loses its key before its end."""
        with self.lock:
            self.revoked = self.revoked or {self.number_of(request)}

    def rule(self, request):
        number = self.number_of(request)
        with self.lock:
            fits = request.headers["x-amz-security-token"] == f"{NEVER_PRINTED}-token-{number}"
            over = time.time() > self.issued[number] + LIFE_S + GRACE_S or number in self.revoked
            if over or not fits:
                self.refused += 1
                return error(400 if fits else 403, "ExpiredToken" if fits else "InvalidToken")
            if request.method == "PUT" and "/data/" in request.key:
                self.served.add(number)
        return None


class ExpiringKeys(PondTest):
    def test_a_load_outlives_its_keys(self):
        issuer = Issuer()
        with ScriptedStore() as store, key_service(issuer.answer) as service:
            def rule(request):
                is_data = request.method == "PUT" and "/data/" in request.key
                if is_data:
                    issuer.revoke_once(request)
                refusal = issuer.rule(request)
                if is_data and refusal is None:
                    time.sleep(0.6)
                return refusal

            environment = {**store.environment,
                           "AWS_CONTAINER_CREDENTIALS_FULL_URI": service + "/keys"}
            for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                del environment[name]
            store.rule = rule
            done = run_program("create", store.url, **environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            done = run_program(store.url, stdin=TABLE + LOAD, **environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertGreaterEqual(len(issuer.served), 3, "it did not take as long as three keys")
            self.assertGreater(issuer.refused, 0)
            done = run_program(store.url, "-csv", "-c",
                               "SELECT count(*), sum(id) FROM wide", **environment)
            self.assertEqual(done.stdout.splitlines()[-1], "200000,19999900000")


if __name__ == "__main__":
    unittest.main()
