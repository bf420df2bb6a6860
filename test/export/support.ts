import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeltaModule } from '../../src/core/delta-module.ts';
import type { EncodedExample } from '../../src/core/program.ts';
import { fillNormal } from '../../src/core/random.ts';
import type { ExportOptions } from '../../src/library/export-model.ts';
import type { TunedStructure } from '../../src/library/tune.ts';
import { loadModel } from '../../src/models/load-model.ts';
import type { Model } from '../../src/models/model.ts';
import { createStructure } from '../../src/structure/structure-file.ts';
import { example, type TextToText } from '../encoded.ts';

export const loadTiny = (name: string): Promise<Model> =>
  loadModel(fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url)), { threads: 1 });

/** Rows of very different lengths, the longest past the distance from which all positions are one bucket. */
export const batch: readonly TextToText[] = [
  example([5, 9, 12, 1], [8, 1]),
  example(
    Array.from({ length: 150 }, (_, i) => 3 + (i % 40)),
    [9, 30, 11, 12, 7, 1],
  ),
  example([1], [1]),
];

/** Modules with parameters as large as training makes them, every one of them, and the model's heads. */
export function trained(model: Model, modules: readonly DeltaModule[]): TunedStructure {
  const kept = modules.map(() => true);
  const structure = createStructure(model, { space: 'test', budget: null }, modules, { kept });
  const delta = fillNormal(new Float32Array(model.layout(modules).size), 1, 'test/trained').map(value => 0.1 * value);
  return { structure, delta };
}

/** Teacher-forced logits, of that batch or others, with what was trained. */
export async function logitsOf(
  model: Model,
  modules: readonly DeltaModule[],
  delta: Float32Array,
  examples: readonly EncodedExample[] = batch,
) {
  const program = await model.compile(modules);
  try {
    return await program.logits(examples, delta);
  } finally {
    await program.release();
  }
}

export function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  if (actual.length !== expected.length) throw new Error(`${actual.length} numbers, not ${expected.length}`);
  for (let i = 0; i < actual.length; i++) {
    if (Math.abs(actual[i]! - expected[i]!) <= tolerance) continue;
    throw new Error(`number ${i}: ${actual[i]} against ${expected[i]}`);
  }
}

export const freshFolder = (): string => join(mkdtempSync(join(tmpdir(), 's3delta-export-')), 'out');

const stage = { batchSize: 4, epochs: 2, evaluateEvery: 3 };
export const task: ExportOptions['task'] = {
  name: 'films',
  metric: 'accuracy',
  labels: ['bad', 'good'],
  segments: field => [{ text: `film: ${field('text')}` }],
  maxSourceLength: 24,
  presets: { search: stage, retrain: stage },
};
