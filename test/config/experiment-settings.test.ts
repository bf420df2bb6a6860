import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { parseExperimentSettings, parseSpreadSettings } from '../../src/config/experiment-settings.ts';
import { parseKeys, parseSettings } from '../../src/config/parse-settings.ts';
import { InputError } from '../../src/core/errors.ts';
import { executorKeys } from '../../src/experiments/executors/executors.ts';

const where = (key: string) => `--${key}`;
const ofExperiment = (values: object) => parseExperimentSettings(values, where);

test('a number of seeds is the first of them, a list is those', () => {
  assert.deepEqual(ofExperiment({ seeds: '3' }).seeds, [0, 1, 2]);
  assert.deepEqual(ofExperiment({ seeds: 1 }).seeds, [0]);
  assert.deepEqual(ofExperiment({ seeds: '1,4' }).seeds, [1, 4]);
  assert.deepEqual(ofExperiment({ seeds: [1, 4] }).seeds, [1, 4]);
  assert.equal(ofExperiment({ seeds: 1000 }).seeds!.length, 1000);
  assert.equal(ofExperiment({}).seeds, undefined);
});

const ofSpread = (values: object) => parseSpreadSettings(values, where);
const ofRun = (values: object) => parseSettings(values, where);
const ofExecutor = (values: object) => parseKeys(z.strictObject(executorKeys()), values, where);

const impossible: readonly (readonly [(values: object) => unknown, string, unknown, string])[] = [
  [ofExperiment, 'seeds', '3000000000', 'give a number not above 1000'],
  [ofExperiment, 'seeds', 20_000_000, 'give a number not above 1000'],
  [ofExperiment, 'seeds', '1001', 'give a number not above 1000'],
  [ofExperiment, 'seeds', '2.7', 'give a whole number'],
  [ofExperiment, 'seeds', '0', 'give a number above 0'],
  [ofExperiment, 'seeds', '-1', 'give a number above 0'],
  [ofExperiment, 'seeds', 'many', 'give a number'],
  [ofExperiment, 'seeds', '1,2.5', 'give a whole number'],
  [ofExperiment, 'seeds', [0, -1], 'give a number not below 0'],
  [ofExperiment, 'seeds', [], 'give 1 at least'],
  [ofExperiment, 'seeds', Array.from({ length: 1001 }, (_, seed) => seed), 'give 1000 at most'],
  [ofExperiment, 'draws', '8,1e9', 'give a number not above 1000'],
  [ofSpread, 'seeds', '3000000000', 'give a number not above 1000'],
  [ofSpread, 'structures', '3000000000', 'give a number not above 1000'],
  [ofSpread, 'structures', '2.5', 'give a whole number'],
  [ofSpread, 'structures', '1', 'give a number not below 2'],
  [ofRun, 'draws', '3000000000', 'give a number not above 1000'],
  [ofRun, 'draws', '1.5', 'give a whole number'],
  [ofRun, 'patience', '1e12', 'give a number not above 1000000000'],
  [ofExecutor, 'processes', '3000000000', 'give a number not above 1024'],
  [ofExecutor, 'retries', '1e9', 'give a number not above 100'],
  [ofExecutor, 'cpus', '1e9', 'give a number not above 1024'],
];
for (const [parse, key, value, remedy] of impossible) {
  test(`${key}: ${JSON.stringify(value).slice(0, 20)} is refused in words, before anything is made of it`, () => {
    assert.throws(
      () => parse({ [key]: value }),
      (error: InputError) =>
        error instanceof InputError &&
        error.code === 'unknown-value' &&
        error.where === `--${key}` &&
        error.remedy === remedy,
    );
  });
}
