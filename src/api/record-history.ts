import { appendHistory } from '../runs/search-history.ts';
import type { JobEvent } from './job-events.ts';

/** How many moments of a search are kept at least, where it has so many steps. */
const moments = 100;

/** A listener that writes a search's probabilities to its history: evenly over the steps, and at every evaluation. */
export function recordHistory(file: string): (event: JobEvent) => void {
  let latest: { step: number; p: Float64Array; written: boolean } | undefined;
  const write = () => {
    if (latest === undefined || latest.written) return;
    appendHistory(file, latest.step, latest.p);
    latest.written = true;
  };
  return event => {
    if (event.type === 'step' && event.p !== undefined) {
      latest = { step: event.step, p: event.p, written: false };
      if (event.step % Math.ceil(event.steps / moments) === 0) write();
    } else if (event.type === 'evaluation' && event.step === latest?.step) {
      write();
    }
  };
}
