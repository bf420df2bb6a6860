import { inputLength } from '../../src/core/program.ts';
import { type EncodedTask, encodeTask, loadTask, loadTaskData, type Model } from '../../src/index.ts';
import { scoreSplit } from '../../src/library/scoring.ts';
import { type EncodedExample, type Program, permutation } from '../../src/research.ts';
import { meanLoss } from '../../src/training/step-batches.ts';

/** Rows of D_val whose loss decides: everything that is chosen is chosen by it. */
const LOSS_ROWS = 400;

export interface EvidenceData extends EncodedTask {
  readonly heldOut: readonly EncodedExample[];
}

export async function loadEvidenceData(model: Model, name: string, seed: number): Promise<EvidenceData> {
  const data = process.env.S3DELTA_SHARED;
  if (data === undefined) throw new Error('S3DELTA_SHARED must name the folder that holds data/');
  const task = await loadTask(name);
  const settings = { preset: 'mini', 'max-validation': 1000, 'max-test': 100_000, 'batch-size': 16, seed } as const;
  const encoded = await encodeTask(model, task, await loadTaskData(task, { data: `${data}/data`, seed }), settings);
  return { ...encoded, heldOut: encoded.validation.examples.slice(0, LOSS_ROWS) };
}

/** Mean loss in nats a target token, forward alone. */
export function heldOutLoss(program: Program, rows: readonly EncodedExample[], delta: Float32Array): Promise<number> {
  return meanLoss(program, rows, { delta }, { batchSize: 32 });
}

/** Score of greedy answers, 0 to 100. */
export function scoreOf(
  program: Program,
  { scoring }: EvidenceData,
  split: EvidenceData['test'],
  delta: Float32Array,
): Promise<number> {
  return scoreSplit(program, split, { ...scoring, batchSize: 32 }, { delta });
}

/** D_train in two halves, and batches of similar lengths in an endless row. */
export function halves(train: readonly EncodedExample[], seed: number) {
  const shuffled = Array.from(permutation(train.length, seed, 'evidence/halves'), i => train[i]!);
  const middle = Math.ceil(shuffled.length / 2);
  return { delta: shuffled.slice(0, middle), alpha: shuffled.slice(middle) };
}

const WINDOW = 50;

export function* batches(examples: readonly EncodedExample[], size: number, seed: number, stream: string) {
  for (let epoch = 0; ; epoch++) {
    const order = [...permutation(examples.length, seed, `${stream}/examples`, epoch)];
    const cut: number[][] = [];
    for (let start = 0; start < order.length; start += size * WINDOW) {
      const window = order.slice(start, start + size * WINDOW);
      window.sort((a, b) => inputLength(examples[a]!.input) - inputLength(examples[b]!.input));
      for (let at = 0; at < window.length; at += size) cut.push(window.slice(at, at + size));
    }
    for (const i of permutation(cut.length, seed, `${stream}/batches`, epoch)) yield cut[i]!.map(j => examples[j]!);
  }
}
