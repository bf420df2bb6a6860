import type { JobEvent } from '../api/job-events.ts';
import { duration } from '../report/units.ts';

/** Where progress is shown; stderr in the command line. */
export interface ProgressScreen {
  readonly isTTY: boolean;
  readonly columns: number;
  write(text: string): void;
}

export interface Progress {
  show(event: JobEvent): void;
  /** Ends the line that is being repainted, if there is one. */
  finish(): void;
}

type StepEvent = Extract<JobEvent, { type: 'step' }>;

const stageNames = { search: 'search', retrain: 're-train', random: 'random' } as const;
const barWidth = 16;
const eraseLine = '\r\u001b[2K';
/** Plain lines, which stay in a log, come at most once in this time; a screen is repainted for the eye. */
const plainMilliseconds = 5000;
const repaintMilliseconds = 100;

/** Shows a job's events: a repainting line under permanent ones on a terminal, plain lines elsewhere. */
export function createProgress(screen: ProgressScreen, now: () => number = () => performance.now()): Progress {
  const rate = createRate();
  let painted = false;
  let lastShown = Number.NEGATIVE_INFINITY;

  function line(text: string): void {
    finish();
    screen.write(`${text}\n`);
    lastShown = now();
  }

  function finish(): void {
    if (painted) screen.write(eraseLine);
    painted = false;
  }

  function step(event: StepEvent): void {
    rate.add(event);
    if (now() - lastShown < (screen.isTTY ? repaintMilliseconds : plainMilliseconds)) return;
    const text = stepLine(event, rate);
    if (!screen.isTTY) {
      line(text);
      return;
    }
    screen.write(`${eraseLine}${text.slice(0, Math.max(1, screen.columns - 1))}`);
    painted = true;
    lastShown = now();
  }

  function show(event: JobEvent): void {
    if (event.type === 'step') {
      step(event);
      return;
    }
    if (event.type === 'stage') rate.reset();
    line(eventLine(event));
  }

  return { show, finish };
}

function eventLine(event: Exclude<JobEvent, StepEvent>): string {
  switch (event.type) {
    case 'message':
      return event.text;
    case 'warning':
      return `warning: ${event.text}`;
    case 'stage':
      return `${stageNames[event.stage]} begins`;
    case 'evaluation': {
      const scores = `validation ${event.score.toFixed(2)}  best ${event.best.toFixed(2)}`;
      return `${stageNames[event.stage]} ${event.step}/${event.steps}  ${scores}`;
    }
  }
}

function stepLine(event: StepEvent, rate: Rate): string {
  const filled = Math.round((event.step / event.steps) * barWidth);
  return [
    `${stageNames[event.stage]} ${event.step}/${event.steps}`,
    '━'.repeat(filled) + '─'.repeat(barWidth - filled),
    `loss ${event.loss.toFixed(4)}`,
    `${Math.round(rate.tokensPerSecond())} tokens/s`,
    `${duration((event.steps - event.step) * rate.secondsPerStep())} left`,
  ].join('  ');
}

interface Rate {
  add(event: StepEvent): void;
  reset(): void;
  tokensPerSecond(): number;
  secondsPerStep(): number;
}

/** A moving average over about the last ten steps; the first step, which warms up, does not weigh for long. */
function createRate(): Rate {
  const momentum = 0.9;
  let weight = 0;
  let seconds = 0;
  let tokens = 0;
  return {
    add(event) {
      weight = weight * momentum + 1;
      seconds = seconds * momentum + event.seconds;
      tokens = tokens * momentum + event.tokens;
    },
    reset() {
      weight = 0;
      seconds = 0;
      tokens = 0;
    },
    tokensPerSecond: () => (seconds > 0 ? tokens / seconds : 0),
    secondsPerStep: () => (weight > 0 ? seconds / weight : 0),
  };
}
