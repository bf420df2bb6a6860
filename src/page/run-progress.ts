import { html } from 'htm/preact';
import { useEffect, useState } from 'preact/hooks';
import { count, duration, plural } from '../core/format.ts';
import type { RunProgress, RunSummary } from '../report/run-summary.ts';
import type { SearchMoment } from '../report/run-view.ts';
import { steadiness } from '../report/verdict/settlement.ts';

/** What people call the stages of a run. */
const stageNames: Readonly<Record<string, string>> = {
  search: 'search',
  retrain: 'training',
  random: 'random structure',
  test: 'test',
};

const nameOf = (stage: string) => stageNames[stage] ?? stage;

/** `search 40/100` */
export function stageText({ stage, step, steps }: RunProgress): string {
  return `${nameOf(stage)} ${steps === 0 ? 'begins' : `${step}/${steps}`}`;
}

/** `search, step 197 of 1,000 (last validated at step 150)` */
export function stepText({ stage, steps, validated }: RunProgress, step: number, about = ''): string {
  if (steps === 0) return `${nameOf(stage)} begins`;
  const then = validated === undefined ? '' : ` (last validated at step ${count(validated)})`;
  return `${nameOf(stage)}, ${about}step ${count(step)} of ${count(steps)}${then}`;
}

/**
 * Where a stage stands now, judged by its pace: its log is written at validations, or as often. Never past its next
 * line.
 * @param sinceWritten seconds since the last line was written
 */
export function stepNow({ step, steps, seconds, every }: RunProgress, sinceWritten: number): number {
  if (step === 0 || seconds === undefined || every === undefined) return step;
  const made = Math.floor((sinceWritten * step) / Math.max(seconds, 1e-3));
  return Math.min(step + Math.min(Math.max(made, 0), Math.max(every - 1, 0)), steps);
}

/** What is left of the job at the pace of its stage, and what comes after that. */
export function leftText({ stage, step, steps, seconds, later }: RunProgress, stages: readonly string[]): string {
  const after = stages.slice(stages.indexOf(stage) + 1).map(nameOf);
  const follows = after.length === 0 ? '' : `then ${after.join(' and ').replaceAll(/ and (?=.* and )/g, ', ')}`;
  const together = (...parts: string[]) => parts.filter(Boolean).join(', ');
  if (seconds === undefined || step === 0) return follows;
  const perStep = seconds / step;
  const own = duration(perStep * (steps - step));
  // Where nothing but the test comes, the stage is the whole.
  if (later === undefined || later === 0) {
    return together(`about ${own} left${follows === '' ? '' : ` of the ${nameOf(stage)}`}`, follows);
  }
  const all = duration(perStep * (steps - step + later * steps));
  return together(`about ${all} left in all`, `${own} of the ${nameOf(stage)}`, follows);
}

/** `would keep 34 modules, 31 of them unchanged since step 100`, as the terminal has it of the same moments. */
export function settledText(moments: readonly SearchMoment[]): string {
  const steady = steadiness(moments);
  if (steady === undefined) return '';
  const kept = plural(moments.at(-1)!.kept.length, 'module');
  return `would keep ${kept}, ${count(steady.modules)} of them unchanged since step ${count(steady.since)}`;
}

interface ProgressProps {
  readonly run: RunSummary;
  readonly moments: readonly SearchMoment[];
}

/** The stages of a run that is not done, the one at work with its step and what is left. */
export function Progress({ run: { state, changed, progress, stages = [] }, moments }: ProgressProps) {
  const now = useSeconds(state === 'running') ?? changed / 1000;
  if (progress === undefined) return null;
  const step = state === 'running' ? stepNow(progress, now - changed / 1000) : progress.step;
  const place = stages.indexOf(progress.stage);
  const about = step === progress.step ? '' : 'about ';
  const sentences = [
    state === 'running' ? leftText({ ...progress, step: Math.max(step, 1) }, stages) : '',
    progress.stage === 'search' ? settledText(moments) : '',
  ].filter(Boolean);
  return html`<div class="panel progress">
    ${
      stages.length > 1 &&
      html`<ol class="stages" aria-label="Stages">
      ${stages.map(
        (stage, index) => html`<li key=${stage} class=${index < place ? 'done' : ''} aria-current=${
          index === place ? 'step' : undefined
        }>
          ${nameOf(stage)}${index === place ? ` ${index + 1}/${stages.length}` : ''}
        </li>`,
      )}
    </ol>`
    }
    <label for="progress">${stepText(progress, step, about)}</label>
    <progress id="progress" max=${Math.max(progress.steps, 1)} value=${step}></progress>
    ${sentences.length > 0 && html`<p class="muted">${sentences.join('; ')}.</p>`}
  </div>`;
}

/** Seconds since 1970, anew every second; undefined while nothing moves. */
function useSeconds(moves: boolean): number | undefined {
  const [now, setNow] = useState(() => Date.now() / 1000);
  useEffect(() => {
    if (!moves) return undefined;
    const timer = setInterval(() => setNow(Date.now() / 1000), 1000);
    return () => clearInterval(timer);
  }, [moves]);
  return moves ? now : undefined;
}
