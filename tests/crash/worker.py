# SPDX-License-Identifier: MIT
"""One writing process of the crash test: commits, and tells what it was told.

    worker.py EXTENSION URL WRITER SEED

Prints "ready", then for each transaction "try N" before it begins and "done N" once COMMIT has
returned; "unknown N" if COMMIT could not say. What transaction N holds follows from SEED, WRITER and
N alone (see `plan`), so the check needs no word from a process that was killed. Ends after the
transaction under way when its stdin closes.
"""
import random
import select
import sys

SIZES = (1, 1, 1, 1, 5, 5, 40, 400)  # rows: most are inlined in the log, the largest become files
PAYLOAD_BYTES = 90

SCHEMA = ("CREATE TABLE plain (writer INTEGER, txn INTEGER, n INTEGER, payload VARCHAR)",
          "CREATE TABLE keyed (id VARCHAR PRIMARY KEY, writer INTEGER, txn INTEGER)")


def plan(seed, writer, txn):
    """(rows, payload of a row): what transaction `txn` of a writer puts into both tables."""
    draw = random.Random(f"{seed}/{writer}/{txn}")
    return draw.choice(SIZES), "%0*x" % (PAYLOAD_BYTES, draw.getrandbits(4 * PAYLOAD_BYTES))


def statements(seed, writer, txn):
    """Two tables in one transaction; the table without a key would show a row that came twice."""
    count, payload = plan(seed, writer, txn)
    return (f"INSERT INTO plain SELECT {writer}, {txn}, n, '{payload}' || n FROM range({count}) r(n)",
            f"INSERT INTO keyed SELECT '{writer}/{txn}/' || n, {writer}, {txn} FROM range({count}) r(n)")


def say(*words):
    print(*words, flush=True)


def told_to_stop():
    return bool(select.select([sys.stdin], [], [], 0)[0])


def commit(connection, seed, writer, txn):
    say("try", txn)
    connection.execute("BEGIN")
    for sql in statements(seed, writer, txn):
        connection.execute(sql)
    try:
        connection.execute("COMMIT")
    except Exception as error:  # pylint: disable=broad-except
        if "Unknown outcome" not in str(error):
            raise
        say("unknown", txn)
        return
    say("done", txn)


def main(extension, url, writer, seed):
    import duckdb

    connection = duckdb.connect(":memory:", config={"allow_unsigned_extensions": "true", "threads": "1"})
    connection.load_extension(extension)
    connection.execute(f"ATTACH 'duckpond:{url}' AS pond")
    connection.execute("USE pond")
    say("ready")
    txn = 0
    while not told_to_stop():
        commit(connection, seed, writer, txn)
        txn += 1
    connection.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
