import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, test } from 'node:test';
import type { Plan } from '../../src/index.ts';
import type { MachineReport } from '../../src/research.ts';
import { runCli, tinyModel, workspace } from './support.ts';

const space = workspace();
after(() => rmSync(space.folder, { recursive: true }));

const plan = (...more: readonly string[]) =>
  runCli(['plan', '--model', tinyModel, '--task', space.task, '--budget', '500', ...more], space.folder);

test('plan prints tables, and touches no file', async () => {
  const before = space.list();
  const { exitCode, stdout } = await plan();
  assert.equal(exitCode, 0);
  assert.match(stdout, /SelfAttn\.K\s+bitfit.*cannot change the output/);
  assert.match(stdout, /budget: 500 parameters = .* % = .* ‱ of the backbone/);
  assert.match(stdout, /it holds \d+ to \d+ of \d+ modules/);
  assert.match(stdout, /search +\d+ +\d+ +\d+ +[\d.]+ (s|min) +\d+ MB/);
  assert.match(stdout, /^training +\d/m);
  assert.match(stdout, /which fits into/);
  assert.deepEqual(space.list(), before);
});

test('plan shows the options where the memory does not suffice', async () => {
  const { exitCode, stdout } = await plan('--memory', '10MB', '--no-timing', '--order', 'second');
  assert.equal(exitCode, 0);
  assert.match(stdout, /does NOT fit into 10 MB/);
  for (const option of ['--micro-batch 1', '--order first', '--max-length']) assert.ok(stdout.includes(option), option);
});

test('plan --json has the names that other programs read', async () => {
  const { stdout } = await plan('--json', '--no-timing');
  const document = JSON.parse(stdout) as Plan;
  for (const key of ['candidates', 'parameters', 'budget', 'peakBytes', 'seconds']) assert.ok(key in document, key);
  assert.equal(document.budget.parameters, 500);
  assert.equal(document.seconds, null);
});

test('plan refuses what search refuses', async () => {
  for (const [flags, says] of [
    [['--memory', 'lots'], /--memory[\s\S]*4GB/],
    [['--budget', '3'], /cheapest/],
    [['--task', 'rta'], /rta/],
  ] as const) {
    const { exitCode, stderr } = await plan(...flags);
    assert.equal(exitCode, 2);
    assert.match(stderr, says);
  }
});

test('doctor tells what works, for people and for programs', async () => {
  const { exitCode, stdout, stderr } = await runCli(['doctor'], space.folder);
  assert.equal(exitCode, 0, stdout);
  assert.match(stdout, /✓ device cpu +[\d.]+ GFLOP\/s/);
  assert.match(stdout, /the main job can run here/);
  assert.equal(stderr, '');
  const report = JSON.parse((await runCli(['doctor', '--json'], space.folder)).stdout) as MachineReport;
  assert.equal(report.ready, true);
});
