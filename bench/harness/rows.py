# SPDX-License-Identifier: MIT
"""The table that duckpond and its peers are measured with: about 140 bytes a row, hard to compress.

Every value is a hash of the seed and the row's number, so that a key can be named without a look
into the table.
"""
ROWS = 500_000

COLUMNS = "id {key} PRIMARY KEY, number BIGINT, payload BLOB, ratio DOUBLE, moment TIMESTAMP"


def columns(key_type):
    return COLUMNS.format(key=key_type)


def key(seed, number):
    """SQL for the key of a row: the hash as a UUID's text."""
    digest = f"md5('{seed}.' || {number})"
    parts = [f"substr({digest}, {start}, {size})"
             for start, size in ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))]
    return " || '-' || ".join(parts)


def select(seed, count, first=0):
    """A query that makes `count` rows from number `first` on; the key is text, cast by the table."""
    payload = " || ".join(f"sha256('{part}.{seed}.' || i)" for part in range(4))
    return (f"SELECT {key(seed, 'i')} AS id, i * 7919 AS number, "
            f"unhex(left({payload}, 200)) AS payload, "
            f"(hash('r.{seed}.' || i) % 1000000007) / 1000.0 AS ratio, "
            f"TIMESTAMP '2024-01-01' + to_milliseconds((i * 86399) % 63072000000) AS moment "
            f"FROM range({first}, {first + count}) AS numbers(i)")
