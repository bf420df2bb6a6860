import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { EncodedExample } from '../../src/core/program.ts';
import { fillNormal } from '../../src/core/random.ts';
import type { DeltaModule } from '../../src/core/site.ts';
import type { ExportedTask } from '../../src/export/description.ts';
import { type ExportOptions, exportModel } from '../../src/library/export-model.ts';
import type { TunedStructure } from '../../src/library/tune.ts';
import { loadModel } from '../../src/models/load-model.ts';
import type { Model } from '../../src/models/model.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { createStructure, keptModules } from '../../src/structure/structure-file.ts';
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

/** Every kind of module, on every kind of place that takes it. */
export const allKinds = ({ sites }: Model): DeltaModule[] => [
  ...listSpace(sites, 'wide'),
  ...listManualModules(sites, 'adapter'),
];

const words = 'the film was good , but too long and nobody laughed at it not once ; a fine end of all'.split(' ');

/** A hundred texts, all different, of none to 40 words. */
export const hundredTexts: readonly string[] = Array.from({ length: 100 }, (_, i) =>
  ['film:', ...Array.from({ length: (i * 7) % 41 }, (_, k) => words[(i * 5 + k * (1 + (i % 6))) % words.length]!)]
    .concat(String(i))
    .join(' '),
);

/** Tokens that a T5 says to each text, greedily, its end and padding left out. */
export async function greedyAnswers(
  model: Model,
  { structure, delta }: TunedStructure,
  texts: readonly string[],
  maxTokens: number,
): Promise<number[][]> {
  const program = await model.compile(keptModules(structure, model));
  try {
    const inputs = texts.map(text => ({ ids: [...model.tokenizer.encode(text), model.tokenizer.endId] }));
    const answers = await program.generate!(inputs, delta, undefined, { maxTokens });
    return answers.map(ids => said(model, ids));
  } finally {
    await program.release();
  }
}

/** An answer's tokens up to its end: behind it transformers.js goes on with a row until all of a batch have ended. */
export function said({ tokenizer: { padId, endId } }: Model, ids: readonly number[]): number[] {
  return ids.slice(0, ids.indexOf(endId) >>> 0).filter(id => id !== padId);
}

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

/** Tokens of an answer. */
export const MOST = 10;
/** A classifier's task of three classes. */
export const stars = { name: 'stars', metric: 'accuracy', labels: ['bad', 'so so', 'good'] } as const;

/** The folder of a model's export as ONNX. */
export async function exported(
  model: Model,
  tuned: TunedStructure,
  of: Partial<ExportedTask> = {},
  dtypes: readonly string[] = ['fp32'],
): Promise<string> {
  const out = freshFolder();
  await exportModel(model, tuned, { format: 'onnx', out, task: { ...task, ...of }, dtypes });
  return out;
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
