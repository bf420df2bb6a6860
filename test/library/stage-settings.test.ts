import assert from 'node:assert/strict';
import { test } from 'node:test';
import { completeSettings } from '../../src/config/job-config.ts';
import type { Settings } from '../../src/config/settings.ts';
import { InputError } from '../../src/core/errors.ts';
import { createModule } from '../../src/deltas/kinds.ts';
import { searchProblem } from '../../src/library/search-structure.ts';
import { createToyExamples, createToySite } from '../training/toy-program.ts';

const large = { name: 't5-large' };
const task = {
  name: 'rte',
  maxSourceLength: 128,
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 60 },
  },
};

test('what is left out comes from the task and the paper', () => {
  const settings = completeSettings(large, task, {});
  assert.deepEqual(
    [settings['batch-size'], settings.epochs, settings['retrain-epochs'], settings['retrain-eval-every']],
    [16, 20, 40, 60],
  );
  assert.deepEqual(
    [settings['max-length'], settings.lr, settings.strategy, settings['search-steps'], settings.budget],
    [128, 3e-4, 'sensitivity', 'auto', '1.39bp'],
  );
  assert.deepEqual([settings.model, settings.task], ['t5-large', 'rte']);
});

test('the built-in model brings its own sizes, whatever the task', () => {
  const settings = completeSettings({ name: 'mini' }, task, {});
  assert.notEqual(settings.epochs, 20);
  assert.ok(settings['max-steps']! > 0);
});

test("a model's own rate comes before the paper's, and after what is said, the paper's sizes and full fine-tuning", () => {
  const narrow = { name: 'minilm', learningRate: 2.1e-3 };
  const rate = (given: Settings, model = narrow) => completeSettings(model, task, given).lr;
  assert.equal(rate({}), 2.1e-3);
  assert.equal(rate({ lr: 2e-3 }), 2e-3);
  assert.equal(rate({ preset: 'paper' }), 3e-4);
  assert.equal(rate({ paper: true }), 3e-4);
  assert.equal(rate({ preset: 'mini' }), 2.1e-3);
  assert.equal(rate({ method: 'fine-tuning' }), 3e-5);
  assert.equal(rate({}, { ...narrow, name: 'mini' }), 5e-3);
});

test("--paper gives the paper's values where nothing else is said, and to a strategy only what it has", () => {
  const settings = completeSettings({ name: 'mini' }, task, { paper: true, tau: 0.5 });
  assert.deepEqual(
    [settings.order, settings['search-lr'], settings['alpha-lr'], settings['fitting-only'], settings.tau],
    ['second', 3e-4, 0.1, false, 0.5],
  );
  assert.deepEqual([settings.lr, settings.budget, settings.epochs], [3e-4, '1.39bp', 20]);
  assert.equal(completeSettings(large, task, { paper: true, lr: 1e-3 })['search-lr'], 1e-3);
  const others = completeSettings(large, task, { paper: true, strategy: 'sensitivity' });
  assert.deepEqual([others.order, others.budget], [undefined, '1.39bp']);
  // Complete settings come back as they are.
  assert.deepEqual(completeSettings({ name: 'mini' }, task, settings), settings);
});

test('what is said wins, and undefined says nothing', () => {
  const settings = completeSettings(large, task, { epochs: 2, lr: undefined, 'max-steps': undefined });
  assert.deepEqual([settings.epochs, settings.lr, settings['max-steps']], [2, 3e-4, undefined]);
  const mini = { name: 'mini' };
  assert.deepEqual(completeSettings(mini, task, { 'max-steps': undefined }), completeSettings(mini, task, {}));
});

test('complete settings come back as they are, so that every stage of a job has the same', () => {
  for (const model of [large, { name: 'mini' }]) {
    const once = completeSettings(model, task, { seed: 3, budget: '5000', model: './somewhere/else' });
    assert.deepEqual(completeSettings(model, task, once), once);
    assert.equal(once.model, './somewhere/else');
  }
});

test('full fine-tuning has a smaller learning rate, unless one is given', () => {
  assert.equal(completeSettings(large, task, { method: 'fine-tuning' }).lr, 3e-5);
  assert.equal(completeSettings(large, task, { method: 'fine-tuning', lr: 1e-4 }).lr, 1e-4);
  assert.equal(completeSettings(large, task, {}, 'fine-tuning').lr, 3e-5);
  assert.equal(completeSettings(large, task, {}, 'lora').lr, 3e-4);
});

test('wrong values and unknown keys are refused', () => {
  assert.throws(() => completeSettings(large, task, { epochs: -1 }), InputError);
  assert.throws(() => completeSettings(large, task, { epoch: 1 } as object), /did you mean|`epoch`/);
});

test('a preset is chosen by its name, whatever the model; what belongs to the built-in model does not come with it', () => {
  const small = completeSettings(large, task, { preset: 'mini' });
  assert.deepEqual([small['max-steps'], small['batch-size'], small['max-length']], [200, 16, 96]);
  assert.deepEqual([small.lr, small.budget], [3e-4, '1.39bp']);
  const paper = completeSettings({ name: 'mini' }, task, { preset: 'paper' });
  assert.deepEqual([paper['max-steps'], paper['retrain-epochs'], paper.lr], [undefined, 40, 3e-4]);
});

test('a search is made at the rate of as many modules as its budget holds', () => {
  const candidates = Array.from({ length: 32 }, (_, i) => createModule(createToySite(i), 'bitfit'));
  const stage = { epochs: 1, batchSize: 4, evaluateEvery: 1, learningRate: 0.1, clipNorm: 2, seed: 0 };
  const rateOf = (budget: number, sharedRate: boolean) => {
    const space = { name: 'toy', candidates, budget, limited: true, keepInert: false };
    const search = { space, headSize: 0, stage: { ...stage, sharedRate }, searchByTraining: false, tuning: stage };
    return searchProblem(search, createToyExamples(8)).stage.learningRate;
  };
  assert.deepEqual([rateOf(4, true), rateOf(16, true), rateOf(16, false)], [0.1, 0.05, 0.1]);
});
