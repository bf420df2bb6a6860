import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { errorCodes } from '../../../src/core/error-codes.ts';
import { InputError } from '../../../src/core/errors.ts';
import { collectExperiment } from '../../../src/experiments/queue/collect-runs.ts';
import { asQueueError, openDatabase, type Queue, queueUrl, shownUrl } from '../../../src/experiments/queue/database.ts';
import { migrations } from '../../../src/experiments/queue/migrations.ts';
import { queueStanding } from '../../../src/experiments/queue/queue-standing.ts';
import { prepareQueue, prepareUser, requireQueue, requireQueueOrRoom } from '../../../src/experiments/queue/schema.ts';
import { noServer, secrets } from './postgres-server.ts';
import { queueForEachTest, take } from './queue-fixture.ts';

// Who may do what with a queue, and of which version it is.

/** What neither workers nor submitters may do. */
const forbidden = (id: string) => [
  `UPDATE s3delta.cell SET content = '{}'`,
  'DELETE FROM s3delta.done',
  `INSERT INTO s3delta.done VALUES ('${id}', 0, '${id}', '{}')`,
  `INSERT INTO s3delta.file VALUES ('${id}', 'a', 'b', 0)`,
  'DELETE FROM s3delta.piece',
  'UPDATE s3delta.version SET version = 9',
  'UPDATE s3delta_boss.queue SET dead_letter = NULL',
  'UPDATE s3delta_boss.queue SET retry_limit = 0',
  'UPDATE s3delta_boss.version SET version = 1',
  `INSERT INTO s3delta_boss.queue (name) VALUES ('x')`,
  'CREATE SCHEMA mine',
  'CREATE TABLE s3delta.mine (x int)',
  'CREATE TABLE s3delta_boss.mine (x int)',
  'TRUNCATE s3delta_boss.job',
  'DROP TABLE s3delta.cell',
  'SELECT * FROM pg_authid',
  "COPY (SELECT 1) TO PROGRAM 'id'",
  "SELECT pg_read_file('/etc/passwd')",
];

