import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { ExperimentSettings } from '../../src/config/experiment-settings.ts';
import { InputError } from '../../src/core/errors.ts';
import { compare } from '../../src/experiments/compare-methods.ts';
import { experimentStanding, stopExperiment } from '../../src/experiments/experiment-standing.ts';
import { runCli } from '../cli/support.ts';
import { experimentWorkspace, runToEnd } from './support.ts';

const space = experimentWorkspace();
const out = space.out('stands');
const given: ExperimentSettings = { ...space.settings, task: [space.films], methods: ['lora'], seeds: [0, 1, 2] };
const run = (seed: number) => join(out, 'films', 'lora', `seed-${seed}`);

before(async () => {
  await runToEnd(compare(given, { out }));
});

test('what is done, what failed and what has not begun is told, from any working folder', async () => {
  rmSync(run(1), { recursive: true });
  rmSync(join(run(2), 'result.json'));
  writeFileSync(
    join(run(2), 'outcome.json'),
    JSON.stringify({ ended: 'failed', at: new Date().toISOString(), error: { message: 'no room' } }),
  );
  const standing = await experimentStanding(out, {});
  assert.deepEqual(
    standing.map(({ run, state }) => [run, state]),
    [
      ['films lora seed 0', 'done'],
      ['films lora seed 1', 'open'],
      ['films lora seed 2', 'failed'],
    ],
  );
  const { stdout, stderr, exitCode } = await runCli(['status', 'stands'], space.folder);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^3 runs: 1 done, 1 open, 1 failed\n/);
  assert.match(stdout, /films lora seed 1 +open, not begun\n[\s\S]*films lora seed 2 +failed.*no room/);
  assert.ok(!stdout.includes('seed 0'));
});

test('a run that has finished and has no result any more is not called finished', async () => {
  rmSync(join(run(0), 'result.json'));
  const [standing] = await experimentStanding(out, {});
  assert.deepEqual(
    [standing!.state, standing!.says],
    ['lost', 'lost its result, and is scored anew by the same command'],
  );
});

test('runs that no queue was handed cannot be stopped from outside, and a folder without any is refused', async () => {
  await assert.rejects(
    stopExperiment(out, {}),
    (error: InputError) => error.code === 'no-queue' && /Ctrl-C/.test(error.remedy!),
  );
  for (const ask of [experimentStanding, stopExperiment]) {
    await assert.rejects(
      ask(run(0), {}),
      (error: InputError) => error instanceof InputError && error.code === 'not-an-experiment',
    );
  }
});
