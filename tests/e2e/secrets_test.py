# SPDX-License-Identifier: MIT
"""Where keys come from, and who wins: a secret, a profile it names, the environment, a service."""
import hashlib
import json
import subprocess
import unittest

from program import (DEADLINE_S, EXTENSION, NEVER_PRINTED, PondTest, check_secrets,
                     clean_environment, run_program, stock_cli)
from stores import BUCKET, ScriptedStore, key_service, real_s3

PLACE = f"s3://{BUCKET}/pond"
ATTACH = f"ATTACH 'duckpond:{PLACE}' AS p; CREATE TABLE IF NOT EXISTS p.t (a INTEGER)"
WRONG = f"{NEVER_PRINTED}-wrong"


def secret(**settings):
    """CREATE SECRET, which says where the server is, and the settings."""
    settings = {"url_style": "path", **settings}
    return f"CREATE SECRET (TYPE duckpond, {', '.join(f'{k} {v!r}' for k, v in settings.items())});"


class Keys(PondTest):
    def setUp(self):
        super().setUp()
        self.right = self.enterContext(real_s3(self.folder))
        self.wrong = {**self.right, "AWS_SECRET_ACCESS_KEY": WRONG}
        self.own = {"key_id": self.right["AWS_ACCESS_KEY_ID"],
                    "secret": self.right["AWS_SECRET_ACCESS_KEY"]}

    def play(self, script, **environment):
        return run_program(stdin=script + ATTACH, **environment)

    def assert_works(self, script, environment):
        done = self.play(script, **environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def assert_refused(self, script, environment, source):
        done = self.play(script, **environment)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("SignatureDoesNotMatch", done.stderr)
        self.assertIn(f"keys come from {source}", done.stderr)

    def test_a_secret_wins_over_the_environment(self):
        self.assert_works(secret(**self.own), self.wrong)
        self.assert_refused(secret(**{**self.own, "secret": WRONG}), self.right, "the secret")
        self.assert_refused("", self.wrong, "the environment")
        # One that says nothing of keys leaves them to the environment.
        self.assert_works(secret(region=self.right["AWS_REGION"]), self.right)

    def test_a_profile_that_a_secret_names_wins_over_the_environment(self):
        shared = self.folder / "credentials"
        shared.write_text("".join(
            f"[{name}]\naws_access_key_id = {self.own['key_id']}\naws_secret_access_key = {value}\n"
            for name, value in (("default", WRONG), ("right", self.own["secret"]))),
            encoding="utf-8")
        environment = {**self.wrong, "AWS_SHARED_CREDENTIALS_FILE": str(shared)}
        self.assert_works(secret(profile="right"), environment)
        self.assert_refused(secret(profile="default"), environment, f"profile default of {shared}")
        done = self.play(secret(profile="nobody"), **environment)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("nobody", done.stderr)


def keys_json(key, secret_key):
    return json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": secret_key,
                       "Token": "", "Expiration": "2999-01-01T00:00:00Z"})


