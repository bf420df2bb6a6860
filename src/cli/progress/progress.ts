import { bytes, count, duration, score, visible } from '../../core/format.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import { type ChoiceSoFar, type JobPart, type Standing, trackStanding } from './standing.ts';

/** A piece of a line that is never broken. */
interface Field {
  readonly label?: string;
  readonly value: string;
  /** Drawn in colour where there are colours. */
  readonly accent?: boolean;
}

const stageNames = { search: 'search', retrain: 'training', random: 'random', test: 'test' } as const;

const widestBar = 40;
const narrowestBar = 8;

/** How a field reads without colours. */
function fieldText({ label, value }: Field): string {
  return label === undefined ? value : `${label} ${value}`;
}

/** The groups of fields that say where a stage stands, each to begin a line of its own. `memory` is in bytes. */
function standingFields(standing: Standing, memory: number, width: number): Field[][] {
  const { stage, step, steps, seconds, parts, tokensPerSecond, secondsLeft, jobSecondsLeft, choice } = standing;
  const head: Field = { label: stageNames[stage], value: steps === 0 ? 'begins' : `${step}/${steps}` };
  const percent: Field = { value: steps === 0 ? '0 %' : `${Math.floor((100 * step) / steps)} %` };
  const room = width - fieldText(head).length - fieldText(percent).length - 4;
  const bar: Field[] =
    room < narrowestBar ? [] : [{ value: drawBar(standing, Math.min(room, widestBar)), accent: true }];
  return [
    partsField(parts),
    [head, ...bar, percent],
    scoreFields(standing),
    choice === undefined ? [] : choiceFields(choice),
    [
      ...(tokensPerSecond === undefined ? [] : [{ value: `${count(Math.round(tokensPerSecond))} tokens/s` }]),
      { label: 'memory', value: bytes(memory) },
      { label: 'after', value: duration(seconds) },
      ...(secondsLeft === undefined ? [] : [leftField(secondsLeft, jobSecondsLeft)]),
    ],
  ].filter(group => group.length > 0);
}

/** Loss and validation; nothing before the first step. */
function scoreFields({ loss, score: last, best, bestStep }: Standing): Field[] {
  return [
    ...(loss === undefined ? [] : [{ label: 'loss', value: loss.toFixed(4) }]),
    ...(last === undefined ? [] : [{ label: 'validation', value: score(last) }]),
    ...(best === undefined ? [] : [{ label: 'best', value: `${score(best)} at step ${bestStep}` }]),
  ];
}

/** `search ✓ ▸ training 2/3 ▸ test`; nothing of a job with one part. */
function partsField(parts: readonly JobPart[]): Field[] {
  if (parts.length < 2) return [];
  const words = parts.map(({ stage, state }, i) => {
    const mark = { done: ' ✓', now: ` ${i + 1}/${parts.length}`, 'to come': '' }[state];
    return `${stageNames[stage]}${mark}`;
  });
  return [{ value: words.join(' ▸ ') }];
}

/** The time of the whole job is a guess by this stage's pace. */
function leftField(seconds: number, jobSeconds: number | undefined): Field {
  const left = `${duration(seconds)} left`;
  return { value: jobSeconds === undefined ? left : `${left}, of the job ~${duration(jobSeconds)}` };
}

/** What the search would keep, and how much of it stays. */
function choiceFields({ kept, steady, parameters, budget }: ChoiceSoFar): Field[] {
  const same = steady && `, ${count(steady.modules)} unchanged since step ${count(steady.since)}`;
  return [
    { label: 'would keep', value: `${count(kept)}${same ?? ''}` },
    { label: 'using', value: `${count(parameters)} of ${count(budget)} parameters` },
  ];
}

function drawBar({ step, steps }: Standing, length: number): string {
  const filled = steps === 0 ? 0 : Math.round((step / steps) * length);
  return '━'.repeat(filled) + '─'.repeat(length - filled);
}

const gap = '  ';

/**
 * Lays groups of fields out in lines of at most `width` characters: each group begins a line, goes on in further ones
 * where it does not fit, and a field wider than a line is cut.
 */
function flow(groups: readonly (readonly Field[])[], width: number): Field[][] {
  return groups.flatMap(group => {
    const lines: Field[][] = [];
    let length = 0;
    for (const field of group.map(each => cut(each, width))) {
      const added = gap.length + fieldText(field).length;
      const line = lines.at(-1);
      if (line !== undefined && length + added <= width) {
        line.push(field);
        length += added;
      } else {
        lines.push([field]);
        length = fieldText(field).length;
      }
    }
    return lines;
  });
}

/** A line as it is shown; colours take no room. */
function lineText(line: readonly Field[], colour: boolean): string {
  return line.map(field => (colour ? coloured(field) : fieldText(field))).join(gap);
}

function cut(field: Field, width: number): Field {
  const text = fieldText(field);
  return text.length <= width ? field : { value: text.slice(0, Math.max(1, width)) };
}

function coloured({ label, value, accent }: Field): string {
  const shown = accent ? `\u001b[36m${value}\u001b[39m` : value;
  return label === undefined ? shown : `\u001b[2m${label}\u001b[22m ${shown}`;
}

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
