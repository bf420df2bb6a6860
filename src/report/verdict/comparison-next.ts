import { count } from '../../core/format.ts';
import { methods, randomDraw, tunedMethod, valuesMethod } from '../../structure/built-in-methods.ts';
import { allTasks, type ComparisonRow } from '../comparison.ts';
import { longerTraining, type RunSettings } from './longer.ts';
import { cheapestOf, ownRuns, type Rival, type RowFacts } from './row-lines.ts';
import { seedWords } from './seed-words.ts';
import {
  commandLine,
  type Flags,
  fewestSeeds,
  type Outcome,
  usualSeeds,
  type Verdict,
  whyMoreSteps,
  whyOtherRows,
  whyUnsearched,
  whyUntold,
} from './verdict.ts';

/** What the verdicts on a comparison are made of. */
export interface ComparisonFacts extends RowFacts {
  /** What a user writes. */
  readonly given: {
    /** For a task or method, by its name: files for those of their own. */
    readonly tasks: Readonly<Record<string, string>>;
    readonly methods: Readonly<Record<string, string>>;
    /** Flags without which the same command on the folder would list other runs, and those that say who does them. */
    readonly again: Flags;
    readonly executor: Flags;
  };
  /** Fewest parameters that methods take, by their names, where that is more than the cheapest candidate. */
  readonly least: Readonly<Record<string, number>>;
  /** The comparison's folder, as a command takes it. */
  readonly out: string;
  /** Those of one of its trainings, completed. */
  readonly settings: RunSettings;
  /** The command that does what a row does, once. */
  commandOf(row: ComparisonRow): string;
}

/** What was found for a task at a budget, beside what it was held against. */
export interface Judged extends ComparisonFacts {
  readonly found: ComparisonRow;
  readonly rivals: readonly Rival[];
}

/** Before more than these, what is asked is whether structures differ at all. */
const mostMoreSeeds = 24;
/** LoRA without a search, by its methods' names. */
const evenMethods = [valuesMethod, tunedMethod];

const isRandom = ({ method }: ComparisonRow) => method === randomDraw;

/** Whether a method takes its modules by a rule of its own, as LoRA does, and searches nothing. */
const isPlain = ({ isFound, method }: ComparisonRow) => !isFound && methods[method]?.fromSpace !== true;

const ofRow = (is: (row: ComparisonRow) => boolean) => (rival: Rival) => is(rival.row);

/** Of several the one that is the hardest to beat. */
function strongest(rivals: readonly Rival[]): Rival | undefined {
  return rivals.toSorted((a, b) => b.row.test.mean - a.row.test.mean)[0];
}

/** The random structure, which is what a search is for; where there is none, what is the hardest to beat. */
export function foremost(rivals: readonly Rival[]): Rival | undefined {
  return rivals.find(ofRow(isRandom)) ?? strongest(rivals);
}

/** What would help most; what a comparison has done already is not done again, and nothing of it leaves the tables. */
export function nextOf(outcome: Outcome, judged: Judged): Verdict['next'] {
  const { rivals } = judged;
  switch (outcome) {
    case 'not-above-commonest':
      return longer(judged);
    case 'nothing-searched':
      return smaller(judged, 10, whyUnsearched) ?? otherSeeds(judged);
    case 'at-ceiling':
    case 'too-few-rows':
      return smaller(judged, 4, whyUntold[outcome]) ?? otherSeeds(judged);
    case 'no-rival': {
      const why = 'a random structure beside it, trained alike: without one nobody knows what the search was worth';
      return { command: again(judged, { methods: [randomDraw], seeds: usualSeeds }), why };
    }
    case 'one-seed':
    case 'too-few-seeds': {
      const few = `fewer than ${fewestSeeds} cannot tell any difference`;
      const why = `more seeds: ${few}; runs that are done are not done again`;
      return { command: again(judged, { seeds: usualSeeds }), why };
    }
    case 'within-noise':
      return toldApart(foremost(rivals), judged);
    case 'win':
      return afterWin(judged);
    case 'loss':
      return useBetter(strongest(rivals.filter(({ judgement }) => judgement.outcome === 'loss'))!, judged);
    default:
      return spread(judged);
  }
}

/** Better than the random structure. What was not beaten yet comes first, then what was not tried. */
function afterWin(judged: Judged): Verdict['next'] {
  const { found, rivals, least } = judged;
  const unbeaten = rivals.filter(({ judgement }) => judgement.outcome !== 'win');
  const asGood = strongest(unbeaten.filter(ofRow(isPlain)));
  if (asGood !== undefined) {
    const why = `use ${asGood.row.label}: it needs no search, and what was found is not shown to be better`;
    return { command: judged.commandOf(asGood.row), why: why + sizeBeside(asGood.row, found) };
  }
  const open = strongest(unbeaten);
  const better =
    `better than ${rivals.some(ofRow(isRandom)) ? 'a random structure' : 'what it was held against'}` +
    (open === undefined ? '' : `, not shown to be better than ${open.row.label}`);
  const budget = ownRuns(found, judged)[0]?.result.budget.parameters ?? found.parameters;
  const untried = evenMethods.filter(method => (least[method] ?? 0) <= budget);
  if (!rivals.some(ofRow(isPlain)) && untried.length > 0) {
    const why = `${better}; LoRA on values, and LoRA with its rate tuned, which need no search, were not run`;
    return { command: again(judged, { methods: untried }), why };
  }
  if (open !== undefined) return toldApart(open, judged, `${better}; `);
  const why = 'a win over every rival';
  return (
    smaller(judged, 2, `${why}: how much smaller can it be?`) ??
    otherSeeds(judged, `${why}, at the smallest budget there is: ${whyOtherRows}`)
  );
}

