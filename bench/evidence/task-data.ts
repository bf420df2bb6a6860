import {
  type EncodedExample,
  type EncodedTask,
  encodeTarget,
  encodeTask,
  loadTask,
  loadTaskData,
  type Model,
  type Program,
  permutation,
  withSentinel,
} from '../../src/index.ts';

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
  const tokenizer = withSentinel(model.tokenizer);
  const { sources, targets } = encoded.validation;
  const heldOut = sources.slice(0, LOSS_ROWS).map((source, i) => {
    const target = targets[i]!;
    if (typeof target !== 'string') throw new Error(`${name}: one answer a row is expected`);
    return { source, target: encodeTarget(tokenizer, target) };
  });
  return { ...encoded, heldOut };
}

/** Mean loss in nats a target token, forward alone. */
export async function heldOutLoss(program: Program, rows: readonly EncodedExample[], delta: Float32Array) {
  let [loss, tokens] = [0, 0];
  for (const group of Map.groupBy(rows, ({ target }) => target.join()).values()) {
    const target = group[0]!.target;
    const sorted = group.map(({ source }) => source).sort((a, b) => a.length - b.length);
    for (let at = 0; at < sorted.length; at += 32) {
      const part = sorted.slice(at, at + 32);
      for (const [logProbability] of await program.logProbabilities(part, [target], delta)) loss -= logProbability!;
      tokens += part.length * target.length;
    }
  }
  return loss / tokens;
}

/** Score of greedy answers, 0 to 100. */
export async function scoreOf(
  program: Program,
  { scoring }: EvidenceData,
  { sources, targets }: EvidenceData['test'],
  delta: Float32Array,
): Promise<number> {
  const order = sources.map((_, i) => i).sort((a, b) => sources[a]!.length - sources[b]!.length);
  const texts = new Array<string>(sources.length);
  for (let at = 0; at < order.length; at += 32) {
    const part = order.slice(at, at + 32);
    const asked = part.map(i => sources[i]!);
    const answers = await program.generate(asked, delta, undefined, { maxTokens: scoring.maxTokens });
    for (const [place, i] of part.entries()) texts[i] = scoring.tokenizer.decode(answers[place]!);
  }
  return scoring.score(texts, targets);
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
      window.sort((a, b) => examples[a]!.source.length - examples[b]!.source.length);
      for (let at = 0; at < window.length; at += size) cut.push(window.slice(at, at + size));
    }
    for (const i of permutation(cut.length, seed, `${stream}/batches`, epoch)) yield cut[i]!.map(j => examples[j]!);
  }
}
