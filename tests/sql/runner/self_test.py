# SPDX-License-Identifier: MIT
"""The runner's own test, run before each suite: what is wrong in a file must fail it.

It plays small files on plain DuckDB. A runner that lets one of the bad ones pass ends the suite.
"""
import pathlib
import sys

from . import configurations, player

GOOD = """statement ok
CREATE TABLE t (a INTEGER, b VARCHAR)

foreach b x '' y
loop i 0 3

query I
INSERT INTO t VALUES (${i}, '${b}')
----
1

endloop
endloop

query IT rowsort
SELECT a, b FROM t WHERE a < 1 UNION ALL SELECT NULL, 'two\twords'
----
0\t(empty)
0\tx
0\ty
NULL\ttwo\\twords

query T
SELECT {'d': DATE '2024-02-29', 'n': NULL, 'l': [1.5, 'nan'::DOUBLE]}
----
{'d': 2024-02-29, 'n': NULL, 'l': [1.5, nan]}

statement error
SELECT * FROM nowhere
----
Catalog Error: Table with name nowhere does not exist

statement ok con1
BEGIN

statement ok con1
INSERT INTO t VALUES (9, 'z')

query I
SELECT count(*) FROM t WHERE a = 9
----
0

statement ok con1
COMMIT

restart

query I con1
SELECT count(*) FROM t WHERE a = 9
----
1

onlyif nothing no configuration has it
statement ok
this is not run

query I nosort same
SELECT 1

query I nosort same
SELECT 1

random 1 5
"""

# What must fail, and what the failure says.
BAD = {
    "query I\nSELECT 1\n----\n2\n": "expected:\n    2\n  got:\n    1",
    "query I\nSELECT 1 WHERE false\n----\n1\n": "expected:\n    1\n  got:",
    "query I\nSELECT 1\n----\n1\n1\n": "expected:",
    "query I\nSELECT 1, 2\n----\n1\t2\n": "expected 1 columns, got 2",
    "query I\nSELECT nothing\n----\n1\n": "got the error:",
    "query I nosort l\nSELECT 1\n\nquery I nosort l\nSELECT 2\n": "as at label l",
    "query I\nSELECT 1\n": "needs ---- or a label",
    "query Q\nSELECT 1\n----\n1\n": "columns are I, T or R",
    "statement ok\nSELECT * FROM nowhere\n": "got the error:",
    "statement ok con\nSELECT 1\n": "not a connection",
    "statement ok\n\nSELECT 1\n": "a record without SQL",
    "statement error\nSELECT * FROM nowhere\n----\nParser Error\n": "expected the error:",
    "statement error\nSELECT 1\n----\nanything\n": "got none",
    "statement error\nSELECT * FROM nowhere\n": "must say which error",
    "statement perhaps\nSELECT 1\n": "unknown directive",
    "sleep 1\n": "unknown directive",
    "random 1\n": "unknown directive",
    "statement ok\nCREATE TABLE random_t (a INTEGER)\n\nrandom 1 1\n": "as of temporary tables:",
    "statement ok\nCREATE TEMP TABLE random_t (a INTEGER)\n\nrandom 1 1\n": "as of temporary tables:",
    "require nothing\n": "<reason in words>",
    "loop i 0 3\n\nstatement ok\nSELECT 1\n": "without endloop",
    "endloop\n": "endloop without a loop",
    "loop i 0 0\n\nstatement ok\nSELECT 1\n\nendloop\n": "a loop over nothing",
    "# only words\n": "no record was run",
    "skipif plain it is skipped\nstatement ok\nSELECT 1\n": "no record was run",
}


def check(scratch):
    folder = pathlib.Path(scratch) / "self-test"
    folder.mkdir()
    config = configurations.load(["plain"])[0]

    def outcome(number, text):
        path = folder / f"{number}.test"
        path.write_text(text, encoding="utf-8")
        return player.play(path, config, scratch, {})

    good = outcome("good", GOOD)
    if good.failures or good.records != 31 or len(good.skipped_records) != 1:
        sys.exit("the runner fails what is right: " + "\n".join(good.failures or [repr(good)]))
    for number, (text, expected) in enumerate(BAD.items()):
        failures = "\n".join(outcome(number, text).failures)
        if expected not in failures:
            sys.exit(f"the runner accepts what is wrong:\n{text}\nexpected a failure with: "
                     f"{expected}\ngot: {failures or 'none'}")
