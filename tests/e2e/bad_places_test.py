# SPDX-License-Identifier: MIT
"""Directories that cannot be written, and ponds in them that are not what they were."""
import json
import os
import pathlib
import struct
import unittest

from program import ProgramTest, Server

COUNT = "SELECT count(*) AS n FROM t WHERE length(s) = 32"  # Reads the file.
ONE_ROW = "INSERT INTO t VALUES (-1, 'one')"
MANY_ROWS = "INSERT INTO t SELECT i, md5(i::VARCHAR) FROM range(50000, 100000) r(i)"
# No file may grow beyond this: what a full disk is to a program, without a disk to fill.
FULL = ("prlimit", "--fsize=4096:4096")
# Root may write where nobody may, unless it gives up the right to.
AS_OTHERS = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override",
             ) if os.geteuid() == 0 else ()


class Place(ProgramTest):
    def setUp(self):
        super().setUp()
        self.run_ok(self.pond, "-c", "CREATE TABLE t (k INTEGER PRIMARY KEY, s VARCHAR); INSERT INTO t "
                          "SELECT i, md5(i::VARCHAR) FROM range(50000) r(i)")
        self.log = pathlib.Path(self.pond, "pond.log")

    def ask_refused(self, server, sql, status, code, says):
        got, _, body = server.ask(sql.encode())
        self.assertEqual(got, status, body)
        problem = json.loads(body)["error"]
        self.assertEqual((problem["code"], problem["retryable"]), (code, False), problem)
        self.assertTrue(problem["hint"], problem)
        for text in says:
            self.assertIn(text, problem["message"])

    def data_file(self):
        paths = list(pathlib.Path(self.pond, "data").glob("*/*.parquet"))
        self.assertEqual(len(paths), 1)
        return paths[0], str(paths[0].relative_to(self.pond))


class FullDisk(Place):
    def test_what_does_not_fit_is_3_and_507_and_leaves_the_pond_as_it_was(self):
        with Server(self.pond, under=FULL) as server:
            for sql, path in ((ONE_ROW + ", " + ", ".join(f"({-i}, repeat(md5('{i}'), 4))"
                                                          for i in range(2, 200)), "pond.log"),
                              (MANY_ROWS, "data/")):
                says = (path, "File too large")
                self.run_refused(self.pond, "-c", sql, under=FULL, says=says)
                self.ask_refused(server, sql, 507, "EXHAUSTED", says)
            self.assertEqual(server.rows(COUNT), [{"n": 50000}])
        self.assertEqual(list(pathlib.Path(self.pond, ".duckpond/tmp").iterdir()), [])
        self.data_file()  # Still the only one.
        self.run_ok(self.pond, "-c", ONE_ROW)

    def test_a_new_pond_needs_room_too(self):
        self.run_refused("create", str(self.folder / "new"), under=("prlimit", "--fsize=10:10"),
                         says=("File too large", "new"))


class ReadOnlyDirectory(Place):
    def setUp(self):
        super().setUp()
        self.folders = [pathlib.Path(name) for name, _, _ in os.walk(self.pond)]
        self.allow(0o555)
        self.addCleanup(self.allow, 0o755)

    def allow(self, mode):
        for folder in self.folders:
            folder.chmod(mode)

    def test_it_is_read_and_a_write_is_3_and_500(self):
        with Server(self.pond, under=AS_OTHERS) as server:
            self.assertEqual(server.rows(COUNT), [{"n": 50000}])
            for sql, path in ((ONE_ROW, "pond.log"), (MANY_ROWS, "data/")):
                says = (self.pond, path, "Permission denied")
                self.run_refused(self.pond, "-c", sql, under=AS_OTHERS, says=says)
                self.ask_refused(server, sql, 500, "INVALID", says)
        self.assertEqual(self.run_ok(self.pond, "-csv", "-c", COUNT, under=AS_OTHERS), "n\n50000\n")

    def test_no_pond_is_made_there(self):
        for command in ("create", "serve"):
            self.run_refused(command, self.pond + "/new", under=AS_OTHERS,
                             says=(self.pond + "/new", "Permission denied"))


class NewerFormat(Place):
    def assert_refused(self, says, *commands):
        for command in commands:
            self.run_refused(*command, says=says)

    def test_a_log_of_a_newer_format_is_3_and_500_and_is_not_written_over(self):
        with Server(self.pond) as server:
            content = bytearray(self.log.read_bytes())
            struct.pack_into("<I", content, 16, 7)
            self.log.write_bytes(content)
            says = ("pond.log", "format 7", "reads up to 1: use a newer one")
            self.ask_refused(server, COUNT, 500, "UNSUPPORTED", says)
            self.ask_refused(server, ONE_ROW, 500, "UNSUPPORTED", says)
            self.ask_refused(server, "FROM pond.log()", 500, "UNSUPPORTED", says)
        self.assert_refused(says, (self.pond, "-c", COUNT), (self.pond, "-c", ONE_ROW),
                            (self.pond, "-c", "FROM pond.log()"),
                            ("serve", self.pond), ("log", "show", self.pond),
                            ("log", "verify", self.pond))
        self.assertEqual(self.log.read_bytes(), content)

    def test_so_is_a_pond_file(self):
        path = pathlib.Path(self.pond, "pond.json")
        content = path.read_text().replace('"format":1', '"format":7')
        path.write_text(content)
        self.log.unlink()
        self.assert_refused(("pond.json", "format 7", "reads up to 1: use a newer one"),
                            (self.pond, "-c", COUNT), ("create", self.pond), ("log", "verify", self.pond))
        self.assertEqual(path.read_text(), content)
        self.assertFalse(self.log.exists())


class DamagedFiles(Place):
    def assert_damage(self, says):
        """Both ways in say so; what does not need the file is answered."""
        self.run_refused(self.pond, "-c", COUNT, says=says)
        with Server(self.pond) as server:
            self.ask_refused(server, COUNT, 500, "CORRUPT", says)
            self.assertEqual(server.rows("SELECT 1 AS n"), [{"n": 1}])
            server.rows("CREATE TABLE other AS SELECT 1 AS a")

    def test_a_data_file_that_is_gone_is_named(self):
        path, name = self.data_file()
        path.unlink()
        self.assert_damage((name, "missing"))

    def test_a_data_file_that_was_cut_is_named_with_both_sizes(self):
        path, name = self.data_file()
        size = path.stat().st_size
        os.truncate(path, size - 100)
        self.assert_damage((name, f"{size - 100} bytes", str(size)))

    def test_an_altered_log_is_named_with_the_place(self):
        self.run_ok(self.pond, "-c", ONE_ROW)
        with Server(self.pond) as server:
            content = bytearray(self.log.read_bytes())
            content[-20] ^= 1
            self.log.write_bytes(content)
            says = ("pond.log", "byte")
            self.run_refused(self.pond, "-c", COUNT, says=says)
            self.run_refused("log", "verify", self.pond, says=says)
            self.ask_refused(server, ONE_ROW, 500, "CORRUPT", ("pond.log",))
        self.assertEqual(self.log.read_bytes(), content)

    def test_a_lost_log_is_not_an_empty_pond(self):
        self.log.unlink()
        for sql in (COUNT, ONE_ROW, "CREATE TABLE u (a INTEGER)"):
            self.run_refused(self.pond, "-c", sql, says=("pond.log", "lost"))
        self.run_refused("serve", self.pond, says=("pond.log", "lost"))
        self.assertFalse(self.log.exists())


if __name__ == "__main__":
    unittest.main()
