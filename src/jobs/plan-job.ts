import { requireNothingGiven } from '../config/check-settings.ts';
import type { Settings } from '../config/settings.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import { countTunings, type Plan, type PlanOptions, planJob } from '../plan/plan.ts';
import type { JobContext } from './job-events.ts';
import { prepareSearch } from './prepare.ts';

/**
 * Plans what `runSearchJob` would do with the same settings. Writes nothing.
 * @throws InputError for anything wrong in what the user gave
 */
export function runPlanJob(given: Settings, options: PlanOptions & JobContext = {}): Promise<Plan> {
  return asInterrupted(options.signal, async () => {
    requireNothingGiven(given);
    const { settings, ...job } = await prepareSearch(given, options);
    const { device } = job.compile;
    if (device !== 'cpu') {
      const text = `memory is told as the CPU needs it: what ${device} holds of its own is not known beforehand`;
      options.onEvent?.({ type: 'warning', text });
    }
    const tell = (text: string) => options.onEvent?.({ type: 'warning', text });
    return planJob({ ...job, tunings: countTunings(settings) }, { ...options, tell, catalogue: job.catalogue });
  });
}
