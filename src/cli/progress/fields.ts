import { bytes, count, duration, score } from '../../core/format.ts';
import type { Standing, Temperature } from './standing.ts';

/** A piece of a line that is never broken. */
export interface Field {
  readonly label?: string;
  readonly value: string;
  /** Drawn in colour where there are colours. */
  readonly accent?: boolean;
}

export const stageNames = { search: 'search', retrain: 're-train', random: 'random' } as const;

const widestBar = 40;
const narrowestBar = 8;

/** How a field reads without colours. */
export function fieldText({ label, value }: Field): string {
  return label === undefined ? value : `${label} ${value}`;
}

/** The groups of fields that say where a stage stands, each to begin a line of its own. `memory` is in bytes. */
export function standingFields(standing: Standing, memory: number, width: number): Field[][] {
  const { stage, step, steps, seconds, tokensPerSecond, secondsLeft, temperature } = standing;
  const head: Field = { label: stageNames[stage], value: steps === 0 ? 'begins' : `${step}/${steps}` };
  const percent: Field = { value: steps === 0 ? '0 %' : `${Math.floor((100 * step) / steps)} %` };
  const room = width - fieldText(head).length - fieldText(percent).length - 4;
  const bar: Field[] =
    room < narrowestBar ? [] : [{ value: drawBar(standing, Math.min(room, widestBar)), accent: true }];
  return [
    [head, ...bar, percent],
    scoreFields(standing),
    temperature === undefined ? [] : temperatureFields(temperature),
    [
      ...(tokensPerSecond === undefined ? [] : [{ value: `${count(Math.round(tokensPerSecond))} tokens/s` }]),
      { label: 'memory', value: bytes(memory) },
      { label: 'after', value: duration(seconds) },
      ...(secondsLeft === undefined ? [] : [{ value: `${duration(secondsLeft)} left` }]),
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

/** What the search has decided. */
export function temperatureFields({ kept, dropped, open, expected, budget }: Temperature): Field[] {
  return [
    { label: 'decided', value: `${kept + dropped}/${kept + dropped + open}` },
    { label: 'kept', value: count(kept) },
    { label: 'dropped', value: count(dropped) },
    { label: 'open', value: count(open) },
    ...(expected === undefined || budget === undefined
      ? []
      : [{ label: 'expects', value: `${count(Math.round(expected))} of ${count(budget)} parameters` }]),
  ];
}

function drawBar({ step, steps }: Standing, length: number): string {
  const filled = steps === 0 ? 0 : Math.round((step / steps) * length);
  return '━'.repeat(filled) + '─'.repeat(length - filled);
}