function useBetter({ row }: Rival, { found, commandOf }: Judged): Verdict['next'] {
  const cost = isPlain(row) || isRandom(row) ? ', and needs no search' : costBeside(row, found);
  return { command: commandOf(row), why: `use ${row.label}: it is better${cost}${sizeBeside(row, found)}` };
}

/** What a rival that searches took, where it is known. */
function costBeside({ evaluations: its }: ComparisonRow, { evaluations: ours }: ComparisonRow): string {
  if (its === null || ours === null) return '';
  return `; it took ${count(Math.round(its))} losses with gradients, what was found took ${count(Math.round(ours))}`;
}

/** What a method with a size of its own costs more. */
function sizeBeside(row: ComparisonRow, found: ComparisonRow): string {
  const times = row.parameters / found.parameters;
  return row.budget === null && times >= 1.05 ? `; it has ${times.toPrecision(2)} times the parameters` : '';
}

/** The tasks of the verdict, as a user writes them. */
function tasksGiven({ found, rows, given }: Judged): string[] {
  const names = [...new Set(rows.map(({ task }) => task))].filter(name => name !== allTasks);
  return (found.task === allTasks ? names : [found.task]).map(name => given.tasks[name] ?? name);
}

/**
 * More seeds where a number worth giving is likely to tell, else the question that comes before.
 * @param known what is said first
 */
function toldApart(rival: Rival | undefined, judged: Judged, known = ''): Verdict['next'] {
  const seeds = Math.max(rival?.judgement.seeds ?? Number.POSITIVE_INFINITY, seedsOf(judged).length + usualSeeds);
  if (seeds > mostMoreSeeds) return spread(judged, known);
  const why =
    `${known}more seeds, if the difference seen is large enough to matter; \`s3delta spread\` tells whether a search ` +
    'can win here';
  return { command: again(judged, { seeds }), why };
}

function spread(judged: Judged, known = ''): Verdict['next'] {
  const { found, out, given } = judged;
  const flags = { task: tasksGiven(judged).join(','), budget: found.budget ?? undefined, ...given.executor };
  return {
    command: commandLine('spread', [out], { ...flags, out: `${out}-spread` }),
    why: `${known}spread: whether structures differ here at all, and so what a search could win`,
  };
}

/** Beside what is there, so that nothing leaves its tables: other methods, a budget, so many seeds at least. */
interface Beside {
  readonly methods?: readonly string[];
  readonly budget?: number;
  readonly seeds?: number;
}

/** The comparison again, with something beside. */
function again(judged: Judged, { methods: others = [], budget, seeds }: Beside): string {
  const { rows, given, out } = judged;
  const tasks = rows.map(({ task }) => task).filter(name => name !== allTasks);
  const budgets = [...rows.flatMap(row => row.budget ?? []), ...(budget === undefined ? [] : [budget])];
  return commandLine('compare', [out], {
    task: listed(tasks.map(name => given.tasks[name] ?? name)),
    methods: listed([...rows.map(({ method }) => given.methods[method] ?? method), ...others]),
    budget: budgets.length === 0 ? undefined : listed(budgets),
    ...given.again,
    seeds: seedWords(seedsOf(judged), seeds),
    ...given.executor,
    out,
  });
}

const listed = (values: readonly (string | number)[]) => [...new Set(values)].join(',');

const seedsOf = ({ rows }: Judged) => [...new Set(rows.flatMap(({ seeds }) => seeds))];

/**
 * A part of the smallest budget that is there, or the least that holds a module of every method; undefined where that
 * is no less.
 */
function smaller(judged: Judged, part: number, why: string): Verdict['next'] | undefined {
  const { found, rows, least } = judged;
  const isSame = (row: ComparisonRow) =>
    row.isFound && row.task === found.task && row.method === found.method && row.variant === found.variant;
  const smallest = Math.min(...rows.filter(isSame).map(({ parameters }) => parameters));
  const needed = Math.max(cheapestOf(found, judged), ...rows.map(({ method }) => least[method] ?? 0));
  const budget = Math.max(needed, Math.round(smallest / part));
  return budget < smallest ? { command: again(judged, { budget }), why } : undefined;
}

function otherSeeds(judged: Judged, why = `no smaller budget holds a module of every method here: ${whyOtherRows}`) {
  return { command: again(judged, { seeds: seedsOf(judged).length + usualSeeds }), why };
}

/** The same, three times as long, in a folder of its own. */
function longer(judged: Judged): Verdict['next'] {
  const { found, rivals, given, settings, out } = judged;
  const steps = ownRuns(found, judged)[0]?.result.resources.retrain?.evaluations;
  const names = [found, ...rivals.map(({ row }) => row)].map(({ method }) => given.methods[method] ?? method);
  return {
    command: commandLine('compare', [out], {
      ...{ task: tasksGiven(judged).join(','), methods: listed(names), budget: found.budget ?? undefined },
      ...{ ...given.again, seeds: seedWords(found.seeds), ...longerTraining(settings, steps, 3) },
      ...{ ...given.executor, out: `${out}-longer` },
    }),
    why: whyMoreSteps(found.test.mean, found.majority),
  };
}
