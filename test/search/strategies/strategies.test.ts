import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { completeSettings } from '../../../src/config/job-config.ts';
import { chosenStrategy } from '../../../src/config/resolve.ts';
import { settingsSchema } from '../../../src/config/settings.ts';
import { InputError } from '../../../src/core/errors.ts';
import {
  defaultStrategy,
  strategies,
  strategiesWith,
  strategyNamed,
  usualOptionsOf,
} from '../../../src/search/strategies/strategies.ts';
import type { SearchStrategy } from '../../../src/search/strategies/strategy.ts';

const stage = { batchSize: 4, epochs: 2, evaluateEvery: 3 };
const task = { name: 't', maxSourceLength: 64, presets: { search: stage, retrain: stage } };
const complete = (given: object) => completeSettings({ name: 'm' }, task, given);

for (const strategy of strategies as readonly SearchStrategy[]) {
  test(`${strategy.name}: named once, its options explained, complete by themselves and stable`, () => {
    assert.equal(strategyNamed(strategy.name), strategy);
    assert.equal(strategyNames.filter(name => name === strategy.name).length, 1);
    for (const [key, schema] of Object.entries(strategy.options.shape)) {
      assert.ok(String((schema as z.ZodType).meta()?.description).length > 10, key);
      assert.ok(Object.hasOwn(settingsSchema.shape, key), key);
      assert.ok(!(settingsSchema.shape[key as 'order'] instanceof z.ZodDefault), key);
    }
    for (const key of strategy.varied) assert.ok(Object.hasOwn(strategy.options.shape, key), key);
    const settings = complete({ strategy: strategy.name });
    assert.equal(settings.strategy, strategy.name);
    assert.deepEqual(complete(settings), settings);
    // What --help says is what happens.
    for (const key of Object.keys(strategy.options.shape)) {
      const value = settings[key as 'order'];
      if (value !== undefined) assert.equal(value, usualOptionsOf()[key], key);
    }
  });

  test(`${strategy.name}: an option of another is refused, with whose it is`, () => {
    for (const other of strategies as readonly SearchStrategy[]) {
      for (const [key, value] of Object.entries(other.options.parse({}))) {
        if (Object.hasOwn(strategy.options.shape, key)) continue;
        assert.throws(
          () => chosenStrategy({ strategy: strategy.name as 'bilevel', [key]: value }),
          (error: InputError) =>
            error instanceof InputError &&
            error.where === `--${key}` &&
            error.message.includes(`\`${key}\` is an option of ${strategiesWith(key).join(' and ')}`) &&
            error.remedy!.includes(`--strategy ${strategiesWith(key)[0]}`),
        );
      }
    }
  });
}

const strategyNames = strategies.map(({ name }) => name);

test('where none is named the first is meant', () => {
  assert.equal(defaultStrategy, strategies[0]);
  assert.equal(complete({}).strategy, strategyNames[0]);
});

test('an unknown one is refused with the nearest and the list', () => {
  const refused = (error: Error) =>
    error instanceof InputError &&
    /did you mean `bilevel`\?/.test(error.remedy ?? '') &&
    strategyNames.every(name => error.remedy!.includes(name));
  assert.throws(() => strategyNamed('bilevle'), refused);
  assert.throws(() => complete({ strategy: 'bilevle' }), refused);
});
