import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  requireFrozenWeights,
  requireMethodOrStructure,
  requireModelAndTask,
} from '../../src/config/check-settings.ts';
import { jobConfig } from '../../src/config/job-config.ts';
import { choosePreset } from '../../src/config/presets.ts';
import { chosenStrategy, resolveSettings } from '../../src/config/resolve.ts';
import type { Settings } from '../../src/config/settings.ts';
import { InputError } from '../../src/core/errors.ts';
import type { Preset } from '../../src/tasks/task.ts';

const preset: Preset = {
  maxLength: 128,
  search: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
  retrain: { batchSize: 32, epochs: 30, evaluateEvery: 200 },
};
const given = { model: 'm', task: 't' };

test("without a word the paper's values hold, sizes from the task", () => {
  const settings = resolveSettings(given, preset);
  assert.equal(settings.budget, '1.39bp');
  assert.deepEqual(jobConfig(settings).stage, {
    epochs: 15,
    batchSize: 32,
    evaluateEvery: 100,
    ...{ learningRate: 3e-4, headLearningRate: 1e-2 },
    clipNorm: 2,
    seed: 0,
  });
  const { strategy, options } = jobConfig(settings);
  assert.equal(strategy.name, 'sensitivity');
  assert.deepEqual(options, { 'fitting-only': true, finalists: 5 });
  assert.deepEqual(jobConfig(settings).tuning, {
    epochs: 30,
    batchSize: 32,
    evaluateEvery: 200,
    ...{ learningRate: 3e-4, headLearningRate: 1e-2 },
    clipNorm: 2,
    seed: 0,
  });
});

test('S³Delta has its own values, and an option of one strategy alone names it', () => {
  const { strategy, options } = jobConfig(resolveSettings({ ...given, order: 'first' }, preset));
  assert.equal(strategy.name, 'bilevel');
  assert.deepEqual(options, {
    ...{ order: 'first', gates: 'soft', objective: 'budget', gradient: 'global', tau: 1, beta: 1, 'alpha-lr': 0.1 },
    'fitting-only': true,
    judge: 'loss',
    finalists: 5,
  });
  const meant = (settings: Settings) => chosenStrategy(settings).strategy.name;
  assert.equal(meant({ draws: 3 }), 'best-of-random');
  assert.equal(meant({ finalists: 5 }), 'sensitivity');
  assert.throws(() => meant({ strategy: 'sensitivity', order: 'first' }), InputError);
  assert.throws(() => meant({ draws: 3, order: 'first' }), InputError);
});

test('a search follows its training in length, unless passes or the paper say how long it is', () => {
  const by = (settings: Settings) => {
    const { searchByTraining, stage } = jobConfig(resolveSettings({ ...given, ...settings }, preset));
    return [searchByTraining, stage.maxSteps];
  };
  assert.deepEqual(by({}), [true, undefined]);
  assert.deepEqual(by({ 'max-steps': 40 }), [true, 40]);
  assert.deepEqual(by({ epochs: 3 }), [false, undefined]);
  assert.deepEqual(by({ paper: true }), [false, undefined]);
  assert.deepEqual(by({ 'search-steps': 30, 'max-steps': 40 }), [false, 30]);
  assert.deepEqual(by({ epochs: 3, 'search-steps': 'auto' }), [true, undefined]);
});

test('what is given wins over the preset, and the preset over the default', () => {
  const settings = resolveSettings(
    { ...given, epochs: 2, order: 'first' },
    { ...preset, learningRate: 1e-3, maxSteps: 9 },
  );
  assert.equal(settings.epochs, 2);
  assert.equal(settings.order, 'first');
  assert.equal(settings.lr, 1e-3);
  assert.equal(jobConfig(settings).stage.maxSteps, 9);
  assert.equal(resolveSettings({ ...given, lr: 5 }, { ...preset, learningRate: 1e-3 }).lr, 5);
});

