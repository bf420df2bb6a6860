import { batchesPerEpoch } from '../data/batches.ts';
import type { StopContext } from './evaluate.ts';
import type { Prepared } from './prepare.ts';
import { runToEnd } from './run-to-end.ts';
import { searchStructure } from './search-structure.ts';
import { tune } from './tune.ts';

interface Timed {
  readonly type: 'step' | 'evaluation';
  readonly seconds: number;
}

/** The first step of a program compiles it; those after it are timed. */
const timedSteps = 3;
/** Share of the time to plan with: steps vary in length. */
const plannedShare = 0.9;

/**
 * The most steps a stage may have for search, re-training and their validations to end within some minutes here, and no
 * more than the settings' epochs hold: some steps of both stages are made and timed.
 * @throws as `searchStructure` and `tune`; InterruptedError where the signal has aborted
 */
export async function stepsWithin(
  minutes: number,
  { model, data, settings }: Prepared,
  { signal }: StopContext = {},
): Promise<number> {
  const context = signal === undefined ? {} : { signal };
  const short = { ...settings, 'max-steps': timedSteps, 'eval-every': timedSteps, 'retrain-eval-every': timedSteps };
  const searchEvents: Timed[] = [];
  const { structure } = await runToEnd(searchStructure(model, data, short, context), event => searchEvents.push(event));
  const tuneEvents: Timed[] = [];
  await runToEnd(tune(model, structure, data, short, context), event => tuneEvents.push(event));

  const search = secondsPerStep(searchEvents, settings['eval-every']);
  const retrain = secondsPerStep(tuneEvents, settings['retrain-eval-every']);
  const batches = batchesPerEpoch(data.train.length, settings['batch-size']);
  // A search goes through half of the training set, a re-training through all of it.
  const all = Math.max(Math.ceil(batches / 2) * settings.epochs, batches * settings['retrain-epochs']);
  return Math.min(all, Math.max(1, Math.floor((plannedShare * 60 * minutes) / (search + retrain))));
}

/** Seconds of the fastest step, and its share of a validation. */
function secondsPerStep(events: readonly Timed[], evaluateEvery: number): number {
  const fastest = (type: Timed['type']) => {
    const seconds = events.filter(event => event.type === type).map(event => event.seconds);
    return seconds.length === 0 ? 0 : Math.min(...seconds);
  };
  return fastest('step') + fastest('evaluation') / evaluateEvery;
}
