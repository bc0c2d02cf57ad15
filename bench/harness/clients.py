# SPDX-License-Identifier: MIT
"""duckpond and what a user would take instead, behind the same few operations, each in a process.

    python -m harness.clients NAME PLACE

Imports and extensions are loaded before it prints "ready"; then each line of JSON on stdin,
{"do": operation, "with": [arguments]}, is answered by one on stdout: {"ms", "answer"}, or {"error"}.
Only the client's own work is between the clocks.

PLACE is JSON: "port" of the S3 server (or of the meter before it), "folder" for what a client keeps on
this machine, and for raw DuckDB "sources": what stands behind FROM for each table.

Tables: `t` (rows.py's, moments over one year), `events` (writer, number, text), and `many`
(id, name, number), which is made of many small files that lie in the bucket already, but for duckpond.
"""
import importlib.util
import json
import logging
import pathlib
import re
import sys
import time
import uuid

from . import rows, servers

BUCKET = f"s3://{servers.BUCKET}"
MANY_ROWS_PER_FILE = 10
MANY_PER_TRANSACTION = 500
COLUMNS = {"t": rows.columns("VARCHAR"), "events": "writer INT, number INT, text VARCHAR",
           "many": "id BIGINT PRIMARY KEY, name VARCHAR, number DOUBLE"}


def year_of_rows(seed, count, first=0, total=None):
    """rows.select, with its moments spread over 2024, in the rows' order."""
    return (f"SELECT * REPLACE (TIMESTAMP '2024-01-01' + to_milliseconds("
            f"number // 7919 * 31536000000 // {total or count}) AS moment) "
            f"FROM ({rows.select(seed, count, first)})")


def extension(name):
    """The file of an official extension that came from PyPI."""
    package = importlib.util.find_spec(f"duckdb_extension_{name}")
    return next(pathlib.Path(package.origin).parent.rglob(f"{name}.duckdb_extension"))


class DuckDB:
    """What the three clients that speak SQL have in common; a table is known by `source`."""

    def __init__(self, place):
        self.place = place

    def _connect(self, *extensions):
        import duckdb

        self.connection = duckdb.connect()
        for name in extensions:
            self.connection.load_extension(str(extension(name)))
        self._secret()

    def _secret(self):
        self.connection.execute(
            f"CREATE SECRET (TYPE s3, KEY_ID '{servers.KEY}', SECRET '{servers.SECRET}', "
            f"REGION '{servers.REGION}', ENDPOINT '127.0.0.1:{self.place['port']}', "
            f"URL_STYLE 'path', USE_SSL false)")

    def source(self, table):
        return table

    def _rows(self, sql, parameters=None):
        return self.connection.execute(sql, parameters).fetchall()

    def open(self, table):
        pass

    def load(self, table, parquet):
        self._rows(f"CREATE TABLE {table} ({self.columns(table)})")
        if parquet:
            self._rows(f"INSERT INTO {table} FROM read_parquet('{parquet}')")

    def columns(self, table):
        return COLUMNS[table]

    def insert(self, table, values):
        self._rows(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)

    def select(self, table, key):
        """All columns of the row; the answer is its number."""
        found = self.connection.execute(f"SELECT * FROM {self.source(table)} WHERE id = ?", [key])
        place = [column[0] for column in found.description].index("number")
        return [row[place] for row in found.fetchall()]

    def day(self, table, first, end):
        return list(self._rows(f"SELECT count(*), sum(number)::BIGINT FROM {self.source(table)} "
                               f"WHERE moment >= '{first}' AND moment < '{end}'")[0])

    def count(self, table):
        return self._rows(f"SELECT count(*) FROM {self.source(table)}")[0][0]


class Duckpond(DuckDB):
    def __init__(self, place):
        from . import session

        super().__init__(place)
        self.session = session
        self.connection = session.connect()

    def _url(self, table):
        """`many` has a pond of its own, which alone keeps no rows in its log."""
        return f"{BUCKET}/pond-{'many' if table == 'many' else 'all'}"

    def create(self):
        for table in ("t", "many"):
            self.session.run_program(["create", self._url(table)])

    def open(self, table):
        self.connection.execute(f"ATTACH 'duckpond:{self._url(table)}' AS pond")
        self.connection.execute("USE pond")

    def files(self, table):
        return [f"{self._url(table)}/{row[0]}"
                for row in self._rows(f"SELECT path FROM pond.list_files('{table}')")]

    def register(self, table, count):
        """As many files, each from an insert of its own: files are not taken over."""
        self.open(table)
        self._rows("CALL pond.set_option('inline_bytes', 0)")
        self.load(table, None)
        for first in range(0, count, MANY_PER_TRANSACTION):
            self._rows("BEGIN")
            for number in range(first, min(first + MANY_PER_TRANSACTION, count)):
                self._rows(f"INSERT INTO {table} SELECT i, 'name ' || i, i / 7 FROM range("
                           f"{number * MANY_ROWS_PER_FILE}, {(number + 1) * MANY_ROWS_PER_FILE}) r(i)")
            self._rows("COMMIT")
        return len(self.files(table))


