import { score } from '../../core/format.ts';
import { mean, studentInterval } from '../../core/statistics.ts';
import { methods, randomDraw, valuesMethod } from '../../structure/built-in-methods.ts';
import { allTasks, type ComparedRun, type ComparisonRow } from '../comparison.ts';
import { rowName } from '../comparison-tables.ts';
import {
  againstCommonest,
  commandLine,
  fewestSeeds,
  isFull,
  type Judgement,
  judge,
  type Outcome,
  range,
  untold,
  usualSeeds,
  type Verdict,
  type VerdictLine,
  whyUntold,
} from './verdict.ts';

/** What the verdicts on a comparison are made of. */
export interface ComparisonFacts {
  readonly rows: readonly ComparisonRow[];
  readonly runs: readonly ComparedRun[];
  /** Of each search: whether it stopped moving before it ended; undefined where that is not known. */
  readonly searches: readonly (Pick<ComparedRun, 'task' | 'method' | 'variant' | 'budget'> & {
    readonly isSettled: boolean | undefined;
  })[];
  /** What a user writes for a task or method, by its name: files for those of their own. */
  readonly given: {
    readonly tasks: Readonly<Record<string, string>>;
    readonly methods: Readonly<Record<string, string>>;
  };
  /** The comparison's folder, as a command takes it. */
  readonly out: string;
  /** The file in it of what every run has alike. */
  readonly config: string;
}

/** A verdict on what was found for a task at a budget. */
export interface TaskVerdict extends Verdict {
  readonly task: string;
  readonly budget: string | null;
}

/** A verdict a task and budget at which a search was compared; none where nothing was searched. */
export function comparisonVerdicts(facts: ComparisonFacts): TaskVerdict[] {
  const first = facts.rows.find(row => row.isFound);
  const found = facts.rows.filter(
    row => row.isFound && row.method === first?.method && row.variant === first.variant && row.parameters > 0,
  );
  return found.map(row => ({ task: row.task, budget: row.budget, ...verdictOf(row, facts) }));
}

interface Rival {
  readonly row: ComparisonRow;
  readonly judgement: Judgement;
}

function verdictOf(found: ComparisonRow, facts: ComparisonFacts): Verdict {
  const isOwn = ({ task, method, variant, budget }: Pick<ComparedRun, 'task' | 'method' | 'variant' | 'budget'>) =>
    (found.task === allTasks || task === found.task) &&
    method === found.method &&
    variant === found.variant &&
    budget === found.budget;
  const own = facts.runs.filter(run => run.isFound && isOwn(run));
  const rows = found.task === allTasks ? undefined : own[0]?.result.data?.test;
  const rivals = facts.rows.flatMap((row): Rival[] => {
    const { task, foundLessThis: test } = row;
    return task === found.task && test !== undefined && test.budget === found.budget
      ? [{ row, judgement: untold([found.scores, row.scores], rows) ?? judge(test) }]
      : [];
  });
  const interval = studentInterval(found.scores);
  const commonest = againstCommonest(interval ?? undefined, found.majority);
  const lines: VerdictLine[] = [
    { about: 'score', says: `${scoreOf(found, interval)}, ${commonest.says}` },
    ...rivals.map(({ row, judgement }) => ({
      about: `against ${rowName(row)}`,
      says: judgement.says + unlearnt(row),
    })),
    ...costLine(own),
    ...settledLine(facts.searches.filter(isOwn)),
  ];
  // Few seeds make a wide interval of any score: they are what is missing first.
  const isNoBetter =
    commonest.isAbove === false && (found.test.mean <= found.majority || found.seeds.length >= fewestSeeds);
  const isConstant = isFull(found.scores) && isFull([found.majority]);
  const outcome = isConstant
    ? 'at-ceiling'
    : isNoBetter
      ? 'not-above-commonest'
      : outcomeOf(rivals, found.seeds.length);
  return { outcome, lines, next: nextOf(outcome, found, rivals, facts) };
}

/** To win over what has learnt nothing says little. */
const unlearnt = ({ test, majority }: ComparisonRow): string =>
  test.mean <= majority ? `; it is not above always the commonest label, ${score(majority)}, itself` : '';

function scoreOf({ metric, test, seeds }: ComparisonRow, interval: ReturnType<typeof studentInterval>): string {
  const { sd } = test;
  if (interval === null || sd === null) return `${metric} ${score(test.mean)} of one seed`;
  return `${metric} ${score(test.mean)} (95 % interval ${range(interval)}) over ${seeds.length} seeds`;
}

function costLine(runs: readonly ComparedRun[]): VerdictLine[] {
  const ratios = runs.flatMap(({ result: { resources } }) => {
    const { search, retrain } = resources;
    return search === undefined || retrain === undefined || retrain.evaluations === 0
      ? []
      : [{ time: search.seconds / retrain.seconds, losses: search.evaluations / retrain.evaluations }];
  });
  if (ratios.length === 0) return [];
  const average = (key: 'time' | 'losses') => mean(ratios.map(each => each[key])).toPrecision(2);
  const says = `a search took ${average('time')} trainings in time, ${average('losses')} in losses with gradients`;
  return [{ about: 'cost', says }];
}

