# SPDX-License-Identifier: MIT
"""A bit that flips anywhere in a data file is an error that names the file, or changes no answer."""
import pathlib
import random
import re
import unittest

from program import PondTest, run_program

FLIPS = 60
# Small and large values, nested ones, a second key: all that a file is made of, hash lists too.
TABLE = ("CREATE TABLE t (k UUID PRIMARY KEY, a VARCHAR, b BIGINT, l INT[], e VARCHAR UNIQUE); "
         "INSERT INTO t SELECT md5(i::VARCHAR)::UUID, md5(i::VARCHAR), hash(i) % 1000000, "
         "[i, i + 1], 'e' || i FROM range(20000) r(i)")
QUERY = ("SELECT sum(b), sum(hash(k)), sum(hash(a)), sum(hash(l)), sum(hash(e)), max(a), "
         "count(*) FILTER (k > '80000000-0000-0000-0000-000000000000') FROM t")


class AlteredBytes(PondTest):
    def setUp(self):
        super().setUp()
        self.assertEqual(run_program(self.pond, "-c", TABLE).returncode, 0)
        self.file = next(pathlib.Path(self.pond).glob("data/*/*.parquet"))
        self.content = self.file.read_bytes()

    def flipped(self, seed):
        """The places of bits; the last half of them where the file has its own bookkeeping."""
        chance = random.Random(seed)
        tail = len(self.content) * 3 // 4
        for i in range(FLIPS):
            yield chance.randrange(0 if i % 2 else tail, len(self.content)), chance.randrange(8)

    def with_flip(self, at, bit, *arguments):
        altered = bytearray(self.content)
        altered[at] ^= 1 << bit
        self.file.write_bytes(altered)
        return run_program(self.pond, *arguments)

    def test_a_scan_never_answers_from_them(self):
        right = run_program(self.pond, "-csv", "-c", QUERY).stdout
        noticed = 0
        for at, bit in self.flipped(1):
            done = self.with_flip(at, bit, "-csv", "-c", QUERY)
            if done.returncode == 0:
                self.assertEqual(done.stdout, right, f"bit {bit} of byte {at}")
            else:
                noticed += 1
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn(self.file.name, done.stderr)
        self.assertGreater(noticed, FLIPS / 3)

    def test_a_select_by_key_never_answers_from_them(self):
        # It opens a file by what stands behind a row group, up to its magic and a checksum.
        keys = range(0, 20000, 1999)
        query = "; ".join(f"SELECT a, b, l, e FROM t WHERE k = md5('{key}')::UUID" for key in keys)
        right = run_program(self.pond, "-csv", "-c", query).stdout
        self.assertIn("e1999", right)
        ends = [found.end() + 8 for found in re.finditer(b"PAR1", self.content[4:-4])]
        self.assertGreater(len(ends), 3)
        chance = random.Random(3)
        for _ in range(FLIPS // 2):
            at = 4 + chance.choice(ends) - chance.randrange(1, 600)
            done = self.with_flip(at, chance.randrange(8), "-csv", "-c", query)
            if done.returncode == 0:
                self.assertEqual(done.stdout, right, f"byte {at}")
            else:
                self.assertEqual(done.returncode, 3, done.stderr)
                self.assertIn(self.file.name, done.stderr)

    def test_a_key_check_never_trusts_them(self):
        # Each of these keys is there: whatever is altered, none may be taken for new.
        for at, bit in self.flipped(2):
            number = at % 20000
            done = self.with_flip(at, bit, "-c", "INSERT INTO t (k, e) VALUES "
                                  f"(md5('{number}')::UUID, 'new {at} {bit}')")
            self.assertNotEqual(done.returncode, 0, f"bit {bit} of byte {at}, key {number}")
            if "Duplicate key" not in done.stderr:
                self.assertIn(self.file.name, done.stderr)


if __name__ == "__main__":
    unittest.main()
