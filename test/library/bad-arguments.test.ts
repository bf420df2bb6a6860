import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as s3delta from '../../src/index.ts';
import { films, remarks, tiny } from './films.ts';

// Handed over by somebody who does not compile: the types would refuse each of them.
const untyped = s3delta as unknown as Record<string, (...given: unknown[]) => unknown>;
const call = async (name: string, ...given: unknown[]) => {
  const result = await untyped[name]!(...given);
  // The stages are generators: they begin when they are first asked.
  await (result as AsyncGenerator | undefined)?.next?.();
};
const task = { ...films, load: () => ({ train: remarks(4) }), split: () => ({}) };
const data = { train: remarks(4), validation: remarks(2), test: remarks(2), note: '' };
const structure = s3delta.manualStructure(tiny, 'bitfit');
const tuned = { structure, delta: new Float32Array(0) };

const wrong: readonly [name: string, given: readonly unknown[], what: RegExp][] = [
  ['loadTaskData', ['films', { data: '.', seed: 0 }], /"films" is no value/],
  ['loadTaskData', [task, { seed: 0 }], /nothing is given for `data`/],
  ['loadTaskData', [task, { data: '.', seed: -1 }], /-1 is no value for `seed`/],
  ['segmentsOf', [films, { review: 'fine' }], /\{ review \} is no value/],
  ['segmentsOf', [films, 'fine'], /"fine" is no value/],
  ['manualStructure', [tiny, 'magic'], /magic/],
  ['drawStructure', [tiny, undefined], /nothing is given/],
  ['drawStructure', [tiny, { space: 'mixed', budget: '500', 'keep-inert': false }], /nothing is given for `seed`/],
  ['encodeTask', [tiny, films, data, { 'max-lenght': 3 }], /max-lenght/],
  ['encodeTask', [tiny, films, data, 'short'], /"short" is no value/],
  ['searchStructure', [tiny, { task: films }, { epochs: 0 }], /0 is no value for `epochs`/],
  ['tune', [tiny, structure, { task: films }, { lr: 'fast' }], /"fast" is no value for `lr`/],
  ['evaluate', [tiny, tuned, {}, 'dev'], /"dev" is no value/],
  ['predict', [tiny, tuned, ['a'], { batchSize: 0 }], /0 is no value for `batchSize`/],
  ['predictEach', [tiny, tuned, ['a'], { maxLength: 'long' }], /"long" is no value for `maxLength`/],
  ['exportModel', [tiny, tuned, { format: 'gguf', out: 'x', task: films }], /no format `gguf`/],
  ['exportModel', [tiny, tuned, { format: 'onnx', task: films }], /nothing is given for `out`/],
  ['planSearch', [tiny, { task: films }, { budget: 'much' }], /much/],
];

for (const [name, given, what] of wrong) {
  test(`${name} refuses ${what.source} as wrong settings are refused`, async () => {
    await assert.rejects(call(name, ...given), (error: unknown) => {
      assert.ok(error instanceof s3delta.InputError, String(error));
      assert.match(error.message, what);
      assert.ok(error.remedy !== undefined);
      return true;
    });
  });
}
