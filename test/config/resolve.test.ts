import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requireDevice, requireMethodOrStructure, requireModelAndTask } from '../../src/config/check.ts';
import { retrainStage, searchStage } from '../../src/config/job-config.ts';
import { choosePreset, type Preset, writesSentinel } from '../../src/config/presets.ts';
import { resolveSettings } from '../../src/config/resolve.ts';
import { InputError } from '../../src/errors.ts';

const preset: Preset = {
  maxLength: 128,
  search: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
  retrain: { batchSize: 32, epochs: 30, evaluateEvery: 200 },
};
const given = { model: 'm', task: 't' };

test("without a word the paper's values hold, sizes from the task", () => {
  const settings = resolveSettings(given, preset);
  assert.equal(settings.budget, '1.39bp');
  assert.deepEqual(searchStage(settings), {
    epochs: 15,
    batchSize: 32,
    evaluateEvery: 100,
    learningRate: 3e-4,
    clipNorm: 2,
    seed: 0,
    order: 'second',
    gradient: 'global',
    tau: 1,
    beta: 1,
    alphaLearningRate: 0.1,
    keepInert: false,
  });
  assert.deepEqual(retrainStage(settings), {
    epochs: 30,
    batchSize: 32,
    evaluateEvery: 200,
    learningRate: 3e-4,
    clipNorm: 2,
    seed: 0,
  });
});

test('what is given wins over the preset, and the preset over the default', () => {
  const settings = resolveSettings(
    { ...given, epochs: 2, order: 'first' },
    { ...preset, learningRate: 1e-3, maxSteps: 9 },
  );
  assert.equal(settings.epochs, 2);
  assert.equal(settings.order, 'first');
  assert.equal(settings.lr, 1e-3);
  assert.equal(searchStage(settings).maxSteps, 9);
  assert.equal(resolveSettings({ ...given, lr: 5 }, { ...preset, learningRate: 1e-3 }).lr, 5);
});

test('full fine-tuning takes smaller steps', () => {
  assert.equal(resolveSettings({ ...given, method: 'fine-tuning' }, preset).lr, 3e-5);
  assert.equal(resolveSettings({ ...given, method: 'fine-tuning', lr: 1e-4 }, preset).lr, 1e-4);
});

test('resolving is stable: what was resolved resolves to itself', () => {
  const once = resolveSettings({ ...given, seed: 4 }, { ...preset, maxSteps: 50, maxValidation: 10, maxTest: 20 });
  assert.deepEqual(resolveSettings(once, preset), once);
});

test("the built-in model has a preset of its own, other models the task's", () => {
  assert.deepEqual(choosePreset('t5-large', preset), preset);
  const mini = choosePreset('mini', preset);
  assert.notEqual(mini, preset);
  const settings = resolveSettings({ ...given, model: 'mini' }, mini);
  assert.deepEqual([settings.sentinel, settings.budget], [true, mini.budget]);
  assert.equal(resolveSettings({ ...given, sentinel: false }, mini).sentinel, false);
  assert.equal(resolveSettings(given, preset).sentinel, false);
  assert.deepEqual([writesSentinel('mini'), writesSentinel('t5-large')], [true, false]);
});

test('model and task must be said, the device be one that computes, and one structure be given', () => {
  assert.throws(
    () => requireModelAndTask({ model: 'm' }),
    (error: InputError) => error.where === '--task',
  );
  assert.throws(
    () => requireModelAndTask({ task: 't' }),
    (error: InputError) => error.where === '--model',
  );
  assert.deepEqual(requireModelAndTask(given), given);
  for (const device of ['webgpu', 'cuda'] as const) {
    assert.throws(
      () => requireDevice({ device }),
      (error: InputError) => error instanceof InputError && error.message.includes(device),
    );
  }
  requireDevice({ device: 'cpu' });
  requireDevice({ device: 'auto' });
  assert.throws(() => requireMethodOrStructure({}), InputError);
  assert.throws(() => requireMethodOrStructure({ method: 'lora', structure: 'f' }), InputError);
  requireMethodOrStructure({ method: 'lora' });
  requireMethodOrStructure({ structure: 'f' });
});