describe('access to a queue', { skip: noServer() ?? false }, () => {
  const { here, submit, work } = queueForEachTest();

  test("a worker's user may take and give back cells, and nothing else", async () => {
    const [cell] = await submit('rights', [1]);
    const { id } = cell!;
    const refused = [
      ...forbidden(id),
      `INSERT INTO s3delta.cell (id, content, retries) VALUES (gen_random_uuid(), '{}', 0)`,
      `SELECT s3delta.revive('{${id}}')`,
      `SELECT s3delta.stop_cells('rights', '{${id}}')`,
    ];
    for (const sql of refused) await assert.rejects(here.anna.pool.query(sql), { code: '42501' }, sql);
    // Of a cell that it does not hold nothing is stored.
    await assert.rejects(here.anna.pool.query(`SELECT s3delta.put_file('${id}', 0, 'a', 'b', 0)`), { code: 'S3D01' });
    // What is done stays so, whatever it makes of the queue's rows.
    await work(here.anna);
    await here.anna.pool.query("UPDATE s3delta_boss.job SET state = 'active' WHERE id = $1", [id]);
    await assert.rejects(here.anna.pool.query(`SELECT s3delta.drop_file('${id}', 0, 'result.json')`), {
      code: 'S3D01',
    });
  });

  test("a submitter's user may submit, stop, try anew and collect, and nothing else", async () => {
    const password = decodeURIComponent(new URL(here.server.url('x').replace('@/', '@h/')).password);
    for (const name of ['sam', 'sam']) await prepareUser(here.owner, 'submitter', name, password);
    const sam = await openDatabase(here.server.url(here.database, 'sam'));
    try {
      await requireQueue(sam);
      const [cell] = await submit('sams', [1, 2], {}, sam);
      await submit('sams', [1, 2], { priority: 3 }, sam);
      const { id } = cell!;
      const refused = [
        ...forbidden(id),
        'UPDATE s3delta_boss.job SET priority = 0',
        'DELETE FROM s3delta_boss.job',
        'DELETE FROM s3delta.experiment',
        `SELECT s3delta.hold('${id}', 0)`,
        `SELECT s3delta.put_result('${id}', 0, '${id}', '{}')`,
        `SELECT s3delta.put_file('${id}', 0, 'a', 'b', 0)`,
        `SELECT s3delta.put_failure('${id}', 0, '${id}', 'x', 'failed', 0)`,
        `SELECT s3delta.see_worker('${id}', 'x', 'x', NULL, '{}')`,
      ];
      for (const sql of refused) await assert.rejects(sam.pool.query(sql), { code: '42501' }, sql);
      await assert.rejects(take(sam));
      // Fails for good, and is tried anew.
      await work(here.anna, {}, { failing: [2] });
      await submit('sams', [1, 2], {}, sam);
      await work(here.anna);
      const out = mkdtempSync(join(tmpdir(), 's3delta-sams-'));
      assert.equal((await collectExperiment(sam, 'sams', out)).brought, 2);
      assert.equal((await queueStanding(sam)).experiments[0]!.states.done, 2);
      // Stops what is its experiment's alone.
      await submit('anothers', [3]);
      await submit('both', [3, 4], {}, sam);
      const all = "SELECT s3delta.stop_cells('both', (SELECT array_agg(id) FROM s3delta.cell)) AS n";
      assert.equal((await sam.pool.query(all)).rows[0].n, 1);
      const { experiments } = await queueStanding(sam);
      assert.deepEqual(
        experiments.slice(1).map(({ states }) => [states.waiting, states.cancelled]),
        [
          [1, 0],
          [1, 1],
        ],
      );
    } finally {
      await sam.close();
    }
  });

  /** A queue as the first version made it. */
  async function plantFirstVersion({ inTransaction }: Queue): Promise<void> {
    await inTransaction(async client => {
      await client.query('DROP SCHEMA s3delta CASCADE; CREATE SCHEMA s3delta');
      await client.query('CREATE TABLE s3delta.version (one boolean PRIMARY KEY DEFAULT true, version int NOT NULL)');
      await client.query(migrations[0]!);
      await client.query('INSERT INTO s3delta.version (version) VALUES (1)');
    });
  }

  test('an older queue is refused with its remedy, and brought forward with all that is in it', async () => {
    await plantFirstVersion(here.owner);
    const [cell] = await submit('old', [1, 2]);
    await here.owner.pool.query(`INSERT INTO s3delta.failure VALUES ($1, 0, $1, 'once')`, [cell!.id]);
    await assert.rejects(requireQueue(here.owner), (error: InputError) => {
      assert.equal(error.code, 'queue-version');
      assert.match(error.message, /version 1, this program needs \d/);
      return /: s3delta queue$/.test(error.remedy!);
    });
    await prepareQueue(here.owner);
    await requireQueue(here.anna);
    assert.deepEqual(
      (await queueStanding(here.owner)).failures.map(({ kind, message }) => [kind, message]),
      [['failed', 'once']],
    );
    assert.equal((await work(here.anna)).done, 2);
    const out = mkdtempSync(join(tmpdir(), 's3delta-old-'));
    assert.equal((await collectExperiment(here.owner, 'old', out)).brought, 2);
  });

  test('a queue of this version is not touched when it is prepared again, by several at once', async () => {
    await submit('kept', [1]);
    await Promise.all([prepareQueue(here.owner), prepareQueue(here.owner), prepareQueue(here.owner)]);
    assert.equal((await work(here.anna)).done, 1);
  });

  test('what cannot be a queue is refused with its remedy, and no message holds the password', async () => {
    const refusals: [string, () => Promise<unknown>][] = [
      ['queue-refused', () => openDatabase(here.server.url(here.database).replace(/:[^@]*@/, ':wrong%20one@'))],
      ['queue-refused', () => openDatabase(here.server.url(here.database, 'nobody'))],
      ['missing-queue', () => openDatabase(here.server.url('nothing'))],
      ['queue-unreachable', () => openDatabase(here.server.url(here.database).replace(/host=.*/, 'host=/nowhere'))],
      ['unknown-value', async () => queueUrl('mysql://here')],
      ['missing-setting', async () => queueUrl(undefined)],
      ['password-in-argument', async () => queueUrl(here.server.url(here.database))],
    ];
    here.server.create('empty');
    const empty = await openDatabase(here.server.url('empty', 'anna'));
    refusals.push(['missing-queue', () => requireQueue(empty)], ['missing-queue', () => requireQueueOrRoom(empty)]);
    refusals.push([
      'queue-refused',
      () => prepareQueue(empty).catch(error => Promise.reject(asQueueError(error, empty.name))),
    ]);
    refusals.push([
      'queue-version',
      async () => {
        await here.owner.pool.query('UPDATE s3delta.version SET version = 99');
        await requireQueue(here.anna);
      },
    ]);
    refusals.push(['queue-version', () => prepareQueue(here.owner)]);
    for (const [code, refused] of refusals) {
      await assert.rejects(refused, (error: InputError) => {
        assert.ok(error instanceof InputError, `${code}: ${error}`);
        assert.equal(error.code, code);
        assert.ok(error.remedy !== undefined && code in errorCodes);
        for (const secret of secrets) assert.ok(!`${error.message} ${error.remedy}`.includes(secret));
        return true;
      });
    }
    assert.equal(shownUrl('postgres://anna:secret@db:5433/cells?sslmode=require'), 'postgres://anna@db:5433/cells');
    await empty.close();
  });
});
