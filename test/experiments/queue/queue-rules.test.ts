import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { errorCodes } from '../../../src/core/error-codes.ts';
import { InputError } from '../../../src/core/errors.ts';
import { inChild } from '../../../src/experiments/executors/child-processes.ts';
import { bringBack } from '../../../src/experiments/queue/collect-runs.ts';
import {
  asQueueError,
  openDatabase,
  type Queue,
  queueNames,
  queueUrl,
  shownUrl,
} from '../../../src/experiments/queue/database.ts';
import { idOf } from '../../../src/experiments/queue/packed-cell.ts';
import { queueStanding } from '../../../src/experiments/queue/queue-standing.ts';
import { workOnQueue } from '../../../src/experiments/queue/queue-worker.ts';
import { storeRun } from '../../../src/experiments/queue/run-pieces.ts';
import { prepareQueue, requireQueue, requireQueueOrRoom } from '../../../src/experiments/queue/schema.ts';
import { type SubmittedCell, submitCells } from '../../../src/experiments/queue/submit-cells.ts';
import { tinyModel, workspace } from '../../cli/support.ts';
import { noServer, type PostgresServer, secrets, startPostgres } from './postgres-server.ts';
import { type Simulation, simulatedCell, simulatedRunner, simulatedSubmission } from './simulated-cells.ts';

