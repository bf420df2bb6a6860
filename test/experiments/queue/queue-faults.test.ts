import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fillUniform } from '../../../src/core/random.ts';
import { collectExperiment } from '../../../src/experiments/queue/collect-runs.ts';
import { openDatabase, type Queue } from '../../../src/experiments/queue/database.ts';
import { queueStanding } from '../../../src/experiments/queue/queue-standing.ts';
import { prepareQueue } from '../../../src/experiments/queue/schema.ts';
import { tinyModel, workspace } from '../../cli/support.ts';
import { noServer, type PostgresServer, secrets, startPostgres } from './postgres-server.ts';
import { simulatedCell, simulatedRunner } from './simulated-cells.ts';
import type { ChildTask } from './simulated-child.ts';

// A hundred cells and four workers, of which everything that can be killed is killed.

const program = fileURLToPath(new URL('./simulated-child.ts', import.meta.url));
const CELLS = 100;
const [FAILING, POISONED, CURIOUS] = [7, 13, 21] as const;

describe('a queue under fire', { skip: noServer() ?? false }, () => {
  let server: PostgresServer;
  let queue: Queue;
  let workerUrl: string;
  const space = workspace();
  const log = join(space.folder, 'log');
  const said: string[] = [];
  const simulation = { steps: 10, stepMilliseconds: 60, failing: [FAILING], log };

  before(async () => {
    server = startPostgres();
    server.create('cells');
    queue = await openDatabase(server.url('cells'));
    await prepareQueue(queue);
    workerUrl = server.user('worker', 'cells', 's3delta_worker');
  });
  after(async () => {
    await queue.close();
    server.remove();
  });

  function start(task: ChildTask, url: string): ChildProcess {
    const child = spawn(process.execPath, [program, JSON.stringify(task)], {
      env: { ...process.env, S3DELTA_QUEUE: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding('utf8').on('data', text => said.push(text));
    return child;
  }

  const folders = [space.folder, join(tinyModel, '..')];
  const startWorker = (skew = 0) => start({ work: { ...simulation, folders }, skew }, workerUrl);
  const count = async (text: string) =>
    Number((await queue.pool.query(`SELECT count(*)::int AS n FROM ${text}`)).rows[0].n);

  test('a submitter that is killed and called again has submitted each cell once', async () => {
    const submit = { count: CELLS, task: space.task, name: 'fire' };
    const killed = start({ submit }, server.url('cells'));
    await once(killed.stdout!, 'data');
    await delay(30);
    killed.kill('SIGKILL');
    for (let times = 0; times < 2; times++) {
      const [code] = await once(start({ submit }, server.url('cells')), 'exit');
      assert.equal(code, 0, said.join(''));
    }
    assert.equal(await count('s3delta.cell'), CELLS);
    assert.equal(await count("s3delta_boss.job WHERE name = 'cells'"), CELLS);
    assert.equal(await count('s3delta.member'), CELLS);
  });

  test('killed, frozen and cut off, with clocks an hour off, four workers do each cell once', {
    timeout: 240_000,
  }, async () => {
    const change = `UPDATE s3delta.cell SET content = $2 WHERE (content->'settings'->>'seed')::int = $1`;
    await queue.pool.query(change, [POISONED, JSON.stringify({ job: 'rm -rf /' })]);
    await queue.pool.query(
      `UPDATE s3delta.cell SET content = jsonb_set(content, '{settings,plugins}', '["/etc/passwd"]')
       WHERE (content->'settings'->>'seed')::int = $1`,
      [CURIOUS],
    );
    const workers = [startWorker(1), startWorker(-1), startWorker(), startWorker()];
    const draws = fillUniform(new Float64Array(64), 5, 'test/queue-faults');
    let kills = 0;
    let [frozen, restarted] = [false, false];
    for (let round = 0; round < 400; round++) {
      await delay(500);
      const done = await count('s3delta.done').catch(() => 0);
      if (!restarted && done > 20) {
        server.restart();
        restarted = true;
      } else if (!frozen && done > 35) {
        // For longer than its lease, in the middle of whatever it does.
        const [child] = workers;
        child!.kill('SIGSTOP');
        setTimeout(() => child!.kill('SIGCONT'), 16_000);
        frozen = true;
      } else if (kills < 6 && done > 10 * kills) {
        const victim = 1 + Math.floor(draws[kills]! * 3);
        workers[victim]!.kill('SIGKILL');
        workers[victim] = startWorker();
        kills += 1;
      }
      const open = await count("s3delta_boss.job WHERE name = 'cells' AND state <= 'active'").catch(() => 1);
      if (open === 0 && kills === 6 && frozen) break;
    }
    await delay(1000);
    for (const worker of workers) worker.kill('SIGTERM');
    await Promise.all(workers.map(worker => (worker.exitCode ?? worker.signalCode) === null && once(worker, 'exit')));
    assert.deepEqual([kills, frozen, restarted], [6, true, true]);
    assert.equal(await count('s3delta.done'), CELLS - 3, said.join(''));
    assert.equal(await count("s3delta_boss.job WHERE name = 'cells' AND state = 'completed'"), CELLS - 3);
  });

  test('what has failed for good lies with the dead letters, with the reason', async () => {
    const { experiments, failures } = await queueStanding(queue);
    assert.deepEqual(experiments[0]!.states, { waiting: 0, running: 0, done: CELLS - 3, failed: 3, cancelled: 0 });
    assert.equal(await count("s3delta_boss.job WHERE name = 'dead-letters'"), 3);
    const reasons = failures.filter(({ state }) => state === 'failed').map(({ message }) => message);
    for (const reason of [/it fails by design/, /this is no cell/, /names a path that it lists no hash of/]) {
      assert.equal(reasons.filter(message => reason.test(message)).length, 1, `${reason} in ${reasons.join('\n')}`);
    }
  });

  test('each run has the bytes of one that nothing has happened to', async () => {
    const out = mkdtempSync(join(tmpdir(), 's3delta-fire-'));
    const { brought, open, refused } = await collectExperiment(queue, 'fire', out);
    assert.deepEqual({ brought, open, refused }, { brought: CELLS - 3, open: 3, refused: [] });
    const quiet = simulatedRunner({ steps: simulation.steps, stepMilliseconds: 0 });
    const whole = mkdtempSync(join(tmpdir(), 's3delta-quiet-'));
    for (let seed = 0; seed < CELLS; seed++) {
      const { folder } = simulatedCell(seed, space.task, out);
      if (seed === FAILING || seed === POISONED || seed === CURIOUS) {
        assert.ok(!existsSync(folder));
        continue;
      }
      const expected = simulatedCell(seed, space.task, whole);
      await quiet.run(expected, {});
      assert.deepEqual(filesIn(folder), filesIn(expected.folder), `${seed}`);
      for (const file of filesIn(folder).filter(file => file !== 'config.yaml')) {
        const bytes = readFileSync(join(expected.folder, file));
        assert.ok(readFileSync(join(folder, file)).equals(bytes), `${seed} ${file}`);
      }
    }
    const begun = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map(line => line.split(' ').map(Number));
    // How many of the killed had saved a state hangs on the machine's other work.
    assert.ok(
      begun.some(([, step]) => step! > 0),
      'no cell went on from a checkpoint',
    );
  });

  test('no word of any process holds the password', () => {
    assert.ok(said.length > CELLS);
    for (const secret of secrets) assert.ok(!said.join('').includes(secret));
  });
});

const filesIn = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
