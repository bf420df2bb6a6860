import { bytes, count, duration, score, visible } from '../../core/format.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import {
  choiceFields,
  type Field,
  fieldText,
  flow,
  leftField,
  lineText,
  scoreFields,
  stageNames,
  standingFields,
} from './fields.ts';
import { type Standing, trackStanding } from './standing.ts';

/** Shows a job's events: a repainting block under lasting lines on a terminal, plain lines elsewhere. */
export function createProgress(screen: ProgressScreen, meters: ProgressMeters): Progress {
  const progress = screen.isTTY ? blockProgress(screen, meters) : plainProgress(screen, meters);
  const show = (event: JobEvent) => progress.show('text' in event ? { ...event, text: visible(event.text) } : event);
  return { ...progress, show };
}

/** Where progress is shown; stderr in the command line. */
export interface ProgressScreen {
  readonly isTTY: boolean;
  readonly colour: boolean;
  /** Size in characters; read anew at each painting, as a window may change. */
  readonly columns: number;
  readonly rows: number;
  write(text: string): void;
}

/** What progress is measured with. */
export interface ProgressMeters {
  /** Milliseconds. */
  now(): number;
  /** Resident memory of the process, in bytes. */
  memory(): number;
}

export interface Progress {
  show(event: JobEvent): void;
  /** Time has passed; called about once a second, whether or not there was an event. */
  tick(): void;
  /** Gives the screen back as it was: nothing to repaint, the cursor visible. May be called again. */
  finish(): void;
}

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const eraseDown = '\r\u001b[0J';
const repaintMilliseconds = 100;

/** One block, painted over itself, under the lines that last: messages, warnings, and how each stage has ended. */
function blockProgress(screen: ProgressScreen, { now, memory }: ProgressMeters): Progress {
  const tracker = trackStanding(now);
  /** Lengths of the lines that stand on the screen. */
  let painted: readonly number[] = [];
  let lastPaint = Number.NEGATIVE_INFINITY;
  /** Whether a stage is at work, so that passing time is to be shown. */
  let live = false;

  /** What takes the block away. A window that was made narrower has broken its lines into several rows. */
  function erasing(): string {
    if (painted.length === 0) return '';
    const rows = painted.reduce((sum, length) => sum + Math.max(1, Math.ceil(length / Math.max(1, screen.columns))), 0);
    painted = [];
    return (rows > 1 ? `\u001b[${rows - 1}A` : '') + eraseDown;
  }

  function paint(): void {
    const standing = tracker.standing();
    if (standing === undefined) return;
    // The last column stays free: some terminals break a line that fills it.
    const width = Math.max(1, screen.columns - 1);
    const lines = flow(standingFields(standing, memory(), width), width).slice(0, Math.max(1, screen.rows - 1));
    const text = lines.map(line => lineText(line, screen.colour)).join('\n');
    screen.write(`${erasing()}${hideCursor}${text}`);
    painted = lines.map(line => lineText(line, false).length);
    lastPaint = now();
  }

  function tick(): void {
    if (live) paint();
  }

  function lasting(text: string): void {
    screen.write(`${erasing()}${text}\n`);
    tick();
  }

  function finish(): void {
    const standing = tracker.standing();
    if (!live || standing === undefined) return;
    live = false;
    const end = standing.step === 0 ? '' : `${lineText(endOf(standing), false)}\n`;
    screen.write(`${erasing()}${end}${showCursor}`);
  }

  function show(event: JobEvent): void {
    if (event.type === 'stage') finish();
    tracker.add(event);
    if (event.type === 'message') lasting(event.text);
    else if (event.type === 'warning') lasting(`warning: ${event.text}`);
    else if (event.type !== 'candidates' && event.type !== 'stages') {
      live = true;
      if (event.type === 'stage' || now() - lastPaint >= repaintMilliseconds) paint();
    }
  }

  return { show, tick, finish };
}

/** What stays of a stage when its block goes. */
function endOf(standing: Parameters<typeof scoreFields>[0]): Field[] {
  const { stage, step, steps, seconds } = standing;
  const head = { value: fieldText({ label: stageNames[stage], value: `${step}/${steps}` }) };
  return [head, ...scoreFields(standing), { label: 'in', value: duration(seconds) }];
}

/** Between any two times of writing, and between two lines that only tell of a step. */
const lineMilliseconds = 1000;
const stepMilliseconds = 5000;

/**
 * Whole lines, for a log, each of one thing: written once a second at most, so that a fast job does not flood it. Steps
 * are told of every five seconds.
 */
function plainProgress(screen: ProgressScreen, { now, memory }: ProgressMeters): Progress {
  const tracker = trackStanding(now);
  let waiting: string[] = [];
  let lastLine = Number.NEGATIVE_INFINITY;

  function write(): void {
    if (waiting.length === 0) return;
    screen.write(`${waiting.join('\n')}\n`);
    waiting = [];
    lastLine = now();
  }

  function tick(): void {
    if (now() - lastLine >= lineMilliseconds) write();
  }

  function show(event: JobEvent): void {
    tracker.add(event);
    if (event.type === 'candidates' || event.type === 'stages') return;
    if (event.type === 'step') {
      if (now() - lastLine >= stepMilliseconds)
        waiting.push(lineText(stepFields(tracker.standing()!, memory()), false));
    } else {
      waiting.push(eventText(event));
    }
    tick();
  }

  // The end of the program does not wait for the next second.
  return { show, tick, finish: write };
}

function eventText(event: Exclude<JobEvent, { type: 'step' | 'candidates' | 'stages' }>): string {
  switch (event.type) {
    case 'message':
      return event.text;
    case 'warning':
      return `warning: ${event.text}`;
    case 'stage':
      return `${stageNames[event.stage]} begins`;
    case 'evaluation': {
      // Where the loss decides, the score of the best may be below another's.
      const best = event.stage === 'search' && event.validationLoss !== undefined ? 'best by loss' : 'best';
      const scores = `validation ${score(event.score)}  ${best} ${score(event.best)}`;
      return `${stageNames[event.stage]} ${event.step}/${event.steps}  ${scores}`;
    }
  }
}

function stepFields(standing: Standing, memory: number): Field[] {
  const { stage, step, steps, choice, tokensPerSecond = 0, secondsLeft = 0, jobSecondsLeft } = standing;
  return [
    { label: stageNames[stage], value: `${step}/${steps}` },
    ...scoreFields(standing),
    ...(choice === undefined ? [] : choiceFields(choice).slice(0, 1)),
    { value: `${count(Math.round(tokensPerSecond))} tokens/s` },
    { value: bytes(memory) },
    leftField(secondsLeft, jobSecondsLeft),
  ];
}
