import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inChild } from '../../../src/experiments/executors/child-processes.ts';
import { bringBack } from '../../../src/experiments/queue/collect-runs.ts';
import { queueNames } from '../../../src/experiments/queue/database.ts';
import { idOf } from '../../../src/experiments/queue/packed-cell.ts';
import { queueStanding } from '../../../src/experiments/queue/queue-standing.ts';
import { storeRun } from '../../../src/experiments/queue/run-pieces.ts';
import { type SubmittedCell, submitCells } from '../../../src/experiments/queue/submit-cells.ts';
import { noServer } from './postgres-server.ts';
import { queueForEachTest, take } from './queue-fixture.ts';
import { simulatedCell, simulatedSubmission } from './simulated-cells.ts';

describe('the rules of a queue', { skip: noServer() ?? false }, () => {
  const { space, here, submit, work } = queueForEachTest();

  test('a worker whose cell another has taken over can write nothing of it', async () => {
    const [cell] = await submit('fence', [1]);
    const folder = mkdtempSync(join(tmpdir(), 's3delta-fence-'));
    writeFileSync(join(folder, 'result.json'), 'stale');
    const first = await take(here.anna);
    const stale = { id: first.id, attempt: first.retryCount };
    assert.equal(first.id, cell!.id);
    // The lease passes by the clock of the database.
    await here.owner.pool.query("UPDATE s3delta_boss.job SET heartbeat_on = now() - interval '1 hour' WHERE id = $1", [
      first.id,
    ]);
    const boss = await here.anna.boss();
    await boss.supervise(queueNames.cells);
    await here.owner.pool.query('UPDATE s3delta_boss.job SET start_after = now() WHERE id = $1', [first.id]);
    const second = await take(here.anna);
    assert.deepEqual([second.id, second.retryCount], [first.id, first.retryCount + 1]);
    const store = (attempt: number) =>
      here.anna.inTransaction(client => storeRun(client, { id: first.id, attempt }, folder, new Map()));
    await assert.rejects(store(stale.attempt), { code: 'S3D01' });
    const put = 'SELECT s3delta.put_result($1, $2, $1, $3)';
    await assert.rejects(here.anna.pool.query(put, [stale.id, stale.attempt, '{}']), { code: 'S3D01' });
    assert.equal(
      ((await boss.complete(queueNames.cells, { id: stale.id, retryCount: 0 })) as { affected: number }).affected,
      0,
    );
    writeFileSync(join(folder, 'result.json'), 'fresh');
    await store(second.retryCount);
    const stored = await here.owner.pool.query('SELECT data FROM s3delta.piece WHERE cell = $1', [first.id]);
    assert.deepEqual(
      stored.rows.map(row => String(row.data)),
      ['fresh'],
    );
  });

  test('a drained worker gives its cell back with its state, and no retry is spent', async () => {
    await submit('drain', [1], { retries: 0 });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1500);
    const { said } = await work(here.anna, { signal: stop.signal }, { steps: 40, stepMilliseconds: 100 });
    assert.match(said.join('\n'), /given back, its state saved/);
    const log = join(space.folder, 'drain-log');
    const { done } = await work(here.anna, {}, { steps: 40, stepMilliseconds: 1, log });
    assert.equal(done, 1);
    assert.ok(Number(readFileSync(log, 'utf8').split(' ')[1]) > 3);
  });

  test('the rate is that of the time in which something was done, and nothing else', async () => {
    await submit('rate', [1, 2, 3, 4]);
    const hourly = async () => (await queueStanding(here.owner)).experiments[0]!.hourly;
    assert.equal(await hourly(), 0);
    const stop = new AbortController();
    let left = 2;
    await work(here.anna, {
      signal: stop.signal,
      tell: text => / done in /.test(text) && --left === 0 && stop.abort(),
    });
    const set = (begun: string, ended: string) =>
      here.owner.pool.query(
        `UPDATE s3delta_boss.job SET started_on = now() - interval '${begun}', completed_on = now() - interval '${ended}'
         WHERE name = 'cells' AND state = 'completed'`,
      );
    await set('2 minutes', '1 minute');
    assert.ok(Math.abs((await hourly()) - 60) <= 1);
    await set('3 hours', '29 minutes');
    assert.ok(Math.abs((await hourly()) - 4) <= 1);
    await set('3 hours', '31 minutes');
    assert.equal(await hourly(), 0);
  });

  test('experiments take turns, and a higher priority goes first', async () => {
    await submit('long', [0, 1, 2, 3, 4, 5]);
    assert.equal((await take(here.anna)).data === undefined, false);
    await submit('short', [10, 11]);
    await submit('urgent', [20], { priority: 3 });
    const order: string[] = [];
    for (let taken = 0; taken < 6; taken++) {
      const { id } = await take(here.anna);
      const { rows } = await here.owner.pool.query(
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
    const first = await work(here.anna, {}, { failing: [3] });
    assert.deepEqual([first.done, first.failed], [2, 2]);
    const { experiments } = await queueStanding(here.owner);
    assert.deepEqual(
      experiments.map(({ name, cells, states }) => [name, cells, states.done, states.failed]),
      [
        ['one', 2, 2, 0],
        ['two', 2, 1, 1],
      ],
    );
    await submit('two', [2, 3]);
    assert.deepEqual((await work(here.anna)).done, 1);
    const { experiments: later, failures } = await queueStanding(here.owner);
    assert.deepEqual(
      later.map(({ states }) => states.done),
      [2, 2],
    );
    assert.deepEqual(failures, []);
  });

  test('what a worker has stored is believed only as far as it can be a run', async () => {
    const [cell] = await submit('liar', [1]);
    const { id, retryCount: attempt } = await take(here.anna);
    const folder = mkdtempSync(join(tmpdir(), 's3delta-liar-'));
    for (const name of ['../evil', '/etc/evil', 'a/../../evil', '.hidden', 'a\\b']) {
      await assert.rejects(
        here.anna.pool.query('SELECT s3delta.put_file($1, $2, $3, $4, 0)', [id, attempt, name, '']),
        { code: '23514' },
        name,
      );
    }
    const piece = 'SELECT s3delta.put_piece($1, $2, $3, 0, $4, $5)';
    await assert.rejects(here.anna.pool.query(piece, [id, attempt, 'a', Buffer.alloc(32), Buffer.from('x')]), {
      code: 'S3D02',
    });
    mkdirSync(join(folder, 'checkpoint'));
    writeFileSync(join(folder, 'config.yaml'), '\n');
    writeFileSync(join(folder, 'result.json'), '{"score": "100"}');
    await here.anna.inTransaction(client => storeRun(client, { id, attempt }, folder, new Map()));
    const out = mkdtempSync(join(tmpdir(), 's3delta-believing-'));
    await assert.rejects(bringBack(here.owner, id, out, { cell: '', folder: 'films/run' }), /not the result of a run/);
    assert.ok(!existsSync(join(out, 'films/run')));
    // A piece that is not what was stored, as by a damaged disk.
    await here.owner.pool.query("UPDATE s3delta.piece SET data = 'other' WHERE cell = $1 AND path = 'result.json'", [
      cell!.id,
    ]);
    await assert.rejects(bringBack(here.owner, id, out, { cell: '', folder: 'films/run' }), /not what was stored/);
  });

  test('ten thousand cells are submitted in seconds, once, and the next of them is found by an index', async () => {
    const one = await simulatedSubmission(0, space.task);
    const many = Array.from({ length: 10_000 }, (_, seed): SubmittedCell => {
      const content = { ...one.content, settings: { ...one.content.settings, seed } };
      return { ...one, id: idOf(content), content, about: { cell: String(seed), folder: `run-${seed}` } };
    });
    const began = performance.now();
    for (const name of ['many', 'many', 'others']) {
      await submitCells(here.owner, { name, priority: 0, retries: 0, leaseSeconds: 10 }, many);
    }
    const { experiments } = await queueStanding(here.owner);
    assert.ok(performance.now() - began < 30_000);
    assert.deepEqual(
      experiments.map(({ name, cells, states }) => [name, cells, states.waiting]),
      [
        ['many', 10_000, 10_000],
        ['others', 10_000, 10_000],
      ],
    );
    const { rows } = await here.owner.pool.query(
      `EXPLAIN SELECT id FROM s3delta_boss.job WHERE name = 'cells' AND state < 'active' AND NOT blocked
         AND start_after <= now() ORDER BY priority DESC, created_on LIMIT 1 FOR UPDATE SKIP LOCKED`,
    );
    const plan = rows.map(row => row['QUERY PLAN']).join('\n');
    assert.match(plan, /Index Scan/);
    assert.doesNotMatch(plan, /Seq Scan|Sort/);
  });

  test('the process that does runs does not get to see the queue', async () => {
    process.env.S3DELTA_QUEUE = here.server.url(here.database);
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
});