class Raw(DuckDB):
    """DuckDB with httpfs and no table format: it reads the files that `sources` names, and writes a new
    file for each insert."""

    def __init__(self, place):
        super().__init__(place)
        self._connect("httpfs")

    def source(self, table):
        return self.place["sources"][table]

    def load(self, table, parquet):
        self.insert(table, [0, 0, "the file that says what the columns are"])

    def insert(self, table, values):
        names = [column.split()[0] for column in COLUMNS[table].split(", ")]
        types = [column.split()[1] for column in COLUMNS[table].split(", ")]
        row = ", ".join(f"?::{kind} AS {name}" for name, kind in zip(names, types))
        self._rows(f"COPY (SELECT {row}) TO '{BUCKET}/raw/{table}/{uuid.uuid4()}.parquet' "
                   "(FORMAT parquet)", values)


class DuckLake(DuckDB):
    """Its catalog is a DuckDB file on this machine."""

    def __init__(self, place):
        super().__init__(place)
        self._connect("httpfs", "ducklake")

    def open(self, table):
        catalog = pathlib.Path(self.place["folder"]) / "lake.ducklake"
        self._rows(f"ATTACH 'ducklake:{catalog}' AS lake (DATA_PATH '{BUCKET}/ducklake/')")
        self._rows("USE lake")

    def create(self):
        pass

    def columns(self, table):
        return COLUMNS[table].replace(" PRIMARY KEY", "")

    def register(self, table, count):
        self.open(table)
        self.load(table, None)
        self._rows(f"CALL ducklake_add_data_files('lake', '{table}', '{BUCKET}/many/*.parquet')")
        return self._rows(f"SELECT count(*) FROM ducklake_list_files('lake', '{table}')")[0][0]


class Arrow:
    """What the clients that take Arrow tables have in common."""

    def __init__(self, place):
        import pyarrow

        self.place, self.table, self.newest = place, None, True
        self.arrow = pyarrow
        integer, text, real = pyarrow.int64(), pyarrow.string(), pyarrow.float64()
        self.schemas = {
            "t": pyarrow.schema([("id", text), ("number", integer), ("payload", pyarrow.binary()),
                                 ("ratio", real), ("moment", pyarrow.timestamp("us"))]),
            "events": pyarrow.schema([("writer", pyarrow.int32()), ("number", pyarrow.int32()),
                                      ("text", text)]),
            "many": pyarrow.schema([("id", integer), ("name", text), ("number", real)])}

    def _one_row(self, table, values):
        schema = self.schemas[table]
        return self.arrow.table([[value] for value in values], schema=schema)

    def _refresh(self):
        """What is read is the newest version, as duckpond's default and DuckLake's only choice is."""
        if not self.newest:
            self._look()
        self.newest = False

    def create(self):
        pass


class DeltaRs(Arrow):
    def __init__(self, place):
        import deltalake
        import deltalake.transaction

        super().__init__(place)
        self.delta = deltalake
        self.options = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{place['port']}",
                        "AWS_ACCESS_KEY_ID": servers.KEY, "AWS_SECRET_ACCESS_KEY": servers.SECRET,
                        "AWS_REGION": servers.REGION, "AWS_ALLOW_HTTP": "true"}

    def _url(self, table):
        return f"{BUCKET}/many" if table == "many" else f"{BUCKET}/delta/{table}"

    def open(self, table):
        self.table = self.delta.DeltaTable(self._url(table), storage_options=self.options)
        self.newest = True

    def _look(self):
        self.table.update_incremental()

    def load(self, table, parquet):
        if not parquet:
            self.delta.DeltaTable.create(self._url(table), self.schemas[table],
                                         storage_options=self.options)
            return
        from pyarrow import parquet as files

        self.delta.write_deltalake(self._url(table), files.read_table(parquet),
                                   storage_options=self.options)

    def insert(self, table, values):
        self.delta.write_deltalake(self.table, self._one_row(table, values), mode="append")

    def _query(self, table, sql):
        self._refresh()
        answer = self.delta.QueryBuilder().register(table, self.table).execute(sql).read_all()
        return self.arrow.table(answer)

    def select(self, table, key):
        literal = f"'{key}'" if isinstance(key, str) else key
        return self._query(table, f"SELECT * FROM {table} WHERE id = {literal}")["number"].to_pylist()

    def day(self, table, first, end):
        found = self._query(table, f"SELECT count(*), sum(number) FROM {table} WHERE "
                            f"moment >= TIMESTAMP '{first}' AND moment < TIMESTAMP '{end}'")
        return [column[0].as_py() for column in found.columns]

    def count(self, table):
        return self._query(table, f"SELECT count(*) FROM {table}").column(0)[0].as_py()

    def register(self, table, count):
        """Add actions written as they stand in Delta's log, then a checkpoint."""
        schema = self.schemas[table]
        made = self.delta.DeltaTable.create(self._url(table), schema, storage_options=self.options)
        sizes = json.loads((pathlib.Path(self.place["folder"]) / "many.json").read_text())
        actions = []
        for number in range(count):
            first = number * MANY_ROWS_PER_FILE
            last = first + MANY_ROWS_PER_FILE - 1
            stats = {"numRecords": MANY_ROWS_PER_FILE, "minValues": {"id": first},
                     "maxValues": {"id": last}, "nullCount": {"id": 0}}
            actions.append(self.delta.transaction.AddAction(
                f"{number:05}.parquet", sizes[number], {}, 0, True, json.dumps(stats)))
        made.create_write_transaction(actions, "append", schema)
        made.update_incremental()
        made.create_checkpoint()
        return len(made.file_uris())


