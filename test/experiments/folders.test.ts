import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { builtIn, extend } from '../../src/catalogue/catalogue.ts';
import type { ExperimentSettings } from '../../src/config/experiment-settings.ts';
import { keyWithDefault, positiveInteger } from '../../src/core/checked-values.ts';
import { InputError, StorageError } from '../../src/core/errors.ts';
import { cellFolder, fileName } from '../../src/experiments/cell.ts';
import { checkRunFolders, checkSearches } from '../../src/experiments/check-experiment.ts';
import { commandOf } from '../../src/experiments/comparison-job.ts';
import { describeError } from '../../src/experiments/executors/executor.ts';
import { listCells } from '../../src/experiments/list-cells.ts';
import { sharedLoaders } from '../../src/experiments/shared-loaders.ts';
import type { RunResult } from '../../src/runs/result.ts';
import { randomSearch } from '../../src/search/strategies/random-search.ts';
import { experimentWorkspace } from './support.ts';

const space = experimentWorkspace();
const loaders = sharedLoaders();

async function planned(given: ExperimentSettings) {
  const plan = await listCells({ ...space.settings, task: [space.films], budget: ['600'], ...given }, 'out', loaders);
  return plan.phases.flat();
}

async function foldersOf(given: ExperimentSettings) {
  return (await planned(given)).map(cell => cell.folder);
}

/** A task as films, by another name. */
function taskCalled(name: string, folder: string): string {
  cpSync(join(space.folder, 'films'), join(space.folder, folder), { recursive: true });
  const file = join(space.folder, folder, 'task.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('name: films', `name: ${name}`));
  return file;
}

test('a name stays itself as far as a file system lets it', () => {
  assert.equal(fileName('my_task'), 'my_task');
  assert.equal(fileName('my-task'), 'my-task');
  assert.equal(fileName('found at 1.39‱'), 'found-at-1.39‱');
  assert.equal(fileName('..'), '-');
  assert.equal(fileName('.hidden/../x'), '-hidden-..-x');
  const named = { task: '..', method: 'lora', variant: '', budget: null, seed: 0 };
  assert.equal(cellFolder('out', named), join('out', '-', 'lora', 'seed-0'));
});

for (const [what, given] of [
  ['seeds', { methods: ['lora'], seeds: [1, 1] }],
  ['tasks', { methods: ['lora'], task: [space.films, space.films] }],
  ['methods', { methods: ['lora', 'lora'] }],
  ['budgets', { methods: ['random'], budget: ['600', '600'] }],
  ['tasks of one name', { methods: ['lora'], task: [space.films, taskCalled('films', 'others')] }],
  ['names that differ by their case', { methods: ['lora'], task: [space.films, taskCalled('Films', 'capitals')] }],
] as const) {
  test(`${what} that would share a folder are refused`, async () => {
    const cells = await planned(given as unknown as ExperimentSettings);
    assert.throws(
      () => checkRunFolders(cells),
      (error: InputError) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, /share this folder/);
        return error.remedy !== undefined;
      },
    );
  });
}

test('a rate of full fine-tuning makes a folder of its own, and is that of no other method', async () => {
  const methods = ['fine-tuning', 'lora'];
  const cells = await planned({ methods });
  checkRunFolders(cells);
  const [usual, lora] = cells;
  const [rated, same] = await planned({ methods, 'fine-tuning-lr': 1e-4 });
  assert.equal(usual!.settings.lr, undefined);
  assert.equal(rated!.settings.lr, 1e-4);
  assert.deepEqual(same, lora);
  assert.deepEqual([usual!.settings.method, lora!.settings.lr], ['fine-tuning', space.settings.lr]);
  assert.deepEqual(
    [usual!.folder, rated!.folder],
    [join('out', 'films', 'fine-tuning', 'seed-0'), join('out', 'films', 'fine-tuning-lr-0.0001', 'seed-0')],
  );
});

test('the command that does what a row does has what is its own, over what all have alike', async () => {
  const out = space.out('commands');
  const methods = ['found', 'fine-tuning', 'value-lora'];
  const own: ExperimentSettings = { task: [space.films], budget: ['600'], methods, order: ['first', 'second'] };
  const given = { ...space.settings, ...own };
  const commands = async () => {
    const plan = await listCells(given, out, loaders);
    const finished = plan.phases.flat().map(cell => ({ cell, result: undefined as unknown as RunResult }));
    return plan.phases.flat().map(cell => commandOf(cell, { plan, outcome: { finished, failed: [] }, out }));
  };
  mkdirSync(join(out, 'films', 'fine-tuning', 'seed-0'), { recursive: true });
  // Its rate is a default of its own, which a run notes; everyone's would be another.
  writeFileSync(join(out, 'films', 'fine-tuning', 'seed-0', 'config.yaml'), 'lr: 0.00003\n');
  const config = join(out, 'matrix.yaml');
  const task = `--task ${space.films}`;
  assert.deepEqual(await commands(), [
    `s3delta search ${config} ${task} --strategy bilevel --budget 600`,
    `s3delta search ${config} --order second ${task} --strategy bilevel --budget 600`,
    `s3delta train ${config} ${task} --method fine-tuning --lr 0.00003`,
    `s3delta train ${config} ${task} --method value-lora --budget 600`,
  ]);
});

