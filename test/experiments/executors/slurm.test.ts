import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { ExperimentSettings } from '../../../src/config/experiment-settings.ts';
import { InputError, InterruptedError } from '../../../src/core/errors.ts';
import { compare } from '../../../src/experiments/compare-methods.ts';
import type { Comparison } from '../../../src/experiments/comparison-job.ts';
import type { ExecutorSettings } from '../../../src/experiments/executors/executors.ts';
import { experimentStanding, stopExperiment } from '../../../src/experiments/experiment-standing.ts';
import type { ExperimentEvent } from '../../../src/experiments/run-cells.ts';
import { runFolder } from '../../../src/runs/run-folder.ts';
import { readLock } from '../../../src/runs/run-lock.ts';
import { experimentWorkspace, runToEnd } from '../support.ts';
import { mostTasks, type SlurmCluster, slurmSays, startSlurm, until, whyNoSlurm } from './slurm-cluster.ts';

// Everything here runs on Slurm's real daemons.
const skip = whyNoSlurm() ?? false;
let cluster: SlurmCluster | undefined;
before(async () => {
  if (skip === false) cluster = await startSlurm();
});
// A test that fails leaves nobody waiting for a cluster that is no more.
const ended = new AbortController();
after(() => ended.abort());
after(() => cluster?.stop());

const space = experimentWorkspace();
const given: ExperimentSettings = {
  ...{ ...space.settings, task: [space.films], methods: ['found', 'lora'], seeds: [0, 1], budget: ['600'] },
};
const slurm: ExecutorSettings = { executor: 'slurm', cpus: 1 };
/** Long enough to be met while it runs. */
const long: ExperimentSettings = {
  ...{ ...space.settings, task: [space.films], methods: ['lora'], seeds: [0], budget: ['600'] },
  ...{ 'max-steps': 1500, 'retrain-epochs': 1500, 'retrain-eval-every': 100 },
};
const longRun = (out: string) => runFolder(join(space.out(out), 'films', 'lora', 'seed-0'));

function experiment(
  settings: ExperimentSettings,
  out: string,
  more: { executor?: ExecutorSettings; signal?: AbortSignal } = {},
): { done: Promise<Comparison>; messages: string[]; begun: string[] } {
  const [messages, begun]: [string[], string[]] = [[], []];
  const signal = ended.signal;
  const onEvent = (event: ExperimentEvent) => {
    if (event.type === 'message') messages.push(event.text);
    if (event.type === 'run-begins') begun.push(event.cell.folder);
  };
  return { done: runToEnd(compare(settings, { out: space.out(out), signal, ...more }), onEvent), messages, begun };
}

const arraysOf = (out: string) => readdirSync(join(space.out(out), 'slurm')).filter(name => name.endsWith('.jsonl'));
const bytesOf = (out: string, ...path: string[]) => readFileSync(join(space.out(out), 'films', ...path));

async function inside(out: string): Promise<void> {
  await until('the run trains', () => existsSync(longRun(out).metrics) && readLock(longRun(out).lock) !== undefined);
}

test('an array, cut in two by MaxArraySize, gives what this process gives, byte for byte', { skip }, async () => {
  const here = await experiment(given, 'here').done;
  const { done, messages } = experiment(given, 'slurm', { executor: { ...slurm, 'at-most': 1 } });
  const there = await done;
  assert.deepEqual(there.failed, []);
  assert.equal(there.overhead, undefined);
  assert.equal(arraysOf('slurm').length, 4 / mostTasks);
  assert.ok(messages.some(text => /memory a run, by its plan/.test(text)));
  assert.deepEqual(
    there.rows.map(row => [row.method, row.seeds, row.scores, row.parameters]),
    here.rows.map(row => [row.method, row.seeds, row.scores, row.parameters]),
  );
  for (const method of ['found-order-first-600', 'lora']) {
    for (const file of ['delta.safetensors', 'structure.json']) {
      for (const seed of ['seed-0', 'seed-1']) {
        assert.deepEqual(
          bytesOf('slurm', method, seed, file),
          bytesOf('here', method, seed, file),
          `${method} ${file}`,
        );
      }
    }
  }
  const again = experiment(given, 'slurm', { executor: slurm });
  await again.done;
  assert.deepEqual(again.begun, []);
  assert.equal(arraysOf('slurm').length, 2);
  const standing = await experimentStanding(space.out('slurm'), {});
  assert.deepEqual(new Set(standing.map(({ says }) => says)), new Set(['done']));
});

