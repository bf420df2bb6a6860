/**
 * Writes the tables of finished cells into the page: `node bench/encoders/tables.ts docs/measured/encoders.md`. Prose
 * around the marks stays as it is.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fillMarks, fixed, meanOf, spreadOf, table } from '../evidence/markdown.ts';
import { differencesOf, FEWEST_PAIRS } from '../evidence/tables/differences.ts';
import type { Line } from '../evidence/tables/seed-scores.ts';
import { readResults } from '../results-file.ts';
import { type Finished, type MethodName, methods, type Program, sizes, type TaskName, tasks } from './cells.ts';
import { type ComparedRun, comparedRuns } from './compared-runs.ts';
import type { SameStart } from './same-start.ts';

// A method's rate may have been another one before it was chosen.
const scored = readResults<Finished>('docs/measured/encoders.jsonl').filter(
  ({ cell }) => cell.scored === 'test' && cell.rate === methods[cell.method].rate,
);
const finished = scored.filter(({ cell }) => !cell.meanStart);
const names = (Object.keys(methods) as MethodName[]).filter(name => finished.some(({ cell }) => cell.method === name));

const scoresOf = (task: TaskName, method: MethodName, program: Program): ReadonlyMap<number, Finished> =>
  new Map(
    finished
      .filter(({ cell }) => cell.task === task && cell.method === method && cell.program === program)
      .map(line => [line.cell.seed, line]),
  );

/** Mean and standard deviation over seeds; one seed has no deviation. */
function meanWithSpread(scores: readonly number[]): string {
  if (scores.length === 0) return '–';
  const spread = scores.length > 1 ? ` ± ${fixed(spreadOf(scores), 1)}` : '';
  return `${fixed(meanOf(scores), 1)}${spread} (${scores.length})`;
}

/** Both programs' scores of each task and method, and their difference over the seeds that both have. */
function programsTable(): string {
  const rows = tasks.flatMap(task =>
    names.flatMap(method => {
      const [ours, theirs] = [scoresOf(task, method, 'ours'), scoresOf(task, method, 'theirs')];
      if (ours.size === 0) return [];
      const pairs = [...ours].flatMap(([seed, { score }]) => {
        const other = theirs.get(seed);
        return other === undefined ? [] : [score - other.score];
      });
      const scores = (lines: ReadonlyMap<number, Finished>) => [...lines.values()].map(({ score }) => score);
      const parameters = [...ours.values()].map(line => line.parameters);
      return [
        [
          task,
          methods[method].label,
          meanOf(parameters).toFixed(0),
          meanWithSpread(scores(ours)),
          methods[method].theirs ? meanWithSpread(scores(theirs)) : 'has none',
          pairs.length === 0 ? '–' : fixed(meanOf(pairs), 1),
        ],
      ];
    }),
  );
  return table(['task', 'method', 'parameters', 'ours', 'transformers + PEFT', 'ours − theirs'], rows);
}

/**
 * How far differences of single runs lie from 0 that have nothing but other initial values between them. Where both
 * have learned to say one class alone (a correlation of 0) there is nothing to differ.
 */
function noise(): string {
  const pairs = tasks.flatMap(task =>
    names.flatMap(method => {
      const theirs = scoresOf(task, method, 'theirs');
      return [...scoresOf(task, method, 'ours')].flatMap(([seed, { score }]) => {
        const other = theirs.get(seed);
        return other === undefined || (score === 0 && other.score === 0) ? [] : [score - other.score];
      });
    }),
  );
  if (pairs.length < 2) return 'Too few pairs for an interval.';
  const [mean, half] = [meanOf(pairs), (1.96 * spreadOf(pairs)) / Math.sqrt(pairs.length)];
  return `Over ${pairs.length} pairs that have learned something ours − theirs is ${fixed(mean, 2)} (95 % interval ${fixed(mean - half, 2)} to ${fixed(mean + half, 2)}).`;
}

