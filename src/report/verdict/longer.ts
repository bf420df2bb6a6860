import { batchesPerEpoch } from '../../data/batches.ts';
import type { MetricsLine } from '../../runs/metrics-log.ts';
import type { RunResult } from '../../runs/result.ts';
import { searchByTraining, stepsSuiting } from '../../training/stage.ts';
import type { SearchMoment } from '../run-view.ts';

/** The keys of a run's config.yaml. */
export type RunSettings = Readonly<Record<string, unknown>>;

type Flags = Record<string, number>;

/**
 * Flags that make a training so many times as long, whichever of its limits has ended it.
 * @param steps that it had; where they are not known its passes alone are told
 */
export function longerTraining(settings: RunSettings, steps: number | undefined, times: number): Flags {
  return longer(settings, { steps, times, limits: ['max-steps'], epochs: 'retrain-epochs' });
}

/** What a search was made by, and how it went. */
interface SearchFacts {
  readonly settings: RunSettings;
  readonly metrics: readonly MetricsLine[];
  readonly moments: readonly SearchMoment[];
  readonly result: Pick<RunResult, 'data'>;
}

/** Flags that make a search so many times as long. */
export function longerSearch(facts: SearchFacts, times: number): Flags {
  const { metrics, settings } = facts;
  const isByTraining = settings['search-steps'] === searchByTraining;
  // After a search's own steps come those of short trainings.
  const steps = isByTraining ? suitedSteps(facts) : metrics.findLast(line => line.stage === 'search')?.step;
  const passes = isByTraining ? passesOf(times * (steps ?? Number.NaN), facts) : 0;
  return longer(settings, { steps, times, limits: ['search-steps', 'max-steps'], epochs: 'epochs', passes });
}

interface Wanted {
  readonly steps: number | undefined;
  readonly times: number;
  /** Keys that may end the stage before. */
  readonly limits: readonly string[];
  readonly epochs: string;
  /** It takes so many at least. */
  readonly passes?: number;
}

function longer(settings: RunSettings, { steps, times, limits, epochs, passes = 0 }: Wanted): Flags {
  const wanted = times * (steps ?? Number.NaN);
  const given = Number(settings[epochs] ?? Number.NaN);
  const hinders = (limit: unknown) => limit === searchByTraining || Number(limit) < wanted;
  const hindering = steps === undefined ? [] : limits.filter(key => hinders(settings[key]));
  return {
    ...Object.fromEntries(hindering.map(key => [key, wanted])),
    ...(Number.isFinite(given) && { [epochs]: Math.max(times * given, passes) }),
  };
}

/** How long a search was that was to suit its training. */
function suitedSteps({ settings, result: { data }, moments }: SearchFacts): number | undefined {
  const [epochs, batchSize] = ['retrain-epochs', 'batch-size'].map(key => Number(settings[key])) as [number, number];
  const most = Number(settings['max-steps'] ?? Number.POSITIVE_INFINITY);
  const training = Math.min(batchesPerEpoch(data?.train ?? Number.NaN, batchSize) * epochs, most);
  return Number.isNaN(training) ? moments.at(-1)?.step : stepsSuiting(training);
}

/** Passes that hold so many steps, also where a search trains its modules on half of the rows. */
function passesOf(steps: number, { settings, result: { data } }: SearchFacts): number {
  const half = batchesPerEpoch((data?.train ?? Number.NaN) / 2, Number(settings['batch-size']));
  return Number.isNaN(half) ? 0 : Math.ceil(steps / Math.max(1, half));
}
