import type { JobEvent } from '../../jobs/job-events.ts';
import type { StageName } from '../../runs/metrics-log.ts';

/** How far the search has made up its mind: a module is decided where its p is below 0.05 or above 0.95. */
export interface Temperature {
  readonly kept: number;
  readonly dropped: number;
  readonly open: number;
  /** Σ pᵢ nᵢ, and what may be spent, in parameters; undefined where the candidates were not told. */
  readonly expected?: number;
  readonly budget?: number;
}

/** Where a stage stands. What is not known yet is undefined. */
export interface Standing {
  readonly stage: StageName;
  readonly step: number;
  readonly steps: number;
  readonly loss?: number;
  readonly score?: number;
  readonly best?: number;
  readonly bestStep?: number;
  readonly temperature?: Temperature;
  readonly tokensPerSecond?: number;
  /** Since the stage began. */
  readonly seconds: number;
  readonly secondsLeft?: number;
}

/** What progress shows of a job, kept up to date by its events. */
export interface StandingTracker {
  add(event: JobEvent): void;
  /** Undefined before the first stage. */
  standing(): Standing | undefined;
}

const decided = 0.05;

/** @param now milliseconds */
export function trackStanding(now: () => number): StandingTracker {
  let current: Omit<Standing, 'seconds' | 'secondsLeft' | 'tokensPerSecond'> | undefined;
  let candidates: { parameters: readonly number[]; budget: number } | undefined;
  let began = 0;
  let rate = createRate();

  function add(event: JobEvent): void {
    switch (event.type) {
      case 'candidates':
        candidates = event;
        return;
      case 'stage':
        current = { stage: event.stage, step: 0, steps: 0 };
        began = now();
        rate = createRate();
        return;
      case 'step': {
        rate.add(event, now());
        const { stage, step, steps, loss, probabilities: p } = event;
        current = { ...current, stage, step, steps, loss, ...(p && { temperature: temperatureOf(p, candidates) }) };
        return;
      }
      case 'evaluation': {
        const { stage, step, steps, score, best } = event;
        const isBest = current?.best === undefined || best > current.best || score === best;
        current = { ...current, stage, step, steps, score, best, bestStep: isBest ? step : current!.bestStep! };
      }
    }
  }

  function standing(): Standing | undefined {
    if (current === undefined) return undefined;
    const perStep = rate.secondsPerStep();
    return {
      ...current,
      seconds: (now() - began) / 1000,
      ...(perStep !== undefined && {
        tokensPerSecond: rate.tokensPerSecond(),
        secondsLeft: (current.steps - current.step) * perStep,
      }),
    };
  }

  return { add, standing };
}

function temperatureOf(
  p: Float64Array,
  candidates: { parameters: readonly number[]; budget: number } | undefined,
): Temperature {
  const kept = p.filter(each => each > 1 - decided).length;
  const dropped = p.filter(each => each < decided).length;
  const counts = { kept, dropped, open: p.length - kept - dropped };
  if (candidates?.parameters.length !== p.length) return counts;
  const { parameters, budget } = candidates;
  return { ...counts, expected: p.reduce((sum, each, i) => sum + each * parameters[i]!, 0), budget };
}

/** A moving average over about the last ten steps; the first step, which warms up, does not weigh for long. */
function createRate() {
  const momentum = 0.9;
  let weight = 0;
  let seconds = 0;
  let tokens = 0;
  let started: number | undefined;
  let steps = 0;
  let stepSeconds = 0;
  let otherSeconds = 0;
  return {
    add(step: { seconds: number; tokens: number }, at: number): void {
      weight = weight * momentum + 1;
      seconds = seconds * momentum + step.seconds;
      tokens = tokens * momentum + step.tokens;
      started ??= at - 1000 * step.seconds;
      steps += 1;
      stepSeconds += step.seconds;
      otherSeconds = Math.max(0, (at - started) / 1000 - stepSeconds);
    },
    tokensPerSecond: () => (seconds > 0 ? tokens / seconds : 0),
    /** Validations and saving come on top of the steps, shared out over those that were made. */
    secondsPerStep: () => (weight > 0 ? seconds / weight + otherSeconds / steps : undefined),
  };
}
