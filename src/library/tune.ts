import type { WithCatalogue } from '../catalogue/catalogue.ts';
import { resolveConfig, type StageSettings } from '../config/job-config.ts';
import type { Model } from '../models/model.ts';
import { keptModules, type Structure } from '../structure/structure-file.ts';
import type { LoopContext } from '../training/loop.ts';
import type { StageConfig } from '../training/stage.ts';
import { meanLoss } from '../training/step-batches.ts';
import { type TuneEvent, type TuneResult, tune as tuneProgram } from '../training/tune-program.ts';
import type { EncodedTask } from './encode-task.ts';
import { interruption } from './run-to-end.ts';
import { scoreSplit } from './scoring.ts';

/** A structure and the parameters trained for what it keeps, flat, in the layout of its kept modules. */
export interface TunedStructure {
  readonly structure: Structure;
  readonly delta: Float32Array;
}

/**
 * Trains what a structure keeps, from fresh initial values, on all of the training set (method, section 6), and keeps
 * the parameters that were best on validation. Yields an event a step and one a validation; the memory of the compiled
 * model is given back when it ends, also when it is left early.
 *
 * @throws InputError for wrong settings, and a structure that was found on another model
 * @throws InterruptedError where the signal has aborted
 */
export async function* tune(
  model: Model,
  structure: Structure,
  data: EncodedTask,
  given: StageSettings = {},
  context: LoopContext & WithCatalogue = {},
): AsyncGenerator<TuneEvent, TunedStructure & TuneResult> {
  const { tuning } = resolveConfig(model, data.task, given, structure.space, context.catalogue);
  return yield* tuneStructure(model, structure, data, tuning, context);
}

/**
 * The same by sizes and rates in values.
 * @param context.initialDelta where the parameters begin (default: a fresh start by the seed)
 */
export async function* tuneStructure(
  model: Model,
  structure: Structure,
  data: Pick<EncodedTask, 'train' | 'validation' | 'scoring'>,
  tuning: StageConfig,
  { initialDelta, ...context }: LoopContext & WithCatalogue & { readonly initialDelta?: Float32Array } = {},
): AsyncGenerator<TuneEvent, TunedStructure & TuneResult> {
  const program = await model.compile(keptModules(structure, model, undefined, context.catalogue));
  try {
    const tuned = yield* tuneProgram(
      {
        program,
        examples: data.train,
        initialDelta: initialDelta ?? program.initialDelta(tuning.seed, data.train),
        evaluate: delta => scoreSplit(program, data.validation, data.scoring, { delta }, context.signal),
        ...(tuning.validationLoss && {
          validationLoss: (delta: Float32Array) =>
            meanLoss(program, data.validation.examples, { delta }, { ...data.scoring, ...context }),
        }),
      },
      tuning,
      context,
    );
    return { ...tuned, structure };
  } catch (error) {
    throw interruption(context.signal, error);
  } finally {
    await program.release();
  }
}
