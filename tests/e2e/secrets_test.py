# SPDX-License-Identifier: MIT
"""Where keys come from, and who wins: a secret, a profile it names, the environment."""
import unittest

from program import PondTest, run_program
from stores import BUCKET, ScriptedStore, real_s3

PLACE = f"s3://{BUCKET}/pond"
ATTACH = f"ATTACH 'duckpond:{PLACE}' AS p; CREATE TABLE IF NOT EXISTS p.t (a INTEGER)"
WRONG = "not-the-secret"


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
        done = run_program(stdin=script + ATTACH, **environment)
        self.assertNotIn(WRONG, done.stdout + done.stderr)
        return done

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


class Tokens(PondTest):
    def test_a_session_token_is_sent_and_signed(self):
        with ScriptedStore() as store:
            seen = []
            store.rule = lambda request: seen.append(request.headers)
            done = run_program(stdin=secret(key_id="k", secret="s", session_token="a-token") +
                               f"ATTACH 'duckpond:{store.url}' AS p; CREATE TABLE p.t (a INTEGER)",
                               **store.environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertTrue(seen)
            for headers in seen:
                self.assertEqual(headers["x-amz-security-token"], "a-token")
                self.assertIn("x-amz-security-token", headers["authorization"])


if __name__ == "__main__":
    unittest.main()