function sameStartTable(): string {
  const results = JSON.parse(readFileSync('docs/measured/encoders-same-start.json', 'utf8')) as SameStart[];
  return table(
    ['task', 'method', 'steps', 'first loss', 'last loss', 'largest difference', 'score, ours', 'theirs'],
    results.map(({ task, method, ours, theirs, scores }) => [
      ...[task, methods[method].label, String(ours.length), fixed(ours[0], 4), fixed(ours.at(-1), 4)],
      Math.max(...ours.map((loss, i) => Math.abs(loss - theirs[i]!) / theirs[i]!)).toExponential(1),
      ...scores.map(score => fixed(score, 2)),
    ]),
  );
}

/** What trainings of a head of numbers reach from 0 and from their mean, the same seeds. */
function meanStartTable(): string {
  const fromMean = Map.groupBy(
    scored.filter(({ cell }) => cell.meanStart),
    ({ cell }) => cell.method,
  );
  const rows = [...fromMean].map(([method, lines]) => {
    const from0 = scoresOf('stsb', method, 'ours');
    const lastLoss = (some: readonly Finished[]) => fixed(meanOf(some.map(line => line.lastLoss)), 2);
    const zeros = lines.flatMap(({ cell }) => from0.get(cell.seed) ?? []);
    const scores = (some: readonly Finished[]) => some.map(({ score }) => fixed(score, 1)).join(', ');
    return [methods[method].label, scores(zeros), scores(lines), lastLoss(zeros), lastLoss(lines)];
  });
  return table(['stsb', 'from 0', 'from the mean', 'last loss from 0', 'from the mean'], rows);
}

const compared = readResults<ComparedRun>(comparedRuns);

/** Found beside its rivals, each length's mean over seeds. */
function foundTable(): string {
  const groups = Map.groupBy(compared, ({ task, steps, method }) => [task, String(steps), method].join('/'));
  return table(
    ['task', 'steps', 'method', 'validation', 'test', 'test of each seed'],
    [...groups].map(([key, runs]) => [
      ...key.split('/'),
      meanWithSpread(runs.map(({ validation }) => validation)),
      meanWithSpread(runs.map(({ test }) => test)),
      runs.map(({ test }) => fixed(test, 1)).join(', '),
    ]),
  );
}

/** What each search kept. */
function foundStructuresTable(): string {
  return table(
    ['task', 'steps', 'seed', 'test', 'modules'],
    compared
      .filter(({ method }) => method === 'found')
      .map(({ task, steps, seed, test, modules }) => [
        ...[task, String(steps), String(seed), fixed(test, 1), modules.join(', ')],
      ]),
  );
}

/** Found less each rival over pairs of one seed, each task at the longest of its trainings that have seeds enough. */
function foundDifferencesTable(): string {
  const byTask = Map.groupBy(compared, ({ task }) => task);
  const longest = [...byTask].flatMap(([task, runs]) => {
    const steps = Math.max(...runs.map(run => run.steps));
    const own = runs.filter(run => run.steps === steps);
    return own.filter(({ method }) => method === 'found').length < FEWEST_PAIRS ? [] : [[task, own] as const];
  });
  const lines = longest.flatMap(([task, runs]) =>
    runs
      .filter(({ method }) => method === 'found')
      .map(({ seed, test: found }): Line<string> => {
        const others = runs.filter(run => run.seed === seed && run.method !== 'found');
        return { task, seed, found, rivals: Object.fromEntries(others.map(({ method, test }) => [method, test])) };
      }),
  );
  const spreads = longest.map(([task, runs]) => {
    const random = runs.filter(({ method }) => method === 'random');
    return [task, spreadOf(random.map(({ test }) => test))] as const;
  });
  return differencesOf(lines, Object.fromEntries(spreads));
}

const settings = () =>
  `${sizes.steps} steps of ${sizes.batchSize} rows, texts of at most ${sizes.maxLength} tokens, ${sizes.testRows} test rows at most, ` +
  `the head's rate ${sizes.headRate}, searches ${sizes.searchSteps} steps; ` +
  `${names.map(name => `${methods[name].label} at ${methods[name].rate}`).join(', ')}.`;

const tablesByName = {
  programs: programsTable,
  noise,
  settings,
  'same-start': sameStartTable,
  found: foundTable,
  'found-structures': foundStructuresTable,
  'found-differences': foundDifferencesTable,
  'mean-start': meanStartTable,
};
for (const path of process.argv.slice(2)) writeFileSync(path, fillMarks(readFileSync(path, 'utf8'), tablesByName));
