# SPDX-License-Identifier: MIT
"""One DuckDB instance with its connections and the pond of one test file.

The first connection is called "" and the others as the records name them. Each uses the pond. A
connection apart from those detaches and attaches it, where a configuration wants that.
"""
import re

import duckdb
from harness import places

from .script import fill

BEGIN = re.compile(r"\s*(begin|start)\b", re.IGNORECASE)


class Instance:
    def __init__(self, config, variables):
        self.config = config
        self.variables = variables
        self.attached_before = False
        self.open()

    def open(self):
        self.connections = {}
        self.in_transaction = set()
        settings = {"allow_unsigned_extensions": "true", "threads": self.config.threads}
        self.own = duckdb.connect(":memory:", config=settings)
        if self.config.loads_extension:
            self.own.execute(f"LOAD '{places.EXTENSION}'")
        for statement in self.config.before_attach:
            self.own.execute(self.fill(statement))
        self.attach()

    def attach(self):
        self.own.execute(self.fill(self.config.attach))
        if self.attached_before:
            return
        self.attached_before = True
        for statement in self.config.after_attach:
            self.own.execute(self.fill(statement))

    def fill(self, text):
        return fill(text, self.variables)

    def connection(self, name):
        if name not in self.connections:
            connection = self.own.cursor()
            connection.execute("USE pond")
            self.connections[name] = connection
        return self.connections[name]

    def after(self, name, sql):
        """Notes what a record did to its connection's transaction; detaches and attaches the pond if
        the configuration wants that between records and nobody is in a transaction."""
        for statement in statements_of(sql):
            if statement.type == duckdb.StatementType.TRANSACTION:
                begins = BEGIN.match(statement.query)
                (self.in_transaction.add if begins else self.in_transaction.discard)(name)
        if self.config.reattach and not self.in_transaction:
            self.own.execute("DETACH DATABASE IF EXISTS pond")
            self.attach()

    def lists(self):
        """How many LIST requests the pond was sent since it was attached; 0 if it is not any more."""
        try:
            return self.own.execute("SELECT lists FROM pond.pond_cost()").fetchone()[0]
        except duckdb.Error:
            return 0

    def reconnect(self):
        for connection in self.connections.values():
            connection.close()
        self.connections = {}
        self.in_transaction = set()

    def close(self):
        self.reconnect()
        self.own.close()

    def restart(self):
        self.close()
        self.open()


def statements_of(sql):
    try:
        return duckdb.extract_statements(sql)
    except duckdb.Error:
        return []
