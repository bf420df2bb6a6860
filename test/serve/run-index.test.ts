import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { settingKeys } from '../../src/config/settings.ts';
import { createRunIndex, findRuns, searchKeys, trainingKeys } from '../../src/serve/run-index.ts';
import { runsRoot, tinyCandidates, writeLock, writeManyRuns, writeMoments, writeRun } from './synthetic-runs.ts';

const ids = (runs: readonly { id: string }[]) => runs.map(({ id }) => id).sort();

test('runs are found in folders of folders, and nothing else is', () => {
  const root = runsRoot();
  writeRun(root, 'a');
  writeRun(root, 'group/b');
  writeRun(root, 'a/inner');
  for (const other of ['empty', '.hidden/c', 'node_modules/d', 'a/checkpoint/e'])
    mkdirSync(join(root, other), { recursive: true });
  for (const other of ['.hidden/c', 'node_modules/d', 'a/checkpoint/e'])
    writeFileSync(join(root, other, 'config.yaml'), '');
  writeFileSync(join(root, 'config.yaml'), '');
  assert.deepEqual(findRuns(root).runs.toSorted(), ['a', 'a/inner', 'group/b']);
  assert.deepEqual(findRuns(join(root, 'nowhere')).runs, []);
});

test('links are not followed: neither to a folder, nor by a file of a run, nor when they come later', () => {
  const [root, outside] = [runsRoot(), runsRoot()];
  writeRun(outside, 'secret');
  symlinkSync(join(outside, 'secret'), join(root, 'linked'));
  const run = writeRun(root, 'half');
  rmSync(run.result);
  symlinkSync(join(outside, 'secret', 'result.json'), run.result);
  writeRun(root, 'late');
  const index = createRunIndex(root);
  index.refresh();
  const { runs } = index.changesSince(0);
  assert.deepEqual(ids(runs), ['half', 'late']);
  assert.equal(runs.find(({ id }) => id === 'half')!.state, 'damaged');
  assert.equal(index.pathOf('half'), undefined);
  assert.equal(index.pathOf('linked'), undefined);
  assert.equal(index.pathOf('late'), join(root, 'late'));
  renameSync(join(root, 'late'), join(outside, 'late'));
  symlinkSync(join(outside, 'late'), join(root, 'late'));
  assert.equal(index.pathOf('late'), undefined);
  rmSync(join(root, 'late'));
  assert.equal(index.pathOf('late'), undefined);
});

test('of a run at work it is known what is to come after its stage, where its job has said so', () => {
  const root = runsRoot();
  const run = writeRun(root, 'a', { done: 20 });
  const later = () => {
    const index = createRunIndex(root);
    index.refresh();
    return index.changesSince(0).runs[0]!.progress!.later;
  };
  assert.equal(later(), undefined);
  const stages = [
    { stage: 'search', evaluations: 400 },
    { stage: 'retrain', evaluations: 100 },
    { stage: 'test', evaluations: 0 },
  ];
  writeFileSync(run.stages, JSON.stringify(stages));
  assert.equal(later(), 0.25);
  writeFileSync(run.stages, JSON.stringify(stages.slice(1)));
  assert.equal(later(), undefined);
  writeFileSync(run.stages, '[{"stage":');
  assert.equal(later(), undefined);
});

test('no path can be had but those of runs that were found', () => {
  const root = runsRoot();
  writeRun(root, 'inside/a');
  const index = createRunIndex(join(root, 'inside'));
  writeRun(root, 'b');
  index.refresh();
  for (const id of ['../b', 'a/../../b', '', '.', '/etc', 'a/', '__proto__', 'constructor', join(root, 'b')]) {
    assert.equal(index.pathOf(id), undefined, id);
  }
});

test('what changes gets a newer version, what does not is not told again', () => {
  const root = runsRoot();
  writeRun(root, 'a');
  const run = writeRun(root, 'b', { done: 30 });
  const index = createRunIndex(root);
  assert.equal(index.refresh(), true);
  const first = index.changesSince(0);
  assert.deepEqual(ids(first.runs), ['a', 'b']);
  assert.equal(index.refresh(), false);
  assert.deepEqual(index.changesSince(first.version), { version: first.version, runs: [], removed: [] });

  writeMoments(run, 0, 40, tinyCandidates);
  assert.equal(index.refresh(), true);
  const second = index.changesSince(first.version);
  assert.deepEqual(
    second.runs.map(({ id, progress }) => [id, progress?.step]),
    [['b', 40]],
  );

  rmSync(join(root, 'a'), { recursive: true });
  index.refresh();
  assert.deepEqual(index.changesSince(second.version).removed, ['a']);
  writeRun(root, 'a');
  index.refresh();
  const last = index.changesSince(second.version);
  assert.deepEqual([ids(last.runs), last.removed], [['a'], []]);
});

