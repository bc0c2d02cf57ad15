# SPDX-License-Identifier: MIT
"""A program that commits and ends at once: what goes on behind a commit comes to its end."""
import pathlib
import random
import unittest

from program import ProgramTest, run_program

LOG_BEFORE_A_ROLL = 256 << 10


class ShortLived(ProgramTest):
    def test_a_roll_that_the_last_commit_began_is_finished(self):
        self.run_ok("create", self.pond)
        # Hexadecimal digits: half of it does not compress.
        noise = f"{random.Random(1).getrandbits(8 * LOG_BEFORE_A_ROLL * 3 // 2):x}"
        script = f"CREATE TABLE t (a INTEGER); COMMENT ON TABLE t IS '{noise}';"
        for rolls in (1, 2):
            # A store far away: a roll takes longer than a program needs to end.
            done = run_program(self.pond, "--latency", "s3", stdin=script)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            done = run_program("log", "verify", self.pond)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertRegex(done.stdout, rf"segments +{rolls}\b")
            self.assertEqual(len(list(pathlib.Path(self.pond, "log").glob("*.log"))), rolls)
            script = f"COMMENT ON TABLE t IS '{noise[::-1]}';"


if __name__ == "__main__":
    unittest.main()