describe('the rules of a queue', { skip: noServer() ?? false }, () => {
  let server: PostgresServer;
  let owner: Queue;
  let anna: Queue;
  let database = 'rules0';
  const space = workspace();
  const models = join(tinyModel, '..');

  before(() => {
    server = startPostgres();
  });
  after(() => server.remove());
  let number = 0;
  beforeEach(async () => {
    database = `rules${number++}`;
    server.create(database);
    owner = await openDatabase(server.url(database));
    await prepareQueue(owner);
    const url = number === 1 ? server.user('anna', database, queueNames.role) : server.url(database, 'anna');
    anna = await openDatabase(url, { superviseSeconds: 1 });
  });
  afterEach(async () => {
    await Promise.all([anna.close(), owner.close()]);
  });

  const submit = async (name: string, seeds: readonly number[], options = {}): Promise<SubmittedCell[]> => {
    const cells = await Promise.all(seeds.map(seed => simulatedSubmission(seed, space.task)));
    await submitCells(owner, { name, priority: 0, retries: 1, leaseSeconds: 10, ...options }, cells);
    return cells;
  };
  const work = (
    queue: Queue,
    options: Partial<Parameters<typeof workOnQueue>[1]> = {},
    simulation: Partial<Simulation> = {},
  ) => {
    const said: string[] = [];
    const runner = () => simulatedRunner({ steps: 3, stepMilliseconds: 1, ...simulation });
    return workOnQueue(queue, {
      ...{ runner, allowed: { folders: [space.folder, models], hub: false }, signal: new AbortController().signal },
      ...{
        tell: text => void said.push(text),
        untilEmpty: true,
        pollSeconds: 0.2,
        checkpointSeconds: 0.05,
        ...options,
      },
    }).then(outcome => ({ ...outcome, said }));
  };
  const take = async (queue: Queue) =>
    (await (await queue.boss()).fetch(queueNames.cells, { includeMetadata: true }))[0]!;

  test('a worker whose cell another has taken over can write nothing of it', async () => {
    const [cell] = await submit('fence', [1]);
    const folder = mkdtempSync(join(tmpdir(), 's3delta-fence-'));
    writeFileSync(join(folder, 'result.json'), 'stale');
    const first = await take(anna);
    const stale = { id: first.id, attempt: first.retryCount };
    assert.equal(first.id, cell!.id);
    // The lease passes by the clock of the database.
    await owner.pool.query("UPDATE s3delta_boss.job SET heartbeat_on = now() - interval '1 hour' WHERE id = $1", [
      first.id,
    ]);
    const boss = await anna.boss();
    await boss.supervise(queueNames.cells);
    await owner.pool.query('UPDATE s3delta_boss.job SET start_after = now() WHERE id = $1', [first.id]);
    const second = await take(anna);
    assert.deepEqual([second.id, second.retryCount], [first.id, first.retryCount + 1]);
    const store = (attempt: number) =>
      anna.inTransaction(client => storeRun(client, { id: first.id, attempt }, folder, new Map()));
    await assert.rejects(store(stale.attempt), { code: 'S3D01' });
    const put = 'SELECT s3delta.put_result($1, $2, $1, $3)';
    await assert.rejects(anna.pool.query(put, [stale.id, stale.attempt, '{}']), { code: 'S3D01' });
    assert.equal(
      ((await boss.complete(queueNames.cells, { id: stale.id, retryCount: 0 })) as { affected: number }).affected,
      0,
    );
    writeFileSync(join(folder, 'result.json'), 'fresh');
    await store(second.retryCount);
    const stored = await owner.pool.query('SELECT data FROM s3delta.piece WHERE cell = $1', [first.id]);
    assert.deepEqual(
      stored.rows.map(row => String(row.data)),
      ['fresh'],
    );
  });

  test('a drained worker gives its cell back with its state, and no retry is spent', async () => {
    await submit('drain', [1], { retries: 0 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1500);
    const { said } = await work(anna, { signal: stop.signal }, { steps: 40, stepMilliseconds: 100 });
    assert.match(said.join('\n'), /given back, its state saved/);
    const log = join(space.folder, 'drain-log');
    const { done } = await work(anna, {}, { steps: 40, stepMilliseconds: 1, log });
    assert.equal(done, 1);
    assert.ok(Number(readFileSync(log, 'utf8').split(' ')[1]) > 3);
  });

  test('a model that a worker lacks, or has otherwise, is refused with the reason, and another does the cell', async () => {
    await submit('lacks', [1]);
    const elsewhere = mkdtempSync(join(tmpdir(), 's3delta-other-'));
    cpSync(tinyModel, join(elsewhere, 'tiny-t5'), { recursive: true });
    cpSync(join(tinyModel, 'config.json'), join(elsewhere, 'tiny-t5', 'tokenizer_config.json'));
    const poor = new AbortController();
    const refusing = work(anna, {
      allowed: { folders: [space.folder, elsewhere], hub: false },
      signal: poor.signal,
      untilEmpty: false,
    });
    await until(async () => (await queueStanding(owner)).failures.length > 0);
    const [failure] = (await queueStanding(owner)).failures;
    assert.match(failure!.message, /model .*tiny-t5 is another here: its files have other hashes/);
    assert.equal(failure!.state, 'waiting');
    // Under another path, but the same.
    const copies = mkdtempSync(join(tmpdir(), 's3delta-same-'));
    cpSync(tinyModel, join(copies, 'tiny-t5'), { recursive: true });
    const { done, said } = await work(owner, { allowed: { folders: [space.folder, copies], hub: false } });
    poor.abort();
    const { said: refused } = await refusing;
    assert.deepEqual([done, said.filter(text => /refused/.test(text))], [1, []]);
    assert.match(refused.join('\n'), /refused: model/);
  });

  test('a worker of another version refuses a cell', async () => {
    await submit('version', [1]);
    await owner.pool.query(`UPDATE s3delta.cell SET content = jsonb_set(content, '{program}', '"99.0.0"')`);
    const stop = new AbortController();
    const working = work(anna, { signal: stop.signal });
    await until(async () => (await queueStanding(owner)).failures.length > 0);
    stop.abort();
    assert.equal((await working).done, 0);
    assert.match((await queueStanding(owner)).failures[0]!.message, /a cell of s3delta 99\.0\.0, and this worker is/);
  });

  test('experiments take turns, and a higher priority goes first', async () => {
    await submit('long', [0, 1, 2, 3, 4, 5]);
    assert.equal((await take(anna)).data === undefined, false);
    await submit('short', [10, 11]);
    await submit('urgent', [20], { priority: 3 });
    const order: string[] = [];
    for (let taken = 0; taken < 6; taken++) {
      const { id } = await take(anna);
      const { rows } = await owner.pool.query(
        'SELECT e.name FROM s3delta.member m JOIN s3delta.experiment e ON e.id = m.experiment WHERE m.cell = $1',
        [id],
      );
      order.push(rows[0].name);
    }
    assert.equal(order[0], 'urgent');
    assert.deepEqual(order.slice(1, 5).toSorted(), ['long', 'long', 'short', 'short']);
    assert.equal(order[5], 'long');
  });

  test('a cell of two experiments is done once, and one that failed for good is tried anew when submitted again', async () => {
    await submit('one', [1, 2]);
    await submit('two', [2, 3]);
    const first = await work(anna, {}, { failing: [3] });
    assert.deepEqual([first.done, first.failed], [2, 2]);
    const { experiments } = await queueStanding(owner);
    assert.deepEqual(
      experiments.map(({ name, cells, states }) => [name, cells, states.done, states.failed]),
      [
        ['one', 2, 2, 0],
        ['two', 2, 1, 1],
      ],
    );
    await submit('two', [2, 3]);
    assert.deepEqual((await work(anna)).done, 1);
    const { experiments: later, failures } = await queueStanding(owner);
    assert.deepEqual(
      later.map(({ states }) => states.done),
      [2, 2],
    );
    assert.deepEqual(failures, []);
  });

  test("a worker's user may take and give back cells, and nothing else", async () => {
    const [cell] = await submit('rights', [1]);
    const { id } = cell!;
    const refused = [
      `UPDATE s3delta.cell SET content = '{}'`,
      `INSERT INTO s3delta.cell (id, content, retries) VALUES (gen_random_uuid(), '{}', 0)`,
      'DELETE FROM s3delta.done',
      `INSERT INTO s3delta.done VALUES ('${id}', 0, '${id}', '{}')`,
      `INSERT INTO s3delta.file VALUES ('${id}', 'a', 'b', 0)`,
      `DELETE FROM s3delta.piece`,
      `UPDATE s3delta.version SET version = 9`,
      `UPDATE s3delta_boss.queue SET dead_letter = NULL`,
      `UPDATE s3delta_boss.queue SET retry_limit = 0`,
      `UPDATE s3delta_boss.version SET version = 1`,
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
    for (const sql of refused) await assert.rejects(anna.pool.query(sql), { code: '42501' }, sql);
    // Of a cell that it does not hold nothing is stored.
    await assert.rejects(anna.pool.query(`SELECT s3delta.put_file('${id}', 0, 'a', 'b', 0)`), { code: 'S3D01' });
    // What is done stays so, whatever it makes of the queue's rows.
    await work(anna);
    await anna.pool.query("UPDATE s3delta_boss.job SET state = 'active' WHERE id = $1", [id]);
    await assert.rejects(anna.pool.query(`SELECT s3delta.drop_file('${id}', 0, 'result.json')`), { code: 'S3D01' });
  });

  test('what a worker has stored is believed only as far as it can be a run', async () => {
    const [cell] = await submit('liar', [1]);
    const { id, retryCount: attempt } = await take(anna);
    const folder = mkdtempSync(join(tmpdir(), 's3delta-liar-'));
    for (const name of ['../evil', '/etc/evil', 'a/../../evil', '.hidden', 'a\\b']) {
      await assert.rejects(
        anna.pool.query('SELECT s3delta.put_file($1, $2, $3, $4, 0)', [id, attempt, name, '']),
        { code: '23514' },
        name,
      );
    }
    const piece = 'SELECT s3delta.put_piece($1, $2, $3, 0, $4, $5)';
    await assert.rejects(anna.pool.query(piece, [id, attempt, 'a', Buffer.alloc(32), Buffer.from('x')]), {
      code: 'S3D02',
    });
    mkdirSync(join(folder, 'checkpoint'));
    writeFileSync(join(folder, 'config.yaml'), '\n');
    writeFileSync(join(folder, 'result.json'), '{"score": "100"}');
    await anna.inTransaction(client => storeRun(client, { id, attempt }, folder, new Map()));
    const out = mkdtempSync(join(tmpdir(), 's3delta-believing-'));
    await assert.rejects(bringBack(owner, id, out, { cell: '', folder: 'films/run' }), /not the result of a run/);
    assert.ok(!existsSync(join(out, 'films/run')));
    // A piece that is not what was stored, as by a damaged disk.
    await owner.pool.query("UPDATE s3delta.piece SET data = 'other' WHERE cell = $1 AND path = 'result.json'", [
      cell!.id,
    ]);
    await assert.rejects(bringBack(owner, id, out, { cell: '', folder: 'films/run' }), /not what was stored/);
  });

  test('ten thousand cells are submitted in seconds, once, and the next of them is found by an index', async () => {
    const one = await simulatedSubmission(0, space.task);
    const many = Array.from({ length: 10_000 }, (_, seed): SubmittedCell => {
      const content = { ...one.content, settings: { ...one.content.settings, seed } };
      return { ...one, id: idOf(content), content, about: { cell: String(seed), folder: `run-${seed}` } };
    });
    const began = performance.now();
    for (const name of ['many', 'many', 'others']) {
      await submitCells(owner, { name, priority: 0, retries: 0, leaseSeconds: 10 }, many);
    }
    const { experiments } = await queueStanding(owner);
    assert.ok(performance.now() - began < 30_000);
    assert.deepEqual(
      experiments.map(({ name, cells, states }) => [name, cells, states.waiting]),
      [
        ['many', 10_000, 10_000],
        ['others', 10_000, 10_000],
      ],
    );
    const { rows } = await owner.pool.query(
      `EXPLAIN SELECT id FROM s3delta_boss.job WHERE name = 'cells' AND state < 'active' AND NOT blocked
         AND start_after <= now() ORDER BY priority DESC, created_on LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    const plan = rows.map(row => row['QUERY PLAN']).join('\n');
    assert.match(plan, /Index Scan/);
    assert.doesNotMatch(plan, /Seq Scan|Sort/);
  });

  test('the process that does runs does not get to see the queue', async () => {
    process.env.S3DELTA_QUEUE = server.url(database);
    const runner = inChild();
    try {
      const running = runner.run(simulatedCell(1, '/nowhere/task.yaml', '/nowhere'), {}).catch(() => {});
      const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
      assert.ok(children.length > 0 && children[0] !== '');
      await running;
      for (const child of children) {
        const seen = readFileSync(`/proc/${child}/environ`, 'utf8');
        assert.ok(seen.includes('PATH='));
        assert.doesNotMatch(seen, /S3DELTA_QUEUE/);
      }
    } finally {
      delete process.env.S3DELTA_QUEUE;
      await runner.close();
    }
  });

  test('what cannot be a queue is refused with its remedy, and no message holds the password', async () => {
    const refusals: [string, () => Promise<unknown>][] = [
      ['queue-refused', () => openDatabase(server.url(database).replace(/:[^@]*@/, ':wrong%20one@'))],
      ['queue-refused', () => openDatabase(server.url(database, 'nobody'))],
      ['missing-queue', () => openDatabase(server.url('nothing'))],
      ['queue-unreachable', () => openDatabase(server.url(database).replace(/host=.*/, 'host=/nowhere'))],
      ['unknown-value', async () => queueUrl('mysql://here')],
      ['missing-setting', async () => queueUrl(undefined)],
      ['password-in-argument', async () => queueUrl(server.url(database))],
    ];
    server.create('empty');
    const empty = await openDatabase(server.url('empty', 'anna'));
    refusals.push(['missing-queue', () => requireQueue(empty)], ['missing-queue', () => requireQueueOrRoom(empty)]);
    refusals.push([
      'queue-refused',
      () => prepareQueue(empty).catch(error => Promise.reject(asQueueError(error, empty.name))),
    ]);
    refusals.push([
      'queue-version',
      async () => {
        await owner.pool.query('UPDATE s3delta.version SET version = 99');
        await requireQueue(anna);
      },
    ]);
    refusals.push(['queue-version', () => prepareQueue(owner)]);
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

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await isSo()) return;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  assert.fail('it has not come');
}
