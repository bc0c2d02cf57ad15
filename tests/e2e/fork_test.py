# SPDX-License-Identifier: MIT
"""A process that used a pond forks, as Python's multiprocessing does: the child can use ponds too."""
import os
import signal
import unittest

import duckdb
from program import DEADLINE_S, EXTENSION, PondTest


class Fork(PondTest):
    def connect(self):
        connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
        connection.execute(f"LOAD '{EXTENSION}'")
        connection.execute(f"ATTACH 'duckpond:{self.pond}' AS pond")
        return connection

    def in_child(self, work):
        """What `work` gives in a forked process, as text."""
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            signal.alarm(DEADLINE_S)  # Ends the child, and its silence fails the test.
            try:
                said = str(work())
            except BaseException as error:  # Told by the parent.
                said = f"{type(error).__name__}: {error}"
            os.write(writer, said.encode())
            os._exit(0)
        os.close(writer)
        with open(reader, encoding="utf-8") as pipe:
            said = pipe.read()
        os.waitpid(child, 0)
        return said

    def use(self):
        connection = self.connect()
        connection.execute("INSERT INTO pond.t VALUES (2), (3)")
        return connection.execute("SELECT a FROM pond.t ORDER BY a").fetchall()

    def test_a_child_works_with_an_instance_of_its_own(self):
        connection = self.connect()
        connection.execute("CREATE TABLE pond.t (a INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO pond.t VALUES (1)")
        connection.close()
        self.assertEqual(self.in_child(self.use), "[(1,), (2,), (3,)]")

    def test_the_parents_pond_may_be_open(self):
        connection = self.connect()
        self.addCleanup(connection.close)
        connection.execute("CREATE TABLE pond.t (a INTEGER PRIMARY KEY)")
        connection.execute("INSERT INTO pond.t VALUES (1)")
        self.assertEqual(self.in_child(self.use), "[(1,), (2,), (3,)]")
        connection.execute("INSERT INTO pond.t VALUES (4)")
        self.assertEqual(connection.execute("SELECT count(*) FROM pond.t").fetchone(), (4,))

    def test_the_parents_connection_is_refused_in_the_child(self):
        connection = self.connect()
        self.addCleanup(connection.close)
        connection.execute("CREATE TABLE pond.t AS SELECT 1 AS a")
        said = self.in_child(lambda: connection.execute("FROM pond.t").fetchall())
        self.assertRegex(said, "fork")


if __name__ == "__main__":
    unittest.main()
