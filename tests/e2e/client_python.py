# SPDX-License-Identifier: MIT
"""A stock Python DuckDB using a pond: attach, create, insert, select, transaction, error, detach.

    client_python.py EXTENSION POND rounds|threads
"""
import sys
import threading

import duckdb


def connect(extension):
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    connection.execute(f"LOAD '{extension}'")
    return connection


def one_round(connection, pond, name):
    run = connection.execute
    run(f"ATTACH 'duckpond:{pond}' AS {name}")
    run(f"CREATE TABLE IF NOT EXISTS {name}.t (id INTEGER PRIMARY KEY, who VARCHAR)")
    first = run(f"SELECT coalesce(max(id), 0) + 1 FROM {name}.t").fetchone()[0]
    run(f"INSERT INTO {name}.t VALUES ({first}, 'a'), ({first + 1}, 'b')")
    assert run(f"SELECT who FROM {name}.t WHERE id = {first + 1}").fetchall() == [("b",)]
    run("BEGIN")
    run(f"INSERT INTO {name}.t VALUES ({first + 2}, 'never')")
    assert run(f"SELECT count(*) FROM {name}.t WHERE id = {first + 2}").fetchone() == (1,)
    run("ROLLBACK")
    assert run(f"SELECT count(*) FROM {name}.t WHERE id = {first + 2}").fetchone() == (0,)
    try:
        run(f"INSERT INTO {name}.t VALUES ({first}, 'again')")
    except duckdb.Error as error:
        assert "uplicate key" in str(error), error
    else:
        raise AssertionError("a duplicate key was taken")
    run(f"DETACH {name}")


def rounds(extension, pond):
    connection = connect(extension)
    for _ in range(20):
        one_round(connection, pond, "pond")
    for number in range(5):
        other = connect(extension)
        one_round(other, pond, f"pond{number}")
        other.close()


def threads(extension, pond):
    """Cursors of one database, each inserting its own rows."""
    connection = connect(extension)
    connection.execute(f"ATTACH 'duckpond:{pond}' AS pond")
    connection.execute("CREATE TABLE pond.t (thread INTEGER, n INTEGER)")
    failures = []

    def work(thread):
        try:
            cursor = connection.cursor()
            for n in range(10):
                cursor.execute("INSERT INTO pond.t VALUES (?, ?)", [thread, n])
                seen = cursor.execute("SELECT count(*) FROM pond.t WHERE thread = ?", [thread])
                assert seen.fetchone() == (n + 1,)
        except Exception as error:  # Told by the main thread.
            failures.append(error)

    workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures, failures
    assert connection.execute("SELECT count(*), count(DISTINCT (thread, n)) FROM pond.t"
                              ).fetchone() == (40, 40)


if __name__ == "__main__":
    {"rounds": rounds, "threads": threads}[sys.argv[3]](sys.argv[1], sys.argv[2])
    print("done")