test('a stopped run has one step everywhere: that of its end, and beside it that of its last validation', () => {
  const root = runsRoot();
  const run = writeRun(root, 'a', { done: 50 });
  rmSync(run.lock);
  const stoppedAt = (place?: object) => {
    writeFileSync(run.outcome, JSON.stringify({ ended: 'stopped', at: '2026-01-01', by: 'SIGINT', place }));
    const index = createRunIndex(root);
    index.refresh();
    const { progress, ended } = index.changesSince(0).runs[0]!;
    return { progress, text: ended!.text };
  };
  const between = stoppedAt({ stage: 'search', step: 57, steps: 100 });
  assert.deepEqual(between.progress, { stage: 'search', step: 57, steps: 100, validated: 50 });
  assert.equal(between.text, 'stopped by SIGINT in the search, after step 57 of 100');
  const at = { stage: 'search', step: 50, steps: 100, seconds: 5, every: 10 };
  assert.deepEqual(stoppedAt({ stage: 'search', step: 50, steps: 100 }).progress, at);
  assert.deepEqual(stoppedAt().progress, at);
  const later = stoppedAt({ stage: 'retrain', step: 3, steps: 80 });
  assert.deepEqual(later.progress, { stage: 'retrain', step: 3, steps: 80 });
});

test('a search that validates nothing says by its log where it stands, and of no validation', () => {
  const root = runsRoot();
  const run = writeRun(root, 'a', { done: 50, worthOnly: true });
  const progress = () => {
    const index = createRunIndex(root);
    index.refresh();
    return index.changesSince(0).runs[0]!.progress;
  };
  assert.deepEqual(progress(), { stage: 'search', step: 50, steps: 100, seconds: 5, every: 10 });
  rmSync(run.lock);
  const place = { stage: 'search', step: 57, steps: 100 };
  writeFileSync(run.outcome, JSON.stringify({ ended: 'stopped', at: '2026-01-01', by: 'SIGINT', place }));
  assert.deepEqual(progress(), place);
});

test('epochs that a limit of steps has cut short tell no run from another', () => {
  const root = runsRoot();
  const settings = (id: string, lines: string, { searched = 100 } = {}) => {
    const run = writeRun(root, id);
    appendFileSync(run.config, lines);
    if (searched < 100) writeMoments(run, 0, searched, tinyCandidates);
    const index = createRunIndex(root);
    index.refresh();
    return index.changesSince(0).runs.find(run => run.id === id)!.settings;
  };
  const limit = 'epochs: 10\nretrain-epochs: 20\nmax-steps: ';
  assert.deepEqual(settings('ended', `${limit}100\n`), { 'max-steps': '100' });
  assert.deepEqual(settings('searched', `${limit}300\nsearch-steps: 100\n`), {
    ...{ 'retrain-epochs': '20', 'max-steps': '300', 'search-steps': '100' },
  });
  // However many passes it is: those that the preset has say nothing.
  assert.deepEqual(settings('by-training', `${limit}300\nsearch-steps: auto\n`), {
    ...{ 'retrain-epochs': '20', 'max-steps': '300', 'search-steps': 'auto' },
  });
  const begun = writeRun(root, 'begun', { done: 0 });
  appendFileSync(begun.config, 'epochs: 4\nsearch-steps: auto\n');
  const index = createRunIndex(root);
  index.refresh();
  const own = index.changesSince(0).runs.find(({ id }) => id === 'begun')!;
  assert.deepEqual(own.settings, { 'search-steps': 'auto' });
  // Of the hundred steps of the search the last ten are those of its finalists.
  assert.deepEqual(settings('then-finalists', `${limit}300\nsearch-steps: 90\n`, { searched: 90 }), {
    ...{ 'retrain-epochs': '20', 'max-steps': '300', 'search-steps': '90' },
  });
  const all = { epochs: '10', 'retrain-epochs': '20', 'max-steps': '300' };
  assert.deepEqual(settings('not-reached', `${limit}300\n`), all);
});

test('a run is running, killed, finished or damaged', () => {
  const root = runsRoot();
  const running = writeRun(root, 'running', { done: 50 });
  writeRun(root, 'finished');
  const damaged = writeRun(root, 'damaged');
  writeFileSync(damaged.result, '{"task": "rte"');
  const odd = writeRun(root, 'odd', { done: 20 });
  writeFileSync(odd.config, 'task: [1, 2]\nmodel: {}\nseed: soon\n');
  let now = Date.now();
  const index = createRunIndex(root, () => now);
  index.refresh();
  const states = () => Object.fromEntries(index.changesSince(0).runs.map(({ id, state }) => [id, state]));
  assert.deepEqual(states(), { running: 'running', finished: 'finished', damaged: 'damaged', odd: 'running' });
  assert.deepEqual(index.changesSince(0).runs.find(({ id }) => id === 'odd')!.task, '');
  // A step or a test may take long.
  now += 600_000;
  index.refresh();
  assert.equal(states().running, 'running');
  const { status, pid } = spawnSync(process.execPath, ['--version']);
  assert.equal(status, 0);
  writeLock(running, { pid });
  index.refresh();
  assert.equal(states().running, 'killed', 'its process is no more');
  utimesSync(running.metrics, now / 1000, now / 1000);
  rmSync(running.lock);
  index.refresh();
  assert.equal(states().running, 'killed', 'and left no word');
});

