import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { ExperimentSettings } from '../../src/config/experiment-settings.ts';
import { InputError, InterruptedError } from '../../src/core/errors.ts';
import { compare, sweep } from '../../src/experiments/compare-methods.ts';
import type { ExperimentEvent } from '../../src/experiments/run-cells.ts';
import { experimentWorkspace, runToEnd } from './support.ts';

const space = experimentWorkspace();
const given: ExperimentSettings = {
  ...{ ...space.settings, task: [space.films, space.books] },
  ...{ methods: ['found', 'lora'], seeds: [0, 1], budget: ['600'] },
};

/** The processes that this test has started and that are still there; the handle of one that has just ended closes a moment later. */
async function children(): Promise<number> {
  await setTimeout(200);
  return process.getActiveResourcesInfo().filter(name => name === 'ProcessWrap').length;
}

test('runs in child processes give what the same runs give in one process, and no process is left', async () => {
  const events: ExperimentEvent[] = [];
  const spread = await runToEnd(sweep({ ...given, processes: 2 }, { out: space.out('sweep') }), event =>
    events.push(event),
  );
  assert.equal(await children(), 0);
  const running = events.flatMap(event => (event.type === 'run-begins' ? [event.progress.running] : []));
  assert.equal(Math.max(...running), 2);
  assert.ok(events.some(event => event.type === 'run' && event.event.type === 'evaluation'));
  const alone = await runToEnd(compare(given, { out: space.out('alone') }));
  assert.deepEqual(
    spread.rows.map(row => [row.task, row.method, row.scores]),
    alone.rows.map(row => [row.task, row.method, row.scores]),
  );
  for (const name of ['films/lora/seed-1', 'books/found-order-first-600/seed-0']) {
    const bytes = (out: string) => readFileSync(join(space.out(out), name, 'delta.safetensors'));
    assert.deepEqual(bytes('sweep'), bytes('alone'), name);
  }
});

test('a run that fails is told with its error, the others are done', async () => {
  const out = space.out('sweep');
  const broken = join(out, 'films', 'lora', 'seed-0');
  rmSync(join(broken, 'result.json'));
  writeFileSync(join(broken, 'config.yaml'), 'budgt: 3\n');
  rmSync(join(out, 'films', 'lora', 'seed-1'), { recursive: true });
  const { failed, rows } = await runToEnd(sweep({ ...given, processes: 1 }, { out }));
  assert.deepEqual(
    failed.map(({ run }) => run),
    ['films lora seed 0'],
  );
  assert.match(failed[0]!.message, /budgt/);
  assert.deepEqual(rows.find(row => row.task === 'films' && row.method === 'lora')!.seeds, [1]);
});

test('an abort stops the children, which save; the same sweep goes on', async () => {
  const out = space.out('stopped');
  const controller = new AbortController();
  const long: ExperimentSettings = {
    ...given,
    'max-steps': 400,
    'retrain-epochs': 100,
    epochs: 100,
    task: [space.films],
  };
  const stages = new Set<string>();
  const stopped = runToEnd(sweep({ ...long, processes: 2 }, { out, signal: controller.signal }), event => {
    if (event.type === 'run' && event.event.type === 'step') stages.add(event.cell.folder);
    if (stages.size === 2) controller.abort();
  });
  await assert.rejects(stopped, InterruptedError);
  assert.equal(await children(), 0);
  for (const folder of stages) {
    assert.ok(existsSync(join(folder, 'checkpoint')), folder);
    assert.equal(existsSync(join(folder, 'result.json')), false, folder);
  }
});

test('a run whose process is killed has failed, another process does the others', {
  skip: process.platform !== 'linux',
}, async () => {
  const out = space.out('killed');
  let killed: string | undefined;
  const { failed, rows } = await runToEnd(sweep({ ...given, task: [space.films], processes: 1 }, { out }), event => {
    if (event.type !== 'run' || killed !== undefined) return;
    killed = event.cell.folder;
    const [child] = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
    process.kill(Number(child), 'SIGKILL');
  });
  assert.deepEqual(
    failed.map(({ folder }) => folder),
    [killed],
  );
  assert.match(failed[0]!.message, /SIGKILL/);
  assert.equal(rows.flatMap(row => row.seeds).length, 3);
  const again = await runToEnd(sweep({ ...given, task: [space.films], processes: 1 }, { out }));
  assert.deepEqual(again.failed, []);
  assert.equal(again.rows.flatMap(row => row.seeds).length, 4);
});

test('what is wrong is refused before a process is started', async () => {
  await assert.rejects(
    runToEnd(sweep({ ...given, methods: ['foudn'] }, { out: space.out('refused') })),
    (error: unknown) => error instanceof InputError && /foudn/.test(error.message),
  );
  assert.equal(existsSync(space.out('refused')), false);
});
