import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobConfig } from '../../src/config/job-config.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import type { Settings } from '../../src/config/settings.ts';

const preset = {
  maxLength: 128,
  search: { batchSize: 16, epochs: 20, evaluateEvery: 50 },
  retrain: { batchSize: 16, epochs: 40, evaluateEvery: 60 },
};
const resolve = (settings: Settings = {}) => resolveSettings({ model: 'm', task: 't', ...settings }, preset);

test('each stage has its own epochs and validations, and shares the rest', () => {
  const settings = resolve({ seed: 7, lr: 1e-3, 'clip-norm': 5, 'batch-size': 8 });
  const shared = { seed: 7, learningRate: 1e-3, headLearningRate: 1e-2, clipNorm: 5, batchSize: 8 };
  assert.deepEqual(jobConfig(settings).tuning, { ...shared, epochs: 40, evaluateEvery: 60 });
  assert.deepEqual(jobConfig(settings).stage, { ...shared, epochs: 20, evaluateEvery: 50 });
});

test('rates suit kinds and numbers of modules where the rate is a measured one, and nobody says another', () => {
  const measured = { ...preset, learningRate: 5e-3 };
  const suited = (settings: Settings = {}, from: typeof preset = measured) => {
    const { stage, tuning } = jobConfig(resolveSettings({ model: 'm', task: 't', ...settings }, from));
    for (const { sharedRate, kindRates } of [stage, tuning]) {
      assert.deepEqual([sharedRate, kindRates], [tuning.kindRates, tuning.kindRates]);
    }
    return tuning.kindRates ?? false;
  };
  assert.equal(suited(), true);
  assert.equal(suited({}, preset), false, "the paper's rate is for all alike");
  assert.equal(suited({ lr: 1e-3 }), false);
  assert.equal(suited({ lr: 1e-3, rates: 'suited' }), true);
  assert.equal(suited({ rates: 'one' }), false);
  // A comparison hands all its methods the settings of the run it is begun from.
  assert.equal(suited({ method: 'fine-tuning', rates: 'suited' }), false);
});

test('what is given reaches the stage it is for', () => {
  const settings = resolve({
    epochs: 1,
    'eval-every': 2,
    'retrain-epochs': 3,
    'retrain-eval-every': 4,
  });
  const { stage, tuning } = jobConfig(settings);
  assert.deepEqual([stage.epochs, stage.evaluateEvery], [1, 2]);
  assert.deepEqual([tuning.epochs, tuning.evaluateEvery], [3, 4]);
});

test('a limit of steps holds for both stages, and is absent where there is none', () => {
  for (const stage of ['stage', 'tuning'] as const) {
    assert.equal(jobConfig(resolve({ 'max-steps': 9 }))[stage].maxSteps, 9);
    assert.equal('maxSteps' in jobConfig(resolve())[stage], false);
  }
  // The search may end before, and never after.
  const both = jobConfig(resolve({ 'max-steps': 9, 'search-steps': 4 }));
  assert.deepEqual([both.stage.maxSteps, both.tuning.maxSteps], [4, 9]);
  const one = jobConfig(resolve({ 'search-steps': 4 }));
  assert.deepEqual([one.stage.maxSteps, 'maxSteps' in one.tuning], [4, false]);
  assert.equal(jobConfig(resolve({ 'max-steps': 9, 'search-steps': 40 })).stage.maxSteps, 9);
});

test('a search job tunes what it finds, beside it a random structure, or nothing', () => {
  assert.equal(jobConfig(resolve()).tunings, 1);
  assert.equal(jobConfig(resolve({ 'random-baseline': true })).tunings, 2);
  assert.equal(jobConfig(resolve({ 'random-baseline': true, retrain: false })).tunings, 0);
});

test('how data are encoded goes by the same seed and batches', () => {
  const { encoding, tuning } = jobConfig(resolve({ seed: 7, 'max-test': 20, sentinel: false }));
  assert.partialDeepStrictEqual(encoding, { maxLength: 128, maxTest: 20, batchSize: 16, sentinel: false, seed: 7 });
  assert.equal(tuning.seed, encoding.seed);
});
