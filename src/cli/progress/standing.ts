import { isMoment, type JobEvent, type JobStage, type StageToCome } from '../../jobs/job-events.ts';
import { shareToCome } from '../../report/run-summary.ts';
import { type Steadiness, secondHalf, steadiness } from '../../report/verdict/settlement.ts';
import { chooseStructure } from '../../search/choose-structure.ts';

/** What the search would keep, as its last moment has it. */
export interface ChoiceSoFar {
  readonly kept: number;
  /** Their trainable parameters, and what may be spent. */
  readonly parameters: number;
  readonly budget: number;
  readonly steady?: Steadiness | undefined;
}

/** A stage of the job, in its order; the same one after the other count as one. */
export interface JobPart {
  readonly stage: JobStage;
  readonly state: 'done' | 'now' | 'to come';
}

/** Where a stage stands. What is not known yet is undefined. */
export interface Standing {
  readonly stage: JobStage;
  /** All of the job; empty where it was not told. */
  readonly parts: readonly JobPart[];
  readonly step: number;
  readonly steps: number;
  readonly loss?: number;
  readonly score?: number;
  readonly best?: number;
  readonly bestStep?: number;
  readonly choice?: ChoiceSoFar;
  readonly tokensPerSecond?: number;
  /** Since the stage began. */
  readonly seconds: number;
  /** Of the stage, and of the whole job at the pace of this stage. */
  readonly secondsLeft?: number;
  readonly jobSecondsLeft?: number;
}

/** What progress shows of a job, kept up to date by its events. */
export interface StandingTracker {
  add(event: JobEvent): void;
  /** Undefined before the first stage. */
  standing(): Standing | undefined;
}

type Candidates = Extract<JobEvent, { type: 'candidates' }>;
type Step = Extract<JobEvent, { type: 'step' }>;

/** @param now milliseconds */
export function trackStanding(now: () => number): StandingTracker {
  let current: Omit<Standing, 'parts' | 'seconds' | 'secondsLeft' | 'jobSecondsLeft' | 'tokensPerSecond'> | undefined;
  let choices: ReturnType<typeof trackChoices> | undefined;
  let stages: readonly StageToCome[] = [];
  /** Place of the stage at work among them. */
  let place = -1;
  let began = 0;
  let rate = createRate();

  function add(event: JobEvent): void {
    switch (event.type) {
      case 'stages':
        stages = event.stages;
        place = -1;
        return;
      case 'candidates':
        choices = trackChoices(event);
        return;
      case 'stage': {
        const { stage } = event;
        current = { stage, step: 0, steps: 0 };
        // What a resumed job passes over is done.
        const next = stages.findIndex((each, i) => i > place && each.stage === stage);
        if (next >= 0) place = next;
        began = now();
        rate = createRate();
        return;
      }
      case 'step': {
        rate.add(event, now());
        const { stage, step, steps, loss } = event;
        const choice = choices?.after(event);
        const { choice: _, ...others } = current ?? {};
        current = { ...others, stage, step, steps, loss, ...(choice && { choice }) };
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
    const secondsLeft = perStep && (current.steps - current.step) * perStep;
    return {
      ...current,
      parts: partsOf(stages, place),
      seconds: (now() - began) / 1000,
      ...(secondsLeft !== undefined && {
        tokensPerSecond: rate.tokensPerSecond(),
        secondsLeft,
        ...jobLeft(secondsLeft, perStep! * current.steps),
      }),
    };
  }

  /** What is to come takes as long an evaluation as this stage does, of which the whole is known. */
  function jobLeft(secondsLeft: number, stageSeconds: number): Pick<Standing, 'jobSecondsLeft'> {
    const later = shareToCome(stages, place) ?? 0;
    return later === 0 ? {} : { jobSecondsLeft: secondsLeft + later * stageSeconds };
  }

  return { add, standing };
}

function partsOf(stages: readonly StageToCome[], place: number): JobPart[] {
  const parts: JobPart[] = [];
  for (const [i, { stage }] of stages.entries()) {
    const state = i < place ? 'done' : i === place ? 'now' : 'to come';
    const last = parts.at(-1);
    if (last?.stage !== stage) parts.push({ stage, state });
    else if (state === 'now') parts[parts.length - 1] = { stage, state };
  }
  return parts;
}

/** What a search would keep, at the moments that its history has: the page tells the same of them. */
function trackChoices({ parameters, inert, keepInert, budget }: Candidates) {
  const modules = parameters.map((each, i) => ({ parameters: each, inert: inert[i]! }));
  let moments: { readonly step: number; readonly kept: readonly number[] }[] = [];
  let choice: ChoiceSoFar | undefined;
  return {
    /** Nothing where the step is none of a search that chooses: of its last word, or of a training after it. */
    after(event: Step): ChoiceSoFar | undefined {
      const values = event.probabilities ?? event.worth;
      if (event.stage !== 'search' || values?.length !== modules.length) return undefined;
      if (!isMoment(event)) return choice;
      const kept = chooseStructure(values, modules, { budget, keepInert }).flatMap((is, i) => (is ? [i] : []));
      moments = secondHalf([...moments, { step: event.step, kept }]);
      const spent = kept.reduce((sum, index) => sum + parameters[index]!, 0);
      choice = { kept: kept.length, parameters: spent, budget, steady: steadiness(moments) };
      return choice;
    },
  };
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
