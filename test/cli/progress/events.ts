import type { JobEvent } from '../../../src/jobs/job-events.ts';

export const candidates: JobEvent = {
  ...{ type: 'candidates', parameters: [100, 200, 300, 400], inert: [false, false, false, false] },
  ...{ keepInert: false, budget: 500 },
};
/** By falling p the third fits, the fourth does not any more, the second does: 500 parameters. */
const p = Float64Array.of(0.01, 0.04, 0.97, 0.5);

export function step(number: number, stage: 'search' | 'retrain' = 'search'): JobEvent {
  const event = { type: 'step', stage, step: number, steps: 100, loss: 0.5, tokens: 200, seconds: 0.1 } as const;
  return stage === 'search' ? { ...event, probabilities: p } : event;
}

export function evaluation(number: number, score: number, best: number): JobEvent {
  return { type: 'evaluation', stage: 'search', step: number, steps: 100, score, best };
}

/** A clock that goes when it is told, and a process of 412 MB. */
export function fakeMeters() {
  let milliseconds = 0;
  return {
    now: () => milliseconds,
    memory: () => 412e6,
    pass(time: number) {
      milliseconds += time;
    },
  };
}