test('full fine-tuning takes smaller steps', () => {
  assert.equal(resolveSettings({ ...given, method: 'fine-tuning' }, preset).lr, 3e-5);
  assert.equal(resolveSettings({ ...given, method: 'fine-tuning', lr: 1e-4 }, preset).lr, 1e-4);
  const quick = { ...preset, learningRate: 5e-3, fineTuningLearningRate: 5e-4 };
  assert.equal(resolveSettings({ ...given, method: 'fine-tuning' }, quick).lr, 5e-4);
  assert.equal(resolveSettings({ ...given, method: 'lora' }, quick).lr, 5e-3);
});

test('resolving is stable: what was resolved resolves to itself', () => {
  const once = resolveSettings({ ...given, seed: 4 }, { ...preset, maxSteps: 50, maxValidation: 10, maxTest: 20 });
  assert.deepEqual(resolveSettings(once, preset), once);
  const penalised = resolveSettings({ ...given, objective: 'l0' }, { ...preset, budget: '1%' });
  assert.deepEqual(resolveSettings(penalised, { ...preset, budget: '1%' }), penalised);
});

test('the L0 penalty needs no budget, a preset’s neither; one that is given cuts', () => {
  const settings = resolveSettings({ ...given, objective: 'l0' }, { ...preset, budget: '1%' });
  assert.equal(settings.budget, undefined);
  const own = { 'l0-weight': 1e-3, 'stretch-low': -0.1, 'stretch-high': 1.1 };
  assert.partialDeepStrictEqual(settings, { gradient: 'local', ...own });
  const others = { budget: '500', 'l0-weight': 0.2, 'stretch-low': -1, 'stretch-high': 3 };
  assert.partialDeepStrictEqual(resolveSettings({ ...given, objective: 'l0', ...others }, preset), others);
});

test('settings of a search that contradict each other are refused with the reason', () => {
  const refused = (settings: Settings, where: RegExp, what: RegExp) =>
    assert.throws(
      () => chosenStrategy(resolveSettings({ ...given, ...settings }, preset)),
      (error: InputError) =>
        error instanceof InputError &&
        where.test(error.where!) &&
        what.test(error.message) &&
        error.remedy !== undefined,
    );
  refused({ objective: 'l0', gradient: 'global' }, /--gradient/, /share none/);
  refused({ objective: 'l0', gates: 'hard' }, /--gates/, /gates of its own/);
  refused({ order: 'exact', gates: 'hard' }, /--order, --gates/, /no exact derivative/);
  refused({ 'l0-weight': 1 }, /--l0-weight/, /no L0 penalty/);
  refused({ 'stretch-low': -1 }, /--stretch-low/, /no hard concrete/);
  refused({ 'stretch-high': 2, objective: 'budget' }, /--stretch-high/, /no hard concrete/);
});

test("the built-in model has a preset of its own, other models the task's", () => {
  assert.deepEqual(choosePreset('t5-large', preset), preset);
  const mini = choosePreset('mini', preset);
  assert.notEqual(mini, preset);
  const settings = resolveSettings({ ...given, model: 'mini' }, mini);
  // Whether a sentinel is written is the model's own, unless somebody says so.
  assert.deepEqual([settings.sentinel, settings.budget], [undefined, mini.budget]);
  assert.equal(resolveSettings({ ...given, sentinel: false }, mini).sentinel, false);
});

test('model and task must be said, and one structure be given', () => {
  assert.throws(
    () => requireModelAndTask('m', undefined),
    (error: InputError) => error.where === '--task',
  );
  assert.throws(
    () => requireModelAndTask(undefined, 't'),
    (error: InputError) => error.where === '--model',
  );
  assert.deepEqual(requireModelAndTask('m', 't'), { model: 'm', task: 't' });
  assert.throws(() => requireMethodOrStructure({}), InputError);
  assert.throws(() => requireMethodOrStructure({ method: 'lora', structure: 'f' }), InputError);
  requireMethodOrStructure({ method: 'lora' });
  requireMethodOrStructure({ structure: 'f' });
});

test('products of integers are for weights that are not trained', () => {
  requireFrozenWeights('int8', 'lora');
  requireFrozenWeights('float32', 'fine-tuning');
  assert.throws(
    () => requireFrozenWeights('int8', 'fine-tuning'),
    (error: InputError) => error instanceof InputError && /--precision float32/.test(error.remedy ?? ''),
  );
});
