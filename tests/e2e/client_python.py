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


def one_round(connection, pond, name, table="t"):
    run = connection.execute
    run(f"ATTACH 'duckpond:{pond}' AS {name}")
    place = f"{name}.{table}"
    run(f"CREATE TABLE IF NOT EXISTS {place} (id INTEGER PRIMARY KEY, who VARCHAR)")
    first = run(f"SELECT coalesce(max(id), 0) + 1 FROM {place}").fetchone()[0]
    run(f"INSERT INTO {place} VALUES ({first}, 'a'), ({first + 1}, 'b')")
    assert run(f"SELECT who FROM {place} WHERE id = {first + 1}").fetchall() == [("b",)]
    run("BEGIN")
    run(f"INSERT INTO {place} VALUES ({first + 2}, 'never')")
    assert run(f"SELECT count(*) FROM {place} WHERE id = {first + 2}").fetchone() == (1,)
    run("ROLLBACK")
    assert run(f"SELECT count(*) FROM {place} WHERE id = {first + 2}").fetchone() == (0,)
    run("BEGIN")
    run(f"INSERT INTO {place} VALUES ({first + 2}, 'c')")
    run("COMMIT")
    try:
        run(f"INSERT INTO {place} VALUES ({first}, 'again')")
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


def in_threads(work):
    """Runs work(0) … work(3) side by side; a failure of any is raised here."""
    failures = []

    def guarded(number):
        try:
            work(number)
        except BaseException as error:  # Told by the main thread.
            failures.append(error)

    workers = [threading.Thread(target=guarded, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not failures, failures


def threads(extension, pond):
    """Cursors of one database insert into one table; then each attaches, works and detaches."""
    connection = connect(extension)
    connection.execute(f"ATTACH 'duckpond:{pond}' AS pond")
    connection.execute("CREATE TABLE pond.t (thread INTEGER, n INTEGER)")

    def insert(thread):
        cursor = connection.cursor()
        for n in range(10):
            cursor.execute("INSERT INTO pond.t VALUES (?, ?)", [thread, n])
            seen = cursor.execute("SELECT count(*) FROM pond.t WHERE thread = ?", [thread])
            assert seen.fetchone() == (n + 1,)

    def whole_rounds(thread):
        cursor = connection.cursor()
        for _ in range(5):
            one_round(cursor, pond, f"pond{thread}", f"own{thread}")

    in_threads(insert)
    in_threads(whole_rounds)
    assert connection.execute("SELECT count(*), count(DISTINCT (thread, n)) FROM pond.t"
                              ).fetchone() == (40, 40)
    for thread in range(4):
        assert connection.execute(f"SELECT count(*) FROM pond.own{thread}").fetchone() == (15,)
    connection.execute("DETACH pond")


if __name__ == "__main__":
    {"rounds": rounds, "threads": threads}[sys.argv[3]](sys.argv[1], sys.argv[2])
    print("done")
