import { z } from 'zod';
import type { WithCatalogue } from '../catalogue/catalogue.ts';
import { checkArgument } from '../core/checked-values.ts';
import type { Program } from '../core/program.ts';
import { type Assessment, assess } from '../metrics/assessment.ts';
import type { Model } from '../models/model.ts';
import { keptModules } from '../structure/structure-file.ts';
import type { EncodedTask, JudgedSplit } from './encode-task.ts';
import { asInterrupted, type StopContext } from './run-to-end.ts';
import { answerSplit, type DetailedScore, type SplitName, scoreSplitInDetail } from './scoring.ts';
import type { TunedStructure } from './tune.ts';

export type { SplitName } from './scoring.ts';

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
    return withProgram(model, tuned, catalogue, program =>
      scoreSplitInDetail(program, data[split], data.scoring, tuned, signal),
    );
  });
}

/**
 * What trained parameters are worth on examples, looked at from every side: `evaluateInDetail`, with an interval for
 * the score, what always giving the commonest answer gets, and where answers are classes how each of them fares.
 * @throws as `evaluate`
 */
export function assessTuned(
  model: Model,
  tuned: TunedStructure,
  { split, scoring, judge }: Pick<JudgedSplit, 'split' | 'scoring' | 'judge'>,
  { signal, catalogue }: StopContext & WithCatalogue = {},
): Promise<Assessment & DetailedScore> {
  return asInterrupted(signal, () =>
    withProgram(model, tuned, catalogue, async program => {
      const answers = await answerSplit(program, split, scoring, tuned, signal);
      return { ...assess(judge, answers, split.targets), details: scoring.details?.(answers, split.targets) ?? {} };
    }),
  );
}

async function withProgram<T>(
  model: Model,
  { structure }: TunedStructure,
  catalogue: WithCatalogue['catalogue'],
  work: (program: Program) => Promise<T>,
): Promise<T> {
  const program = await model.compile(keptModules(structure, model, undefined, catalogue));
  try {
    return await work(program);
  } finally {
    await program.release();
  }
}
