import { duration } from '../../core/format.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import { type Field, fieldText, scoreFields, stageNames, standingFields } from './fields.ts';
import { flow, lineText } from './flow.ts';
import type { Progress, ProgressMeters, ProgressScreen } from './screen.ts';
import { trackStanding } from './standing.ts';

const hideCursor = '\u001b[?25l';
const showCursor = '\u001b[?25h';
const eraseDown = '\r\u001b[0J';
const repaintMilliseconds = 100;

/** One block, painted over itself, under the lines that last: messages, warnings, and how each stage has ended. */
export function blockProgress(screen: ProgressScreen, { now, memory }: ProgressMeters): Progress {
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