function settledLine(searches: ComparisonFacts['searches']): VerdictLine[] {
  const known = searches.map(({ isSettled }) => isSettled).filter(each => each !== undefined);
  if (known.length === 0) return [];
  const stood = known.filter(Boolean).length;
  const says = `${stood} of ${known.length} searches kept the same set over their last fifth`;
  return [{ about: 'settled', says: stood < known.length ? `${says}: more steps would settle the others` : says }];
}

/** Against the random structure where there is one: what a search is for. */
function outcomeOf(rivals: readonly Rival[], seeds: number): Outcome {
  const [rival] = rivals.toSorted((a, b) => Number(isRandom(b)) - Number(isRandom(a)));
  if (rival === undefined) return seeds < 2 ? 'one-seed' : 'too-few-seeds';
  return rival.judgement.outcome;
}

const isRandom = ({ row }: Rival) => row.method === randomDraw;

/** Whether a method takes its modules by a rule of its own, as LoRA does, and searches nothing. */
const isPlain = ({ row }: Rival) => !row.isFound && methods[row.method]?.fromSpace !== true;

/** What would help most; what a comparison has done already is not done again. */
function nextOf(
  outcome: Outcome,
  found: ComparisonRow,
  rivals: readonly Rival[],
  { out, config, rows, given }: ComparisonFacts,
): Verdict['next'] {
  const tasks = [...new Set(rows.map(row => row.task))].filter(name => name !== allTasks);
  const tasksGiven = (found.task === allTasks ? tasks : [found.task]).map(name => given.tasks[name] ?? name);
  const methodGiven = (method: string) => given.methods[method] ?? method;
  const all = {
    task: tasks.map(name => given.tasks[name] ?? name).join(','),
    methods: [...new Set(rows.map(row => methodGiven(row.method)))].join(','),
    budget: found.budget ?? undefined,
  };
  const train = (method: string) => {
    const named = methodGiven(method);
    const what = named === method ? { method, budget: all.budget } : { structure: named };
    return commandLine('train', [config], { task: tasksGiven[0], ...what });
  };
  const plain = rivals.filter(isPlain);
  const better = rivals.filter(({ row, judgement }) => judgement.outcome === 'loss' && !row.isFound);
  const asGood = plain.filter(({ judgement }) => judgement.outcome !== 'win');
  const spread = {
    command: commandLine('spread', [out], {
      ...{ task: tasksGiven.join(','), budget: all.budget },
      out: `${out}-spread`,
    }),
    why: 'spread: whether structures differ here at all, and so what a search could win',
  };
  switch (outcome) {
    case 'not-above-commonest': {
      const budget = Math.round(4 * found.parameters);
      return {
        command: commandLine('compare', [out], { ...all, budget, seeds: found.seeds.length, out: `${out}-larger` }),
        why:
          'a larger budget, or more steps (--max-steps, --retrain-epochs): nothing was learned that always ' +
          'giving one answer does not know',
      };
    }
    case 'at-ceiling':
    case 'too-few-rows': {
      const budget = Math.max(1, Math.round(found.parameters / 4));
      const command = commandLine('compare', [out], { ...all, budget, seeds: found.seeds.length, out });
      return { command, why: whyUntold[outcome] };
    }
    case 'one-seed':
    case 'too-few-seeds': {
      const wanted = Math.max(usualSeeds, fewestSeeds);
      const methodsOf = rivals.length > 0 ? all.methods : `${all.methods},${randomDraw}`;
      return {
        command: commandLine('compare', [out], { ...all, methods: methodsOf, seeds: wanted, out }),
        why: `more seeds: fewer than ${fewestSeeds} cannot tell any difference; runs that are done are not done again`,
      };
    }
    case 'within-noise': {
      const seeds = Math.max(...rivals.filter(isRandom).map(({ judgement }) => judgement.seeds));
      if (!Number.isFinite(seeds) || seeds > 24) return spread;
      return {
        command: commandLine('compare', [out], { ...all, seeds, out }),
        why:
          'more seeds, if the difference seen is large enough to matter; `s3delta spread` tells whether a ' +
          'search can win here',
      };
    }
    case 'win': {
      if (asGood.length > 0) {
        const { row } = asGood[0]!;
        return {
          command: train(row.method),
          why: `use ${row.label}: it needs no search, and what was found is not shown to be better`,
        };
      }
      if (plain.length === 0) {
        return {
          command: commandLine('compare', [out], {
            ...all,
            methods: `${all.methods},${valuesMethod},tuned-lora`,
            seeds: found.seeds.length,
            out,
          }),
          why:
            `better than ${rivals.some(isRandom) ? 'a random structure' : 'what it was held against'}; LoRA on ` +
            'values, and LoRA with its rate tuned, which need no search, were not run',
        };
      }
      return {
        command: commandLine('compare', [out], {
          ...all,
          budget: Math.round(found.parameters / 2),
          ...{ seeds: found.seeds.length, out },
        }),
        why: 'a win over every rival: how much smaller can it be?',
      };
    }
    case 'loss': {
      const [first] = better.toSorted((a, b) => b.row.test.mean - a.row.test.mean);
      if (first === undefined) return spread;
      const { row } = first;
      return { command: train(row.method), why: `use ${row.label}: it is better, and needs no search` };
    }
    default:
      return spread;
  }
}
