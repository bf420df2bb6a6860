import assert from 'node:assert/strict';
import { chownSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { StorageError } from '../../../src/core/errors.ts';
import { compare } from '../../../src/experiments/compare-methods.ts';
import { inChild } from '../../../src/experiments/executors/child-processes.ts';
import { collectExperiment } from '../../../src/experiments/queue/collect-runs.ts';
import { openDatabase } from '../../../src/experiments/queue/database.ts';
import { queueStanding } from '../../../src/experiments/queue/queue-standing.ts';
import { failureWords } from '../../../src/experiments/queue/queue-state.ts';
import { prepareQueue } from '../../../src/experiments/queue/schema.ts';
import { submitCells } from '../../../src/experiments/queue/submit-cells.ts';
import { tinyModel } from '../../cli/support.ts';
import { runToEnd } from '../support.ts';
import { noServer } from './postgres-server.ts';
import { queueForEachTest, until } from './queue-fixture.ts';
import { simulatedCell, simulatedRunner, simulatedSubmission } from './simulated-cells.ts';
import { noSmallDisk, type SmallDisk, smallDisk } from './small-disk.ts';

// A run of these tests writes 2.5 MB. Where a disk is full nothing is lost, and nothing counts twice.

const steps = 20;

describe('a full disk', { skip: noServer() ?? noSmallDisk() ?? false, timeout: 240_000 }, () => {
  const { space, here, submit, work } = queueForEachTest();
  const disks: SmallDisk[] = [];
  const disk = (megabytes: number): SmallDisk => {
    disks.push(smallDisk(megabytes));
    return disks.at(-1)!;
  };
  after(() => {
    for (const each of disks) each.remove();
  });

  const done = async () =>
    (await here.owner.pool.query('SELECT cell, attempt FROM s3delta.done ORDER BY cell')).rows as { cell: string }[];
  const failures = async () => (await queueStanding(here.owner)).failures;

  async function assertSameBytes(out: string, seeds: readonly number[]): Promise<void> {
    const quiet = simulatedRunner({ steps, stepMilliseconds: 0 });
    const whole = mkdtempSync(join(tmpdir(), 's3delta-quiet-'));
    for (const seed of seeds) {
      const expected = simulatedCell(seed, space.task, whole);
      await quiet.run(expected, {});
      for (const file of ['result.json', 'delta.safetensors', 'metrics.jsonl', 'structure.json']) {
        const bytes = readFileSync(join(simulatedCell(seed, space.task, out).folder, file));
        assert.ok(bytes.equals(readFileSync(join(expected.folder, file))), `${seed} ${file}`);
      }
    }
  }

  test("a worker's: it gives its cells back with state and reason, and another goes on with them", async () => {
    const seeds = [1, 2, 3, 4, 5, 6];
    await submit('small', seeds);
    const log = join(space.folder, 'log');
    const small = disk(2);
    const stop = new AbortController();
    const simulation = { steps, stepMilliseconds: 20, log };
    const options = { workFolder: small.folder, lackSeconds: 0.5, signal: stop.signal, untilEmpty: false };
    const poor = work(here.anna, options, simulation);
    await until(async () => (await failures()).length > 0);
    const [failure] = await failures();
    assert.match(failure!.message, /delta\.safetensors: the disk is full → free some space/);
    assert.match(failureWords(failure!), /^refused, now (waiting|running)$/);
    const rich = await openDatabase(here.server.url(here.database, 'anna'), { superviseSeconds: 1 });
    const whole = await work(rich, {}, simulation);
    stop.abort();
    const { done: doneByPoor, failed, said } = await poor;
    await rich.close();
    assert.deepEqual([doneByPoor, failed, whole.done, whole.failed], [0, 0, seeds.length, 0], said.join('\n'));
    assert.equal((await done()).length, seeds.length);
    const begun = readFileSync(log, 'utf8').trim().split('\n');
    assert.ok(
      begun.some(line => line.split(' ')[1] === String(steps)),
      'what the full disk could hold was done again',
    );
    const out = mkdtempSync(join(tmpdir(), 's3delta-full-'));
    assert.equal((await collectExperiment(here.owner, 'small', out)).brought, seeds.length);
    await assertSameBytes(out, seeds);
  });

  test("a worker's, of which there is one: when there is room again it does what it could not", async () => {
    await submit('alone', [1], { retries: 0 });
    const small = disk(2);
    const working = work(here.anna, { workFolder: small.folder, lackSeconds: 0.2 }, { steps });
    await until(async () => (await failures()).length > 0);
    small.grow(20);
    const { done: ended, failed, said } = await working;
    assert.deepEqual([ended, failed], [1, 0]);
    assert.ok(said.some(text => /refused: .*the disk is full/.test(text)));
  });

  test('that of a real run in a process of its own is told as what it is', async () => {
    await submit('real', [1], { retries: 0 });
    const small = disk(0.1);
    const stop = new AbortController();
    const options = { workFolder: small.folder, lackSeconds: 1, signal: stop.signal };
    const working = work(here.anna, { ...options, runner: inChild });
    await until(async () => (await failures()).length > 0);
    small.grow(20);
    const { done: ended, failed, said } = await working;
    assert.deepEqual([ended, failed], [1, 0], said.join('\n'));
    assert.ok(
      said.some(text => /refused: .*the disk is full → free some space/.test(text)),
      said.join('\n'),
    );
  });

  test('a folder of work that cannot be written to ends the worker, with the remedy', async () => {
    const refused = (error: Error) => error instanceof StorageError && error.remedy !== '';
    await assert.rejects(work(here.anna, { workFolder: '/proc/none' }), refused);
  });

  test("the collector's: what was brought is whole, and the rest comes when there is room", async () => {
    const seeds = [1, 2, 3];
    await submit('back', seeds);
    assert.equal((await work(here.anna, {}, { steps })).done, 3);
    const small = disk(6);
    await assert.rejects(collectExperiment(here.owner, 'back', small.folder), (error: StorageError) => {
      assert.ok(error instanceof StorageError);
      return /the disk is full/.test(error.message) && error.remedy === 'free some space';
    });
    small.grow(20);
    const again = await collectExperiment(here.owner, 'back', small.folder);
    assert.deepEqual([again.kept, again.brought, again.refused], [2, 1, []]);
    await assertSameBytes(small.folder, seeds);
  });

  test("the submitter's: the runs stay in the queue, and the same command brings them when there is room", async t => {
    const small = disk(0.1);
    const queue = here.server.url(here.database);
    process.env.S3DELTA_QUEUE = queue;
    t.after(() => {
      delete process.env.S3DELTA_QUEUE;
    });
    const out = join(small.folder, 'out');
    const settings = { model: tinyModel, task: [space.task], methods: ['lora'], seeds: [0, 1, 2], threads: 1 };
    const experiment = () => runToEnd(compare(settings, { out, executor: { executor: 'postgres' } }), () => {});
    const stop = new AbortController();
    t.after(() => stop.abort());
    const working = work(here.anna, { runner: inChild, untilEmpty: false, signal: stop.signal });
    await assert.rejects(experiment(), (error: StorageError) => {
      return error instanceof StorageError && /the disk is full/.test(error.message);
    });
    const before = await done();
    assert.equal(before.length, 3);
    stop.abort();
    await working;
    small.grow(20);
    const second = await experiment();
    assert.deepEqual([second.failed, second.rows[0]!.seeds], [[], [0, 1, 2]]);
    assert.deepEqual(await done(), before);
  });

  test("the database's: all wait, and go on when it has room", async t => {
    const small = disk(30);
    const { uid, gid } = statSync(join(new URL(here.server.url('x').replace('@/', '@h/')).searchParams.get('host')!));
    chownSync(small.folder, uid, gid);
    here.server.query('postgres', `CREATE TABLESPACE small LOCATION '${small.folder}'`);
    here.server.query('postgres', 'CREATE DATABASE full_one TABLESPACE small');
    const full = await openDatabase(here.server.url('full_one'), { superviseSeconds: 1 });
    await prepareQueue(full);
    const seeds = Array.from({ length: 12 }, (_, seed) => seed);
    const cells = await Promise.all(seeds.map(seed => simulatedSubmission(seed, space.task)));
    await submitCells(full, { name: 'full', priority: 0, retries: 0, leaseSeconds: 30 }, cells);
    const worker = await openDatabase(here.server.url('full_one', 'anna'), { superviseSeconds: 1 });
    const stop = new AbortController();
    t.after(() => Promise.all([stop.abort(), worker.close(), full.close()]));
    const working = work(worker, { signal: stop.signal }, { steps });
    const size = async () => (await full.pool.query('SELECT count(*)::int AS n FROM s3delta.done')).rows[0].n;
    let [before, still] = [-1, 0];
    await until(async () => {
      const now = await size().catch(() => before);
      still = now > 0 && now === before ? still + 1 : 0;
      before = now;
      return still > 20;
    });
    assert.ok(before < seeds.length, 'the disk was large enough');
    small.grow(200);
    const { done: ended, failed } = await working;
    assert.deepEqual([ended, failed], [seeds.length, 0]);
    const out = mkdtempSync(join(tmpdir(), 's3delta-full-'));
    assert.equal((await collectExperiment(full, 'full', out)).brought, seeds.length);
    await assertSameBytes(out, seeds);
  });
});
