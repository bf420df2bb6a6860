import { writesSentinel } from '../config/presets.ts';
import { encodeSource } from '../data/encode.ts';
import { mapInSlices } from '../data/in-slices.ts';
import { withSentinel } from '../data/sentinel.ts';
import type { Model } from '../models/model.ts';
import type { Program } from '../runtime/program.ts';
import { keptModules } from '../structure/structure-file.ts';
import { type EncodedTask, freeTextTokens } from './encode-task.ts';
import { asInterrupted } from './interrupted.ts';
import { type DetailedScore, generateTexts, scoreSplitInDetail } from './scoring.ts';
import type { TunedStructure } from './tune.ts';

export type SplitName = 'validation' | 'test';

export interface StopContext {
  readonly signal?: AbortSignal;
}

/**
 * Score of trained parameters on a split, by the task's metric, 0 to 100.
 * @throws InputError where they are another model's; InterruptedError where the signal has aborted
 */
export async function evaluate(
  model: Model,
  tuned: TunedStructure,
  data: EncodedTask,
  split: SplitName = 'test',
  context: StopContext = {},
): Promise<number> {
  return (await evaluateInDetail(model, tuned, data, split, context)).score;
}

/** The same, with the metrics that the task reports beside its own, by their names. */
export function evaluateInDetail(
  model: Model,
  tuned: TunedStructure,
  data: EncodedTask,
  split: SplitName = 'test',
  { signal }: StopContext = {},
): Promise<DetailedScore> {
  return withProgram(model, tuned, signal, program =>
    scoreSplitInDetail(program, data[split], data.scoring, tuned, signal),
  );
}

export interface PredictOptions extends StopContext {
  /** Most tokens of an answer. */
  readonly maxTokens?: number;
  /** Longest source in tokens; longer ones are cut. */
  readonly maxLength?: number;
  readonly batchSize?: number;
  /** Whether answers are written after a sentinel (default: as the settings of `tune` are for this model). */
  readonly sentinel?: boolean;
}

/**
 * The model's answer to each text, in their order. A text is written as the task writes its sources.
 * @throws InputError where the parameters are another model's; InterruptedError where the signal has aborted
 */
export function predict(
  model: Model,
  tuned: TunedStructure,
  texts: readonly string[],
  {
    maxTokens = freeTextTokens,
    maxLength = 512,
    batchSize = 16,
    sentinel = writesSentinel(model.name),
    signal,
  }: PredictOptions = {},
): Promise<string[]> {
  const tokenizer = sentinel ? withSentinel(model.tokenizer) : model.tokenizer;
  return withProgram(model, tuned, signal, async program => {
    const sources = await mapInSlices(texts, text => encodeSource(tokenizer, text, maxLength), signal);
    return generateTexts(program, sources, { tokenizer, maxTokens, batchSize }, tuned, signal);
  });
}

function withProgram<T>(
  model: Model,
  { structure }: TunedStructure,
  signal: AbortSignal | undefined,
  use: (program: Program) => Promise<T>,
): Promise<T> {
  return asInterrupted(signal, async () => {
    const program = await model.compile(keptModules(structure, model));
    try {
      return await use(program);
    } finally {
      await program.release();
    }
  });
}
