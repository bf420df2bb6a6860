import { bytes, count, duration, score } from '../../core/format.ts';
import type { ChoiceSoFar, JobPart, Standing } from './standing.ts';

/** A piece of a line that is never broken. */
export interface Field {
  readonly label?: string;
  readonly value: string;
  /** Drawn in colour where there are colours. */
  readonly accent?: boolean;
}

export const stageNames = { search: 'search', retrain: 'training', random: 'random', test: 'test' } as const;

const widestBar = 40;
const narrowestBar = 8;

/** How a field reads without colours. */
export function fieldText({ label, value }: Field): string {
  return label === undefined ? value : `${label} ${value}`;
}

/** The groups of fields that say where a stage stands, each to begin a line of its own. `memory` is in bytes. */
export function standingFields(standing: Standing, memory: number, width: number): Field[][] {
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
export function scoreFields({ loss, score: last, best, bestStep }: Standing): Field[] {
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
export function leftField(seconds: number, jobSeconds: number | undefined): Field {
  const left = `${duration(seconds)} left`;
  return { value: jobSeconds === undefined ? left : `${left}, of the job ~${duration(jobSeconds)}` };
}

/** What the search would keep, and how much of it stays. */
export function choiceFields({ kept, steady, parameters, budget }: ChoiceSoFar): Field[] {
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
export function flow(groups: readonly (readonly Field[])[], width: number): Field[][] {
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
export function lineText(line: readonly Field[], colour: boolean): string {
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
