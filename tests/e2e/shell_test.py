# SPDX-License-Identifier: MIT
"""The shell as a person meets it: through a terminal."""
import os
import pty
import re
import select
import signal
import time
import unittest

from program import DEADLINE_S, DUCKPOND, PondTest, clean_environment

PROMPT = "duckpond> "
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\r|\x07")
ENDLESS = "SELECT sum(a.i * b.i) FROM range(10000000) a(i), range(10000000) b(i);"


class Terminal:
    """A shell on a terminal of its own."""

    def __init__(self, *arguments, **variables):
        self.process, self.master = pty.fork()
        if self.process == 0:
            environment = clean_environment(TERM="xterm", LC_ALL="C.UTF-8", **variables)
            os.execve(DUCKPOND, [DUCKPOND, *arguments], environment)
        self.seen = ""
        self.exit_code = None

    def type(self, text):
        os.write(self.master, text.encode())

    def wait_for(self, wanted):
        """Everything up to and with `wanted`, escapes taken out."""
        end = time.monotonic() + DEADLINE_S
        while wanted not in self.seen:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            try:
                part = os.read(self.master, 65536).decode(errors="replace") if ready else ""
            except OSError:
                part = ""
            if not part:
                if ready:
                    raise AssertionError(f"{wanted!r} never came; there was {self.seen!r}")
                os.kill(self.process, signal.SIGKILL)
                raise TimeoutError(f"still waiting for {wanted!r}; there was {self.seen!r}")
            self.seen = ESCAPES.sub("", self.seen + part)
        text, _, self.seen = self.seen.partition(wanted)
        return text + wanted

    def ask(self, line):
        """Types a line at the prompt; gives what is shown until the next prompt."""
        self.type(line + "\n")
        self.wait_for(line[-20:])
        return self.wait_for(PROMPT)

    def end_of_input(self):
        """Presses Ctrl-D until the shell has ended: one that comes while the line editor sets up the
        terminal, just after its prompt, is lost, or becomes a letter of the line, which Ctrl-U removes."""
        for tries in range(DEADLINE_S * 20):
            if tries % 20 == 0:
                self.type("\x04" if tries == 0 else "\x15\x04")
            if os.waitid(os.P_PID, self.process, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                return
            time.sleep(0.05)

    def end(self):
        """Waits for the end of the shell and gives its exit code."""
        if self.exit_code is None:
            try:
                self.wait_for("\0 which never comes")
            except AssertionError:
                pass  # It read to the end.
            _, status = os.waitpid(self.process, 0)
            self.exit_code = os.waitstatus_to_exitcode(status)
            os.close(self.master)
        return self.exit_code


class Shell(PondTest):
    def open(self):
        terminal = Terminal(self.pond, DUCKPOND_HISTORY=str(self.folder / "history"))
        terminal.wait_for(PROMPT)
        return terminal

    def test_statements_may_take_several_lines_and_show_a_box(self):
        shell = self.open()
        shell.type("SELECT 42\n")
        shell.wait_for("...> ")
        shown = shell.ask("AS answer;")
        self.assertIn("answer", shown)
        self.assertIn("42", shown)
        shell.type(".quit\n")
        self.assertEqual(shell.end(), 0)

    def test_a_failure_is_shown_and_the_shell_goes_on(self):
        shell = self.open()
        self.assertIn("Error", shell.ask("SELECT nope;"))
        self.assertIn("is not known", shell.ask(".nope"))
        self.assertIn("4242", shell.ask("SELECT 42 || '42';"))
        shell.end_of_input()
        self.assertEqual(shell.end(), 0)

    def test_ctrl_c_cancels_the_query_and_not_the_shell(self):
        shell = self.open()
        shell.type("SELECT 'it ' || 'runs' AS x; " + ENDLESS + "\n")
        shell.wait_for("it runs")
        shell.wait_for("└")
        shell.type("\x03")
        self.assertIn("INTERRUPT", shell.wait_for(PROMPT).upper())
        self.assertIn("4343", shell.ask("SELECT 43 || '43';"))
        shell.type(".quit\n")
        self.assertEqual(shell.end(), 0)

    def test_ctrl_c_at_the_prompt_drops_what_was_typed(self):
        shell = self.open()
        shell.type("SELECT 'half")
        shell.wait_for("half")
        shell.type("\x03")
        shell.wait_for(PROMPT)
        shell.type("SELECT\n")
        shell.wait_for("...> ")
        shell.type("\x03")
        shell.wait_for(PROMPT)
        self.assertIn("4444", shell.ask("SELECT 44 || '44';"))
        shell.type(".quit\n")
        self.assertEqual(shell.end(), 0)

    def test_the_history_is_kept_for_the_next_time_and_for_the_user_alone(self):
        shell = self.open()
        shell.ask("SELECT 'remember me' AS x;")
        shell.type(".quit\n")
        self.assertEqual(shell.end(), 0)
        history = self.folder / "history"
        self.assertEqual(history.stat().st_mode & 0o777, 0o600)
        again = self.open()
        again.type("\x1b[A\x1b[A")  # Up, over .quit.
        again.wait_for("remember me")
        again.type("\n")
        again.wait_for("│ remember me │")
        again.wait_for(PROMPT)
        again.type(".quit\n")
        self.assertEqual(again.end(), 0)

    def test_dot_commands(self):
        shell = self.open()
        shell.ask("CREATE TABLE t (a INTEGER);")
        self.assertIn("table", shell.ask(".tables"))
        self.assertIn("CREATE TABLE", shell.ask(".schema t"))
        shell.ask(".mode line")
        self.assertIn("x = 1", shell.ask("SELECT 1 AS x;"))
        shell.ask(".timer on")
        self.assertIn("Run Time", shell.ask("SELECT 1 AS x;"))
        (self.folder / "script.sql").write_text("SELECT 'from a file' AS x")
        self.assertIn("from a file", shell.ask(f".read {self.folder}/script.sql"))
        self.assertIn(".tables", shell.ask(".help"))
        shell.type(".exit\n")
        self.assertEqual(shell.end(), 0)


if __name__ == "__main__":
    unittest.main()
