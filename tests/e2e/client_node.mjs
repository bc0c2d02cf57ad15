// SPDX-License-Identifier: MIT
// A stock Node DuckDB using a pond: client_node.mjs EXTENSION POND rounds|threads
import assert from 'node:assert';
import { DuckDBInstance } from '@duckdb/node-api';

const [extension, pond, what] = process.argv.slice(2);

async function connect() {
  const instance = await DuckDBInstance.create(':memory:', { allow_unsigned_extensions: 'true' });
  const connection = await instance.connect();
  await connection.run(`LOAD '${extension}'`);
  return [instance, connection];
}

async function rows(connection, sql) {
  return (await connection.runAndReadAll(sql)).getRows();
}

async function oneRound(connection, name = 'pond', table = 't') {
  const run = (sql) => connection.run(sql);
  const place = `${name}.${table}`;
  await run(`ATTACH 'duckpond:${pond}' AS ${name}`);
  await run(`CREATE TABLE IF NOT EXISTS ${place} (id INTEGER PRIMARY KEY, who VARCHAR)`);
  const [[first]] = await rows(connection, `SELECT coalesce(max(id), 0) + 1 FROM ${place}`);
  await run(`INSERT INTO ${place} VALUES (${first}, 'a'), (${first + 1}, 'b')`);
  const second = await rows(connection, `SELECT who FROM ${place} WHERE id = ${first + 1}`);
  assert.deepEqual(second, [['b']]);
  await run('BEGIN');
  await run(`INSERT INTO ${place} VALUES (${first + 2}, 'never')`);
  await run('ROLLBACK');
  assert.deepEqual(await rows(connection, `FROM ${place} WHERE id = ${first + 2}`), []);
  await run('BEGIN');
  await run(`INSERT INTO ${place} VALUES (${first + 2}, 'c')`);
  await run('COMMIT');
  await assert.rejects(run(`INSERT INTO ${place} VALUES (${first}, 'again')`), /uplicate key/);
  await run(`DETACH ${name}`);
}

async function rounds() {
  for (let i = 0; i < 5; ++i) {
    const [instance, connection] = await connect();
    for (let j = 0; j < 5; ++j) await oneRound(connection);
    connection.closeSync();
    instance.closeSync();
  }
}

// Connections of one instance run on the threads of Node's pool. All insert into one table; then
// each attaches the pond under a name of its own, works and detaches it.
async function threads() {
  const [instance, connection] = await connect();
  await connection.run(`ATTACH 'duckpond:${pond}' AS pond`);
  await connection.run('CREATE TABLE pond.t (thread INTEGER, n INTEGER)');
  await Promise.all([0, 1, 2, 3].map(async (thread) => {
    const own = await instance.connect();
    for (let n = 0; n < 10; ++n) await own.run(`INSERT INTO pond.t VALUES (${thread}, ${n})`);
    for (let n = 0; n < 5; ++n) await oneRound(own, `pond${thread}`, `own${thread}`);
    own.closeSync();
  }));
  assert.deepEqual(await rows(connection, 'SELECT count(*), count(DISTINCT (thread, n)) FROM pond.t'),
                   [[40n, 40n]]);
  for (const thread of [0, 1, 2, 3]) {
    assert.deepEqual(await rows(connection, `SELECT count(*) FROM pond.own${thread}`), [[15n]]);
  }
  await connection.run('DETACH pond');
}

await { rounds, threads }[what]();
console.log('done');
