# SPDX-License-Identifier: MIT
"""What a scan keeps in memory does not grow with the files that it has read."""
import os
import subprocess
import unittest

from program import DUCKPOND, PondTest, clean_environment, run_program

FILES = 200
# So many that a file's footer does not lie in the log: then a small file is fetched whole.
COLUMNS = 30
# Of 32 bytes that nothing compresses: 450 KB a file, 90 MB in all.
ROWS = 14000
# What a scan reads ahead, with room for what chance adds to it.
SCAN_BYTES_MAX = 48 * 1024 * 1024
# What is kept on purpose for the next statement is not what is looked for.
SETTINGS = "SET threads = 2; SET enable_external_file_cache = false;"


class ScanMemory(PondTest):
    def peak_bytes(self, sql):
        """The most memory that the program has had when it has run the statement."""
        process = subprocess.Popen([DUCKPOND, self.pond, "-c", f"{SETTINGS} {sql}"],
                                   stdout=subprocess.DEVNULL, env=clean_environment())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 0)
        return usage.ru_maxrss * 1024

    def test_small_files_are_forgotten_once_they_are_read(self):
        names = [f"x{n}" for n in range(COLUMNS)]
        create = f"CREATE TABLE t (b BLOB, {', '.join(name + ' INTEGER' for name in names)});"
        insert = ("INSERT INTO t SELECT unhex(md5(i::VARCHAR) || md5((i * 7)::VARCHAR)), "
                  f"{', '.join('1' for _ in names)} FROM range({ROWS}) r(i);")
        made = run_program(self.pond, "-c", f"{create} BEGIN; {insert * FILES} COMMIT")
        self.assertEqual(made.returncode, 0, made.stderr)
        little = self.peak_bytes("SELECT max(octet_length(b)) FROM (FROM t LIMIT 1)")
        scan = self.peak_bytes("SELECT max(octet_length(b)) FROM t")
        self.assertLess(scan - little, SCAN_BYTES_MAX)


if __name__ == "__main__":
    unittest.main()