class Fetched(PondTest):
    """Keys that a stock DuckDB with our extension fetches for itself."""

    def setUp(self):
        super().setUp()
        self.place = self.enterContext(real_s3(self.folder))
        self.keys = keys_json(self.place.pop("AWS_ACCESS_KEY_ID"),
                              self.place.pop("AWS_SECRET_ACCESS_KEY"))

    def assert_works(self, **variables):
        sql = (f"LOAD '{EXTENSION}'; ATTACH 'duckpond:{PLACE}' AS p; CREATE TABLE p.t AS SELECT 1 AS a;"
               "SELECT 'read ' || a FROM p.t;")
        done = subprocess.run([stock_cli(), "-unsigned", "-csv", "-noheader"], input=sql, text=True,
                              capture_output=True, timeout=DEADLINE_S,
                              env=clean_environment(**{**self.place, **variables}))
        check_secrets(done.stdout + done.stderr)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("read 1", done.stdout)

    def test_from_a_containers_endpoint(self):
        def answer(request):
            return self.keys if request.headers["Authorization"] == "mine" else None
        with key_service(answer) as url:
            self.assert_works(AWS_CONTAINER_CREDENTIALS_FULL_URI=url + "/keys",
                              AWS_CONTAINER_AUTHORIZATION_TOKEN="mine")

    def test_from_a_machines_metadata_service(self):
        role = "/latest/meta-data/iam/security-credentials/"
        said = {"/latest/api/token": "proof", role: "worker", role + "worker": self.keys}

        def answer(request):
            proven = request.command == "PUT" or request.headers["X-aws-ec2-metadata-token"] == "proof"
            return said.get(request.path) if proven else None
        with key_service(answer) as url:
            self.assert_works(AWS_EC2_METADATA_DISABLED="false",
                              AWS_EC2_METADATA_SERVICE_ENDPOINT=url)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_from_a_program(self):
        said = self.write("said.json", json.dumps({"Version": 1, **json.loads(self.keys)}))
        config = self.write("config", f"[profile work]\ncredential_process = cat '{said}'\n")
        self.assert_works(AWS_CONFIG_FILE=config, AWS_PROFILE="work")
        self.write("said.json", f"{NEVER_PRINTED}: not to be repeated")
        done = run_program(stdin=ATTACH, **self.place, AWS_CONFIG_FILE=config, AWS_PROFILE="work")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("the program cat, credential_process of profile work", done.stderr)

    def test_from_single_sign_on(self):
        config = self.write("config", "[profile work]\nsso_session = s\nsso_account_id = 1\n"
                            "sso_role_name = r\n[sso-session s]\nsso_region = eu-west-1\n"
                            "sso_start_url = https://start.example/\n")
        token = f".aws/sso/cache/{hashlib.sha1(b's').hexdigest()}.json"
        keys = json.loads(self.keys)
        answer = json.dumps({"roleCredentials": {
            "accessKeyId": keys["AccessKeyId"], "secretAccessKey": keys["SecretAccessKey"],
            "sessionToken": NEVER_PRINTED, "expiration": 32472144000000}})
        asked = []

        def exchange(request):
            asked.append(request.headers["x-amz-sso_bearer_token"])
            return answer
        with key_service(exchange) as url, ScriptedStore() as store:
            signed = []
            store.rule = lambda request: signed.append(request.headers["authorization"])
            work = {**self.place, "AWS_ENDPOINT_URL": store.environment["AWS_ENDPOINT_URL"],
                    "AWS_CONFIG_FILE": config, "AWS_PROFILE": "work", "HOME": str(self.folder),
                    "AWS_ENDPOINT_URL_SSO": url}
            done = run_program("create", store.url, **work)
            self.assertIn("run `aws sso login --profile work`", done.stderr)
            self.write(token, json.dumps({"accessToken": NEVER_PRINTED,
                                          "expiresAt": "2999-01-01T00:00:00Z"}))
            done = run_program("create", store.url, **work)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(asked, [NEVER_PRINTED])
        self.assertTrue(signed)
        for header in signed:
            self.assertIn(f"Credential={keys['AccessKeyId']}/", header)

    def test_without_any_it_is_said_where_they_were_looked_for(self):
        done = run_program(stdin=ATTACH, **self.place)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no credentials: no secret was given", done.stderr)


class Tokens(PondTest):
    def test_a_session_token_is_sent_and_signed(self):
        with ScriptedStore() as store:
            seen = []
            store.rule = lambda request: seen.append(request.headers)
            done = run_program(stdin=secret(key_id="k", secret="s", session_token=f"{NEVER_PRINTED}-token") +
                               f"ATTACH 'duckpond:{store.url}' AS p; CREATE TABLE p.t (a INTEGER)",
                               **store.environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(seen)
            for headers in seen:
                self.assertEqual(headers["x-amz-security-token"],
                                 f"{NEVER_PRINTED}-token")
                self.assertIn("x-amz-security-token", headers["authorization"])


if __name__ == "__main__":
    unittest.main()