/** With a strategy of a plugin, which has an option of its own. */
const withPlugin = extend(builtIn, [
  {
    name: 'mine',
    strategies: [
      {
        ...randomSearch,
        name: 'own',
        options: z.object({ rounds: keyWithDefault(positiveInteger, 1, 'rounds') }),
        varied: ['rounds'],
      },
    ],
  },
]);

test('found searches by the default or, where an option of it is given, by the one of the paper; by no other', async () => {
  const { order: _, ...plain } = space.settings;
  const strategiesOf = async (given: ExperimentSettings & { readonly rounds?: readonly number[] }) => {
    const settings = { ...plain, task: [space.films], budget: ['600'], ...given };
    const { phases } = await listCells(settings, 'out', loaders, undefined, withPlugin);
    return phases.flat().map(({ method, settings }) => [method, settings.strategy]);
  };
  const sensitivity = ['found', 'sensitivity'];
  assert.deepEqual(await strategiesOf({ methods: ['found'] }), [sensitivity]);
  assert.deepEqual(await strategiesOf({ methods: ['found'], finalists: 1 }), [sensitivity]);
  assert.deepEqual(await strategiesOf({ methods: ['found'], order: ['second'] }), [['found', 'bilevel']]);
  assert.deepEqual(await strategiesOf({ methods: ['found'], paper: true }), [['found', 'bilevel']]);
  const own = ['own', 'own'];
  assert.deepEqual(await strategiesOf({ methods: ['found', 'own'], rounds: [2] }), [sensitivity, own]);
  assert.deepEqual(await strategiesOf({ methods: ['found', 'own'], rounds: [2], patience: 1 }), [
    ['found', 'bilevel'],
    own,
  ]);
  // The trainings of random structures are a method, not a search, and have no options.
  for (const [given, remedy] of [
    [{ methods: ['found'], rounds: [2] }, 'leave it out, or add own to --methods'],
    [{ methods: ['found', 'best-of-random'], draws: [2] }, 'leave it out'],
  ] as const) {
    await assert.rejects(strategiesOf(given as unknown as ExperimentSettings), (error: InputError) => {
      assert.equal(error.code, 'option-of-another-strategy');
      return error.remedy === remedy;
    });
  }
  // Two names of one search would make every run of it twice.
  for (const given of [
    { methods: ['found', 'sensitivity'] },
    { methods: ['found', 'bilevel'], order: ['second'] },
    { methods: ['found', 'found-mixed'] },
  ] as const) {
    await assert.rejects(strategiesOf(given as unknown as ExperimentSettings), (error: InputError) => {
      assert.equal(error.code, 'conflicting-settings');
      return error.message.includes(`\`${given.methods[0]}\` and \`${given.methods[1]}\``);
    });
  }
  const bilevel = ['bilevel', 'bilevel'];
  assert.deepEqual(await strategiesOf({ methods: ['found', 'bilevel'] }), [sensitivity, bilevel]);
  assert.equal((await strategiesOf({ methods: ['found', 'found-mixed'], space: 'lora' })).length, 2);
});

test('searches of an earlier default are not put into one row with those of this one', async () => {
  const { order: _, ...plain } = space.settings;
  const given = { ...plain, task: [space.films], methods: ['found', 'lora'], seeds: [0, 1], budget: ['600'] };
  const cells = (await listCells(given, space.out('earlier'), loaders)).phases.flat();
  checkSearches(cells);
  const [first, second] = cells.filter(({ method }) => method === 'found');
  const begun = (folder: string, text: string) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.yaml'), text);
  };
  begun(first!.folder, 'strategy: sensitivity\n');
  checkSearches(cells);
  for (const text of ['strategy: bilevel\n', 'model: mini\n']) {
    begun(second!.folder, text);
    assert.throws(
      () => checkSearches(cells),
      (error: InputError) => {
        assert.deepEqual([error.code, error.where], ['other-settings', join(second!.folder, 'config.yaml')]);
        assert.match(error.message, /`found` was bilevel here when this run was begun, and is sensitivity now/);
        return /another --out/.test(error.remedy!);
      },
    );
  }
  begun(second!.folder, 'strategy: [\n');
  checkSearches(cells);
});

test('what a shared search serves is kept apart by the search, which other budgets move', async () => {
  const at = (budget: string[]) => foldersOf({ methods: ['found'], budget, 'share-search': true });
  const both = [await at(['300', '1200']), await at(['300', '4800'])].flat();
  assert.equal(new Set(both).size, 6);
});

test('a full disk is told with its remedy', () => {
  const error = new StorageError('the disk is full', { where: 'runs/x', code: 'ENOSPC', remedy: 'make room' });
  assert.equal(describeError(error), 'runs/x: the disk is full → make room');
});
