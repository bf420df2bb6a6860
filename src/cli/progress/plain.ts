import { bytes, count, score } from '../../core/format.ts';
import type { JobEvent } from '../../jobs/job-events.ts';
import { choiceFields, type Field, leftField, scoreFields, stageNames } from './fields.ts';
import { lineText } from './flow.ts';
import type { Progress, ProgressMeters, ProgressScreen } from './screen.ts';
import { type Standing, trackStanding } from './standing.ts';

/** Between any two times of writing, and between two lines that only tell of a step. */
const lineMilliseconds = 1000;
const stepMilliseconds = 5000;

/**
 * Whole lines, for a log, each of one thing: written once a second at most, so that a fast job does not flood it. Steps
 * are told of every five seconds.
 */
export function plainProgress(screen: ProgressScreen, { now, memory }: ProgressMeters): Progress {
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
