# SPDX-License-Identifier: MIT
"""The command line: what it prints, and what it tells the program that started it."""
import json
import os
import pathlib
import signal
import stat
import subprocess
import unittest

from program import (DEADLINE_S, DUCKPOND, INTERRUPTED, SQL, STORAGE, USAGE, ProgramTest,
                     clean_environment, run_program)


class Cli(ProgramTest):
    def run_failing(self, code, *arguments, **options):
        done = run_program(*arguments, **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn("Error: ", done.stderr)
        return done.stderr


class Post(Cli):
    def test_the_seeds_own_line_contacts_no_server_and_needs_no_pond(self):
        answer = self.run_ok("-post", "/query", stdin="select 41 + 1 as n", cwd=self.folder)
        self.assertEqual(answer, '{"n":42}\n')
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_the_target_chooses_the_format(self):
        answer = self.run_ok("-post", "/query?default_format=CSV", stdin="select 1 as n")
        self.assertEqual(answer, "n\n1\n")

    def test_a_failure_is_json_on_standard_error(self):
        done = run_program("-post", "/query", stdin="selec")
        self.assertEqual(done.returncode, SQL)
        self.assertEqual(json.loads(done.stderr)["error"]["code"], "INVALID")
        self.assertEqual(done.stdout, "")

    def test_a_failure_in_the_middle_of_a_long_answer_is_said_too(self):
        done = run_program("-post", "/query", stdin="SELECT CASE WHEN i = 1500000 THEN error('late') "
                           "ELSE i END AS i FROM range(2000000) t(i)")
        self.assertEqual(done.returncode, SQL)
        self.assertIn("late", json.loads(done.stderr)["error"]["message"])
        self.assertTrue(done.stdout.startswith('{"i":0}\n'))

    def test_it_answers_on_the_pond_that_is_named(self):
        self.run_ok(self.pond, "-c", "CREATE TABLE t AS SELECT 5 AS n")
        self.assertEqual(self.run_ok(self.pond, "-post", "/query", stdin="FROM t"), '{"n":5}\n')
        self.assertEqual(self.run_ok("-post", "/", stdin="FROM t", DUCKPOND_URL=self.pond), '{"n":5}\n')
        self.assertEqual(self.run_ok("-post", "/query", stdin="FROM t", cwd=self.folder), '{"n":5}\n')

    def test_a_target_that_the_server_does_not_have_is_refused(self):
        for target in ("/nonsense", "/ping", "/query?q=%zz"):
            self.run_failing(USAGE, "-post", target, stdin="SELECT 1")


class Which(Cli):
    def test_the_pond_is_the_argument_then_the_environment_then_here(self):
        self.run_ok(self.pond, "-c", "CREATE TABLE t AS SELECT 5 AS n")
        for arguments, variables in (((self.pond,), {}), ((), {"DUCKPOND_URL": self.pond})):
            self.assertEqual(self.run_ok(*arguments, "-csv", "-c", "FROM t", **variables), "n\n5\n")
        self.assertEqual(self.run_ok("-csv", "-c", "FROM t", cwd=self.folder), "n\n5\n")

    def test_a_subcommand_wins_over_a_pond_of_the_same_name(self):
        self.run_ok("./create", "-c", "CREATE TABLE t AS SELECT 5 AS n", cwd=self.folder)
        self.assertTrue((self.folder / "create").is_dir())


class Output(Cli):
    def test_the_last_of_several_results_is_printed_in_the_mode_asked_for(self):
        sql = "SELECT 1 AS a; SELECT 2 AS a, 'x' AS b"
        for flag, wanted in (("-csv", "a,b\n2,x\n"), ("-json", '[{"a":2,"b":"x"}]\n'),
                             ("-jsonlines", '{"a":2,"b":"x"}\n'),
                             ("-markdown", "| a | b |\n|--:|---|\n| 2 | x |\n"),
                             ("-line", "a = 2\nb = x\n")):
            self.assertEqual(self.run_ok(self.pond, flag, "-c", sql), wanted)
        wide = self.run_ok(self.pond, "-c", f"SELECT '{'x' * 500}' AS a, {{'{'y' * 300}': 1}} AS b")
        self.assertLessEqual(max(map(len, wide.splitlines())), 120)
        box = self.run_ok(self.pond, "-c", sql)
        self.assertIn("│ x       │", box)

    def test_a_script_on_standard_input_prints_each_result(self):
        script = ".mode csv\nCREATE TABLE t (a INTEGER);\nINSERT INTO t\n VALUES (1);\nFROM t;\n" \
                 "-- the last one needs no semicolon\nSELECT 'b;c' AS x"
        self.assertEqual(self.run_ok(self.pond, stdin=script), "a\n1\nx\nb;c\n")

    def test_a_script_ends_at_its_first_failure(self):
        done = run_program(self.pond, "-csv", stdin="SELECT 1 AS a;\nSELECT nope;\nSELECT 2 AS b;\n")
        self.assertEqual((done.returncode, done.stdout), (SQL, "a\n1\n"))

    def test_comments_before_a_dot_command_are_no_statement(self):
        script = "-- what follows\n/* is\n.mode json\n */\n.mode csv\nSELECT 1 AS a -- ;\n;\n"
        self.assertEqual(self.run_ok(self.pond, stdin=script), "a\n1\n")

    def test_a_statement_of_many_lines_takes_no_more_than_its_share(self):
        rows = ",\n".join(f"({i}, 'some text to make it longer')" for i in range(50000))
        done = self.run_ok(self.pond, "-csv", stdin=f"CREATE TABLE t (a INTEGER, b VARCHAR);\n"
                           f"INSERT INTO t VALUES\n{rows};\nSELECT count(*) AS n FROM t;\n")
        self.assertEqual(done, "n\n50000\n")

    def test_files_that_cannot_be_read_or_never_end_are_refused(self):
        loop = self.folder / "loop.sql"
        loop.write_text(f".read {loop}\n")
        for path in (self.folder / "nothing here", self.folder, loop):
            self.assertIn(str(path), self.run_failing(USAGE, self.pond, "-f", path))
        (self.folder / "empty.sql").write_text("")
        self.run_ok(self.pond, "-f", self.folder / "empty.sql")

    def test_dot_commands_show_what_is_there(self):
        self.run_ok(self.pond, "-c", "CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR)")
        shown = self.run_ok(self.pond, stdin=".mode csv\n.tables\n")
        self.assertIn("main,t,table", shown)

    def test_what_schema_shows_can_be_run_again(self):
        self.run_ok(self.pond, "-c", "CREATE TABLE t (a INTEGER PRIMARY KEY, b VARCHAR DEFAULT 'x,\"y'); "
                                     "CREATE VIEW v AS SELECT a FROM t")
        for mode in ("box", "csv", "json"):
            shown = self.run_ok(self.pond, f"-{mode}", stdin=".schema\n")
            again = str(self.folder / f"again {mode}")
            self.run_ok(again, stdin=shown)
            self.assertEqual(self.run_ok(again, "-csv", stdin=".schema\n"), shown)
            self.assertIn("PRIMARY KEY", shown)

    def test_cost_is_one_line_of_json_on_standard_error(self):
        self.run_ok("create", self.pond)
        done = run_program(self.pond, "--cost", "-csv", "-c", "CREATE TABLE t AS SELECT 1 AS a")
        cost = json.loads(done.stderr)
        self.assertEqual(sorted(cost),
                         ["bytes_read", "bytes_written", "requests", "round_trips", "usd"])
        self.assertEqual(sorted(cost["requests"]), ["delete", "get", "list", "put"])
        self.assertGreaterEqual(cost["requests"]["put"], 1)
        done = run_program("create", str(self.folder / "other"), "--cost")
        self.assertGreaterEqual(json.loads(done.stderr)["requests"]["put"], 2)

    def test_a_pond_of_a_month_is_estimated_from_its_log(self):
        self.run_ok(self.pond, "-c", "CREATE TABLE t AS SELECT range AS a FROM range(100000)")
        self.run_ok(self.pond, "-c", "INSERT INTO t VALUES (1)")
        text = self.run_ok("cost", self.pond, "--latency", "s3")
        self.assertIn("by its 2 commits", text)
        self.assertRegex(text, r"commits +61 puts +0\.0003")
        estimate = json.loads(self.run_ok("cost", self.pond, "-json", "--latency", "s3"))
        self.assertEqual([line["what"] for line in estimate["month"]],
                         ["data", "log and its history", "commits", "data files", "rolls of the log"])
        self.assertAlmostEqual(estimate["usd"], sum(line["usd"] for line in estimate["month"]), 5)
        self.assertIn("Nobody asks money", self.run_ok("cost", self.pond))
        self.run_failing(STORAGE, "cost", str(self.folder / "no pond"))

    def test_prices_can_be_ones_own(self):
        prices = self.folder / "prices.json"
        prices.write_text('{"prices": [{"store": "s3", "region": "*", "get": 1000000}]}')
        arguments = [self.pond, "--latency", "s3", "-cost", "-csv", "-c", "SELECT 1 FROM pond.options()"]
        self.run_ok("create", self.pond)
        done = run_program(*arguments, DUCKPOND_PRICES=str(prices))
        self.assertEqual(json.loads(done.stderr)["usd"], 1, "one GET of the log")
        prices.write_text('{"prices": [{"store": "s3"}]}')
        done = run_program(*arguments, DUCKPOND_PRICES=str(prices))
        self.assertEqual(done.returncode, STORAGE)
        self.assertIn("prices.json, entry 1", done.stderr)
        done = run_program(*arguments, DUCKPOND_PRICES=str(self.folder / "none"))
        self.assertIn("none cannot be read", done.stderr)

    def test_latency_of_a_far_store_can_be_tried_out(self):
        self.assertEqual(self.run_ok(self.pond, "--latency", "s3", "-csv", "-c",
                                     "CREATE TABLE t AS SELECT 1 AS a; FROM t"), "a\n1\n")
        self.run_failing(STORAGE, self.pond, "--latency", "carrier pigeon", "-c", "SELECT 1")


class ExitCodes(Cli):
    def test_wrong_sql_is_1(self):
        self.run_ok("create", self.pond)
        self.run_failing(SQL, self.pond, "-c", "SELEC 1")
        self.run_failing(SQL, self.pond, "-c", "FROM no_such_table")
        self.run_failing(SQL, self.pond, "-c",
                         "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1), (1)")

    def test_a_wrong_command_line_is_2(self):
        self.run_failing(USAGE, "--no-such-option")
        self.run_failing(USAGE, "serve", self.pond, "--token", "t", "--no-auth")
        self.run_failing(USAGE, "log")
        self.run_failing(USAGE, "serve", self.pond, "--queries-max", "0")
        self.run_failing(USAGE, "serve", self.pond, "--connections-max", "-1")

    def test_what_the_store_refuses_is_3(self):
        self.run_ok("create", self.pond)
        self.run_failing(STORAGE, "create", self.pond)
        self.run_failing(STORAGE, str(self.folder / "no pond"), "-c", "FROM t")
        self.run_failing(STORAGE, "gopher://nowhere", "-c", "SELECT 1")
        self.run_failing(STORAGE, "log", "verify", str(self.folder / "nothing here"))
        (self.folder / "file").write_text("not a folder")
        self.run_failing(STORAGE, "create", str(self.folder / "file"))

    def test_what_may_be_a_secret_in_a_url_is_not_repeated(self):
        for url in ("http://user:SECRET@host/x", "gopher://SECRET@host", "s3://bucket/p?key=SECRET"):
            for arguments in ((url, "-c", "SELECT 1"), ("serve", url), ("create", url),
                              ("log", "verify", url), (url, "-post", "/query")):
                self.assertNotIn("SECRET", self.run_failing(STORAGE, *arguments, stdin="SELECT 1"))

    def test_help_and_version_are_0(self):
        self.assertIn("serve", self.run_ok("--help"))
        self.assertIn("1.5.5", self.run_ok("-version"))

    def test_output_that_does_not_arrive_is_3(self):
        for arguments, stdin in (((self.pond, "-csv", "-c", "SELECT 1"), ""), (("--version",), ""),
                                 ((self.pond, "-csv", "-c", "FROM range(10000000)"), ""),
                                 (("-post", "/query"), "SELECT 1"),
                                 (("-post", "/query"), "FROM range(10000000)")):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([DUCKPOND, *arguments], input=stdin, stdout=full, text=True,
                                      stderr=subprocess.PIPE, timeout=DEADLINE_S,
                                      env=clean_environment())
            self.assertEqual(done.returncode, STORAGE, arguments)
            self.assertEqual(done.stderr, "Error: cannot write the output: No space left on device\n")

    def test_ctrl_c_ends_a_script_of_many_short_statements(self):
        script = self.folder / "script.sql"
        script.write_text("SELECT 1 AS a;\n" * 1_000_000)
        with open(script, encoding="utf-8") as lines, subprocess.Popen(
                [DUCKPOND, self.pond, "-csv"], stdin=lines, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, text=True, env=clean_environment()) as process:
            self.assertEqual(process.stdout.readline(), "a\n")
            process.send_signal(signal.SIGINT)
            printed = sum(1 for _ in process.stdout)
            self.assertEqual(process.wait(DEADLINE_S), INTERRUPTED)
        self.assertLess(printed, 1_000_000)

    def test_ctrl_c_while_nobody_takes_the_output_is_130_too(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        with subprocess.Popen([DUCKPOND, "memory:", "-csv", "-c", "FROM range(100000000)"],
                              stdout=writer, stderr=subprocess.PIPE, text=True,
                              env=clean_environment()) as process:
            os.close(writer)
            self.assertEqual(os.read(reader, 6), b"range\n")
            # Until its main thread sleeps, as it does in a write to a pipe that is full.
            status = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/status")
            while "S (sleeping)" not in status.read_text():
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGINT)
            rows = b""
            while part := os.read(reader, 1 << 20):
                rows += part
            self.assertEqual(process.wait(DEADLINE_S), INTERRUPTED, process.stderr.read())
        # Every row that was begun is whole.
        self.assertEqual(rows.split(b"\n"), [*(b"%d" % i for i in range(rows.count(b"\n"))), b""])

    def test_ctrl_c_cancels_the_statement_and_is_130(self):
        process = subprocess.Popen(
            [DUCKPOND, self.pond, "-csv"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=clean_environment())
        process.stdin.write("SELECT 1 AS ready;\nSELECT sum(a.i * b.i) FROM range(10000000) a(i), "
                            "range(10000000) b(i);\n")
        process.stdin.close()
        self.assertEqual([process.stdout.readline(), process.stdout.readline()], ["ready\n", "1\n"])
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.assertEqual(process.returncode, INTERRUPTED)

    def test_a_pond_opened_for_reading_is_not_changed(self):
        self.run_ok(self.pond, "-c", "CREATE TABLE t AS SELECT 1 AS a")
        self.run_failing(SQL, self.pond, "-readonly", "-c", "INSERT INTO t VALUES (2)")
        self.assertEqual(self.run_ok(self.pond, "-readonly", "-csv", "-c", "FROM t"), "a\n1\n")


class Serve(Cli):
    def test_it_makes_no_pond_where_something_else_is(self):
        other = self.folder / "documents"
        other.mkdir()
        (other / "letter.txt").write_text("dear")
        said = self.run_failing(STORAGE, "serve", str(other), "--listen", "127.0.0.1:0")
        self.assertIn("duckpond create", said)
        self.assertEqual([path.name for path in other.iterdir()], ["letter.txt"])

    def test_an_address_that_is_taken_is_said(self):
        process = subprocess.Popen(
            [DUCKPOND, "serve", self.pond, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env=clean_environment())
        try:
            port = process.stdout.readline().rsplit(":", 1)[1].strip()
            said = self.run_failing(USAGE, "serve", self.pond, "--listen", f"127.0.0.1:{port}")
            self.assertIn(port, said)
        finally:
            process.kill()
            process.wait(DEADLINE_S)
            process.stdout.close()


    def test_a_token_that_was_given_is_shown_to_nobody(self):
        for arguments, variables in ((("--token", "SECRET"), {}), ((), {"DUCKPOND_TOKEN": "SECRET"})):
            with subprocess.Popen(
                    [DUCKPOND, "serve", self.pond, "--listen", "127.0.0.1:0", *arguments],
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                    env=clean_environment(**variables)) as process:
                lines = [process.stdout.readline() for _ in range(3)]
                process.send_signal(signal.SIGTERM)
                said = "".join([*lines, process.stdout.read()])
            self.assertIn("curl", said)
            self.assertNotIn("SECRET", said)


class Log(Cli):
    def setUp(self):
        super().setUp()
        self.run_ok(self.pond, "-c", "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1), (2)")

    def test_show_prints_the_events(self):
        lines = [json.loads(line)
                 for line in self.run_ok("log", "show", self.pond, "-json").splitlines()]
        self.assertEqual([line["event"] for line in lines], ["create_table", "add_rows"])
        self.assertEqual(lines[0]["data"]["name"], "t")
        shown = self.run_ok("log", "show", self.pond)
        self.assertRegex(shown, r"(?m)^ +1  .* create_table +t$")
        self.assertRegex(shown, r"(?m)^ +2  .* add_rows +t  2 rows$")

    def test_verify_says_that_all_is_whole(self):
        self.assertIn("is whole", self.run_ok("log", "verify", self.pond))

    def test_verify_finds_a_byte_that_was_changed(self):
        path = pathlib.Path(self.pond) / "pond.log"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        os.chmod(path, stat.S_IRUSR | stat.S_IWUSR)
        path.write_bytes(content)
        self.run_failing(STORAGE, "log", "verify", self.pond)
        self.run_failing(STORAGE, self.pond, "-c", "FROM t")


if __name__ == "__main__":
    unittest.main()
