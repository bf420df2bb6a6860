import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { builtIn } from '../../src/catalogue/catalogue.ts';
import { readSettings, runFolderOf } from '../../src/cli/settings-args.ts';
import { parseSettings } from '../../src/config/parse-settings.ts';
import type { Settings } from '../../src/config/settings.ts';
import type { InputError } from '../../src/core/errors.ts';
import { recordedSettings, settingsOfRun } from '../../src/jobs/open-run.ts';
import { prepare } from '../../src/jobs/prepare.ts';
import { runTrainJob } from '../../src/jobs/run-job.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { runFolder } from '../../src/runs/run-folder.ts';
import { checkBudget, parseBudget, readBudget, shareMeant } from '../../src/structure/budget.ts';
import { defaultDataFolder, isUnnamedFolder } from '../../src/tasks/task-places.ts';
import { loadTask } from '../../src/tasks/tasks.ts';
import { withEnvironment } from '../hub/hub-server.ts';
import { tinyModel, workspace } from './support.ts';

/** What an error says, the place where it stands, and its remedy. */
const said = (pattern: RegExp) => (error: InputError) => {
  assert.match(`${error.where}: ${error.message} → ${error.remedy}`, pattern);
  return true;
};
const space = workspace();
const folder = (name: string, config: string) => {
  const path = join(space.folder, name);
  mkdirSync(path);
  writeFileSync(join(path, 'config.yaml'), config);
  return path;
};

test('numbers beyond all sense are refused with their bounds', () => {
  const refused: readonly (readonly [key: string, value: string, bound: RegExp])[] = [
    ['lr', '1e38', /not above 100/],
    ['search-lr', '1e38', /not above 100/],
    ['alpha-lr', '101', /not above 100/],
    ['batch-size', '1e9', /not above 100000/],
    ['micro-batch', '100001', /not above 100000/],
    ['epochs', '1e10', /not above 1000000000/],
    ['max-length', '1e9', /not above 1000000/],
  ];
  for (const [key, value, bound] of refused) {
    assert.throws(() => parseSettings({ [key]: value }, name => `--${name}`), said(bound), key);
  }
  assert.deepEqual(parseSettings({ lr: '100', 'batch-size': '100000' }, String), { lr: 100, 'batch-size': 100_000 });
});

test('a budget is no more than the backbone has, and a small count may be meant as a share', () => {
  assert.throws(() => readBudget('200%'), /more than the whole backbone/);
  assert.throws(() => readBudget('1e300'), /more than 10,000,000,000,000/);
  assert.throws(() => parseBudget(1001, 1000), /more than the backbone has: 1,000/);
  assert.equal(parseBudget(1000, 1000), 1000);
  assert.deepEqual([shareMeant('5'), shareMeant('5%'), shareMeant(500)], ['did you mean 5%?', undefined, undefined]);
  const modules = [{ parameters: 64 }];
  const check = (question?: string) => checkBudget(modules as never, { budget: 5, keepInert: true }, question);
  assert.throws(() => check(shareMeant('5')), said(/did you mean 5%\? give a budget of at least 64/));
});

test('names have nearest ones, and what is no name says what it should be', async () => {
  await assert.rejects(loadTask('SST2'), said(/did you mean sst2/));
  await assert.rejects(loadModel('minni'), said(/did you mean mini\?/));
  await assert.rejects(loadModel('t5-smal'), said(/did you mean google-t5\/t5-small\?/));
  assert.throws(() => parseSettings({ method: 'Lora' }, String), said(/did you mean `lora`/));
  await assert.rejects(loadTask('reviews.xlsx'), said(/reviews\.xlsx: this is neither .*init.*\.csv.*"CSV UTF-8"/));
  await assert.rejects(loadTask('films/reviews.csv'), said(/s3delta init --task films\/reviews\.csv/));
  assert.throws(() => readSettings({ config: 'spam' }, [], builtIn), said(/--task spam/));
});

test('a config.yaml of a run that is empty or of something else is named', () => {
  for (const [name, config] of [
    ['empty', ''],
    ['other', 'seed: 3\n'],
  ] as const) {
    const run = runFolder(folder(name, config));
    for (const read of [() => recordedSettings(run, {}), () => settingsOfRun({}, run, true)]) {
      assert.throws(read, said(/config\.yaml: .* names no task and no model/), name);
    }
  }
  const half = runFolder(folder('half', 'task: rte\n'));
  assert.throws(() => recordedSettings(half, {}), said(/names no model: .* --model/));
  assert.equal(recordedSettings(half, { model: 'mini' }).model, 'mini');
});

test('what is to be trained is asked for before the folder is looked at', async () => {
  const taken = folder('taken', 'task: rte\nmodel: mini\n');
  await assert.rejects(runTrainJob({ task: 'rte', model: 'mini' }, { out: taken }), said(/neither a method/));
});

test('a data folder that is not there is told, beside a task file too', async () => {
  const given = { task: space.task, model: tinyModel, data: '/nonexist' };
  await assert.rejects(prepare(given, {}), said(/--data \/nonexist: there is no such folder/));
});

test('an installed package looks for data where it is run, a checkout beside itself', () => {
  assert.equal(defaultDataFolder('/shared'), join('/shared', 'data'));
  assert.equal(defaultDataFolder('', 'file:///x/node_modules/s3delta/src/tasks/task-places.js'), 'data');
  assert.equal(defaultDataFolder('', 'file:///x/s3delta/src/tasks/task-places.ts'), join('..', 'shared', 'data'));
});

test('data of a folder that nobody has named are told of', t => {
  withEnvironment(t, { S3DELTA_SHARED: undefined });
  const there = join(defaultDataFolder(), 'glue', 'rte', 'train.tsv');
  assert.deepEqual(
    [isUnnamedFolder(undefined, [there]), isUnnamedFolder('data', [there]), isUnnamedFolder(undefined, ['own.csv'])],
    [true, false, false],
  );
  withEnvironment(t, { S3DELTA_SHARED: join('..', 'shared') });
  assert.equal(isUnnamedFolder(undefined, [there]), false);
});

test('another method or budget has a folder of its own; a run of an earlier version is still gone on with', () => {
  const before = process.cwd();
  process.chdir(mkdtempSync(join(tmpdir(), 's3delta-out-')));
  try {
    const out = (settings: Settings, resume = false) => runFolderOf({ resume }, settings, {}).out;
    const run = { task: 'rte', model: 'mini', seed: 2 };
    assert.equal(out(run), join('runs', 'rte-mini-seed2'));
    assert.equal(out({ ...run, method: 'lora' }), join('runs', 'rte-mini-lora-seed2'));
    assert.equal(out({ ...run, budget: '0.5%', strategy: 'random' }), join('runs', 'rte-mini-random-0.5pc-seed2'));
    const structure = join('runs', 'other', 'structure.json');
    assert.equal(out({ ...run, structure }), join('runs', 'rte-mini-other-seed2'));
    assert.equal(out({ ...run, structure: 'own.structure.json' }), join('runs', 'rte-mini-own-seed2'));
    mkdirSync(join('runs', 'rte-mini-seed2'), { recursive: true });
    writeFileSync(join('runs', 'rte-mini-seed2', 'config.yaml'), '');
    assert.equal(out({ ...run, method: 'lora' }, true), join('runs', 'rte-mini-seed2'));
  } finally {
    process.chdir(before);
  }
});