test('a run that is told by USR1 that its time is up is saved, queued again, and ends as if nothing had been', {
  skip,
}, async () => {
  const here = experiment(long, 'long-here');
  await here.done;
  const { done } = experiment(long, 'requeued', { executor: slurm });
  await inside('requeued');
  const job = slurmSays('squeue', ['--noheader', '--format=%A']).trim();
  slurmSays('scancel', ['--signal=USR1', '--batch', job]);
  await until('it waits again', () => slurmSays('squeue', ['--noheader', '--format=%T']).trim() === 'PENDING');
  assert.ok(existsSync(longRun('requeued').checkpoint));
  const [standing] = await experimentStanding(space.out('requeued'), {});
  // Slurm takes a moment to say for what.
  assert.match(standing!.says, /^waiting \((BeginTime|None)\)$/);
  // Slurm lets what is queued again rest for two minutes: some seconds after its end it takes it for a ghost.
  await setTimeout(4000);
  slurmSays('scontrol', ['update', `JobId=${job}`, 'StartTime=now']);
  assert.deepEqual((await done).failed, []);
  const [name] = arraysOf('requeued').map(file => file.replace('.jsonl', ''));
  const log = readFileSync(join(space.out('requeued'), 'slurm', `${name}-0.log`), 'utf8');
  assert.equal(log.split('films lora seed 0\n').length, 3, 'two attempts');
  const delta = ['lora', 'seed-0', 'delta.safetensors'];
  assert.deepEqual(bytesOf('requeued', ...delta), bytesOf('long-here', ...delta));
});

test('a run whose process is killed is tried again as often as asked, then its log is named', { skip }, async () => {
  const kill = async (out: string, not?: number) => {
    await until('another attempt trains', () => ![undefined, not].includes(readLock(longRun(out).lock)?.pid));
    const { pid } = readLock(longRun(out).lock)!;
    process.kill(pid, 'SIGKILL');
    return pid;
  };
  const { done } = experiment(long, 'killed', { executor: { ...slurm, retries: 1 } });
  const first = await kill('killed');
  await kill('killed', first);
  const { failed } = await done;
  assert.equal(failed.length, 1);
  assert.equal(arraysOf('killed').length, 2);
  const [, log] = /its log: (.*)/.exec(failed[0]!.message) ?? [];
  assert.match(readFileSync(log!, 'utf8'), /films lora seed 0/);
  assert.match(failed[0]!.message, /FAILED/);
  const again = await experiment(long, 'killed', { executor: slurm }).done;
  assert.deepEqual(again.failed, []);
  const delta = ['lora', 'seed-0', 'delta.safetensors'];
  assert.deepEqual(bytesOf('killed', ...delta), bytesOf('long-here', ...delta));
});

test('who submitted may leave: the same command finds the array, and stop cancels it, saved', { skip }, async () => {
  const leaving = new AbortController();
  const first = experiment(long, 'left', { executor: slurm, signal: leaving.signal });
  await inside('left');
  leaving.abort();
  await assert.rejects(first.done, (error: Error) => {
    return error instanceof InterruptedError && /1 runs go on in Slurm.*s3delta stop/.test(error.message);
  });
  const second = experiment(long, 'left', { executor: slurm });
  await until('it is found', () => second.messages.some(text => /1 runs are in Slurm already/.test(text)));
  assert.equal(arraysOf('left').length, 1);
  const [standing] = await experimentStanding(space.out('left'), {});
  assert.match(standing!.says, /^running on /);
  assert.equal(await stopExperiment(space.out('left'), {}), 1);
  await assert.rejects(
    second.done,
    (error: Error) => error instanceof InterruptedError && /cancelled/.test(error.message),
  );
  assert.ok(existsSync(longRun('left').checkpoint));
  assert.equal(await stopExperiment(space.out('left'), {}), 0);
  assert.equal((await experimentStanding(space.out('left'), {}))[0]!.says, 'cancelled');
});

test('a partition that there is not, and what sbatch refuses, are told in time', { skip }, async () => {
  await assert.rejects(
    experiment(long, 'refused', { executor: { ...slurm, partition: 'debgu' } }).done,
    (error: InputError) => error instanceof InputError && /debgu/.test(error.message) && /debug/.test(error.remedy!),
  );
  assert.equal(existsSync(space.out('refused')), false);
  await assert.rejects(
    experiment(long, 'refused', { executor: { ...slurm, 'slurm-args': '--gres=moon:1' } }).done,
    (error: InputError) => error.code === 'slurm-refused' && /sbatch says/.test(error.message),
  );
  // What was never submitted has not failed.
  assert.deepEqual(arraysOf('refused'), []);
  assert.equal((await experimentStanding(space.out('refused'), {}))[0]!.says, 'open, not begun');
});
