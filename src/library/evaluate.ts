import { z } from 'zod';
import type { WithCatalogue } from '../catalogue/catalogue.ts';
import { checkArgument } from '../core/arguments.ts';
import type { Model } from '../models/model.ts';
import { keptModules } from '../structure/structure-file.ts';
import type { EncodedTask } from './encode-task.ts';
import { asInterrupted, type StopContext } from './run-to-end.ts';
import { type DetailedScore, scoreSplitInDetail } from './scoring.ts';
import type { TunedStructure } from './tune.ts';

/** The parts of a task that scores are made on. */
export type SplitName = 'validation' | 'test';

const splitName = z.enum(['validation', 'test'] satisfies SplitName[], { error: '`validation` or `test`' });

/**
 * Score of trained parameters on a split, by the task's metric, 0 to 100.
 * @throws InputError where they are another model's; InterruptedError where the signal has aborted
 */
export async function evaluate(
  model: Model,
  tuned: TunedStructure,
  data: EncodedTask,
  split: SplitName = 'test',
  context: StopContext & WithCatalogue = {},
): Promise<number> {
  return (await evaluateInDetail(model, tuned, data, split, context)).score;
}

/** The same, with the metrics that the task reports beside its own, by their names. */
export function evaluateInDetail(
  model: Model,
  tuned: TunedStructure,
  data: EncodedTask,
  split: SplitName = 'test',
  { signal, catalogue }: StopContext & WithCatalogue = {},
): Promise<DetailedScore> {
  return asInterrupted(signal, async () => {
    checkArgument('evaluate(model, tuned, data, split)', splitName, split);
    const program = await model.compile(keptModules(tuned.structure, model, undefined, catalogue));
    try {
      return await scoreSplitInDetail(program, data[split], data.scoring, tuned, signal);
    } finally {
      await program.release();
    }
  });
}