class PyIceberg(Arrow):
    """Its catalog is an SQLite file on this machine."""

    def __init__(self, place):
        import pyiceberg.catalog
        import pyiceberg.io.pyarrow  # noqa: F401 - else it is imported by the first request
        import pyiceberg.table

        super().__init__(place)
        logging.getLogger("pyiceberg").setLevel(logging.ERROR)  # else each repeated commit is a line
        self.iceberg, self.name = pyiceberg, "bench"

    def _catalog(self):
        folder = pathlib.Path(self.place["folder"])
        return self.iceberg.catalog.load_catalog(
            "bench", type="sql", uri=f"sqlite:///{folder / 'iceberg.sqlite'}",
            warehouse=f"{BUCKET}/iceberg",
            **{"py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
               "s3.endpoint": f"http://127.0.0.1:{self.place['port']}",
               "s3.access-key-id": servers.KEY, "s3.secret-access-key": servers.SECRET,
               "s3.region": servers.REGION})

    def create(self):
        self._catalog().create_namespace(self.name)

    def open(self, table):
        self.table = self._catalog().load_table(f"{self.name}.{table}")
        self.newest = True

    def _look(self):
        self.table.refresh()

    def load(self, table, parquet):
        made = self._catalog().create_table(f"{self.name}.{table}", self.schemas[table])
        if parquet:
            from pyarrow import parquet as files

            made.append(files.read_table(parquet).cast(self.schemas[table]))

    def insert(self, table, values):
        self._refresh()
        self.table.append(self._one_row(table, values))

    def select(self, table, key):
        from pyiceberg.expressions import EqualTo

        self._refresh()
        return self.table.scan(row_filter=EqualTo("id", key)).to_arrow()["number"].to_pylist()

    def day(self, table, first, end):
        from pyarrow import compute
        from pyiceberg.expressions import And, GreaterThanOrEqual, LessThan

        self._refresh()
        inside = And(GreaterThanOrEqual("moment", f"{first}T00:00:00"),
                     LessThan("moment", f"{end}T00:00:00"))
        found = self.table.scan(row_filter=inside, selected_fields=("number",)).to_arrow()
        return [found.num_rows, compute.sum(found["number"]).as_py()]

    def count(self, table):
        self._refresh()
        return self.table.scan().count()

    def register(self, table, count):
        made = self._catalog().create_table(f"{self.name}.{table}", self.schemas[table])
        made.add_files([f"{BUCKET}/many/{number:05}.parquet" for number in range(count)],
                       check_duplicate_files=False)
        return len(made.inspect.files())


CLIENTS = {"duckpond": Duckpond, "raw": Raw, "ducklake": DuckLake, "delta-rs": DeltaRs,
           "pyiceberg": PyIceberg}


def failure(error):
    """One line of an exception, without the names that would make each one another."""
    line = f"{type(error).__name__}: {error}".splitlines()[0]
    return re.sub(r"'[^']*/[^']*'|\"[^\"]*/[^\"]*\"", "…", line)[:200]


def row_of_t(seed, number, total):
    """Values of one row of `t`."""
    import duckdb

    return list(duckdb.sql(year_of_rows(seed, 1, number, total)).fetchone())


def commits(client, writer, count):
    """`count` inserts of one row each by one process; an error is counted, and passed over."""
    acknowledged, errors, times = 0, {}, []
    started = time.perf_counter()
    for number in range(count):
        one = time.perf_counter()
        try:
            client.insert("events", [writer, number, "a small event"])
            acknowledged += 1
            times.append((time.perf_counter() - one) * 1000)
        except Exception as caught:  # pylint: disable=broad-except
            message = failure(caught)
            errors[message] = errors.get(message, 0) + 1
    return {"acknowledged": acknowledged, "errors": errors, "times_ms": times,
            "seconds": time.perf_counter() - started}


def perform(client, operation, arguments):
    """(milliseconds, answer)"""
    if operation == "insert t":
        operation, arguments = "insert", ["t", row_of_t(*arguments)]
    started = time.perf_counter()
    if operation == "commits":
        answer = commits(client, *arguments)
    else:
        answer = getattr(client, operation)(*arguments)
    return (time.perf_counter() - started) * 1000, answer


def main(name, place):
    client = CLIENTS[name](json.loads(place))
    print("ready", flush=True)
    for line in sys.stdin:
        wish = json.loads(line)
        try:
            milliseconds, answer = perform(client, wish["do"], wish["with"])
            said = {"ms": milliseconds, "answer": answer}
        except Exception as caught:  # pylint: disable=broad-except
            said = {"error": failure(caught)}
        print(json.dumps(said, default=str), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