test('a run of another machine, or with a damaged lock, runs as long as it writes', () => {
  const root = runsRoot();
  const run = writeRun(root, 'far', { done: 50 });
  let now = Date.now();
  const index = createRunIndex(root, () => now);
  const state = () => {
    index.refresh();
    return index.changesSince(0).runs[0]!.state;
  };
  for (const lock of [() => writeLock(run, { host: 'elsewhere' }), () => writeFileSync(run.lock, '{')]) {
    lock();
    assert.equal(state(), 'running');
    now += 600_000;
    assert.equal(state(), 'stopped');
    utimesSync(run.metrics, now / 1000, now / 1000);
    assert.equal(state(), 'running');
  }
});

/**
 * Does something in a folder. The superuser may enter every folder: there it is done as a user that may not, nor come to this
 * one by its whole path.
 */
function unprivileged(folder: string, work: () => void): void {
  const [before, isSuperuser] = [process.cwd(), process.geteuid?.() === 0];
  process.chdir(folder);
  if (isSuperuser) process.seteuid!(65534);
  try {
    work();
  } finally {
    if (isSuperuser) process.seteuid!(0);
    process.chdir(before);
  }
}

test('a folder that may be listed but not entered is a damaged run, until it may', {
  skip: process.platform === 'win32',
}, () => {
  const root = runsRoot();
  chmodSync(root, 0o755);
  const { path } = writeRun(root, 'locked');
  writeRun(root, 'open');
  chmodSync(path, 0o644);
  const index = createRunIndex('.');
  unprivileged(root, index.refresh);
  const states = () => Object.fromEntries(index.changesSince(0).runs.map(({ id, state }) => [id, state]));
  assert.deepEqual(states(), { locked: 'damaged', open: 'finished' });
  chmodSync(path, 0o755);
  unprivileged(root, index.refresh);
  assert.deepEqual(states(), { locked: 'finished', open: 'finished' });
});

test('what a run shows in the list comes from its files', () => {
  const root = runsRoot();
  const written = writeRun(root, 'found', { task: 'rte', seed: 3 });
  appendFileSync(written.config, 'order: second\nalpha-lr: 0.2\ngates: null\n');
  writeRun(root, 'moved', { task: 'mrpc', seed: 4, source: 'rte', method: 'bitfit' });
  const index = createRunIndex(root);
  index.refresh();
  const runs = new Map(index.changesSince(0).runs.map(run => [run.id, run]));
  const { changed: _, ...found } = runs.get('found')!;
  assert.deepEqual(found, {
    ...{ id: 'found', state: 'finished', task: 'rte', model: 'tiny-t5', method: 'search', seed: 3, source: 'rte' },
    settings: { order: 'second', 'alpha-lr': '0.2' },
    stages: ['search', 'retrain', 'test'],
    ...{ metric: 'accuracy', validation: 83, test: 78, budget: 0.0107 },
    ...{ modules: found.modules, parameters: found.parameters },
  });
  assert.ok(found.modules! > 0 && found.parameters! <= 500);
  assert.deepEqual([runs.get('moved')!.method, runs.get('moved')!.source], ['bitfit', 'rte']);
});

test('a thousand runs are looked through in less than the second between two looks', () => {
  const root = runsRoot();
  writeManyRuns(root, 1000);
  const index = createRunIndex(root);
  index.refresh();
  assert.equal(index.changesSince(0).runs.length, 1000);
  // The machine may be busy with something else: the best of three counts.
  const looks = Array.from({ length: 3 }, () => {
    const started = performance.now();
    index.refresh();
    return performance.now() - started;
  });
  assert.ok(Math.min(...looks) < 1000, `${looks} ms`);
});

test('of every setting it is known whether runs that differ in it alone are unlike', () => {
  const told = ['model', 'task', 'method', 'structure', 'budget', 'max-test', 'map'];
  const same = ['seed', 'out', 'data', 'plugins', 'retrain', 'random-baseline', 'validation-loss', 'micro-batch'];
  const presets = ['preset', 'paper'];
  const machine = ['device', 'recompute', 'prepack', 'threads'];
  assert.deepEqual(
    [...trainingKeys, ...searchKeys, ...told, ...same, ...presets, ...machine].sort(),
    settingKeys.toSorted(),
  );
});

test('of a run its rates are told', () => {
  const root = runsRoot();
  const run = writeRun(root, 'a');
  appendFileSync(run.config, 'rates: one\nhead-lr: 0.05\nsentinel: false\n');
  const index = createRunIndex(root);
  index.refresh();
  const { rates, 'head-lr': headRate, sentinel } = index.changesSince(0).runs[0]!.settings!;
  assert.deepEqual({ rates, headRate, sentinel }, { rates: 'one', headRate: '0.05', sentinel: 'false' });
});
