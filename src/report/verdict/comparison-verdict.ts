import { score } from '../../core/format.ts';
import { methods, randomDraw, valuesMethod } from '../../structure/built-in-methods.ts';
import { allTasks, type ComparisonRow } from '../comparison.ts';
import {
  besideCommonest,
  cheapestOf,
  costLine,
  intervalOf,
  isWhole,
  type Rival,
  type RowFacts,
  rivalLine,
  rivalsOf,
  settledLine,
  testRowsOf,
} from './row-lines.ts';
import {
  commandLine,
  fewestSeeds,
  intervalOfOne,
  isFull,
  type Outcome,
  range,
  usualSeeds,
  type Verdict,
  type VerdictLine,
  whyNotSmaller,
  whyUnsearched,
  whyUntold,
} from './verdict.ts';

/** What the verdicts on a comparison are made of. */
export interface ComparisonFacts extends RowFacts {
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

function verdictOf(found: ComparisonRow, facts: ComparisonFacts): Verdict {
  const rivals = rivalsOf(found, facts);
  const commonest = besideCommonest(found);
  const lines: VerdictLine[] = [
    { about: 'score', says: `${scoreOf(found, facts)}, ${commonest.says}` },
    ...rivals.map(rivalLine),
    ...costLine(found, facts),
    ...settledLine(found, facts),
  ];
  const isConstant = isFull(found.scores) && isFull([found.majority]);
  const outcome = isWhole(found, facts)
    ? 'nothing-searched'
    : isConstant
      ? 'at-ceiling'
      : commonest.isNoBetter
        ? 'not-above-commonest'
        : outcomeOf(rivals, found.seeds.length);
  return { outcome, lines, next: nextOf(outcome, found, rivals, facts) };
}

function scoreOf(row: ComparisonRow, facts: ComparisonFacts): string {
  const { metric, test, seeds, testInterval } = row;
  const reached = `${metric} ${score(test.mean)}`;
  if (seeds.length < 2) return `${reached} of one seed${intervalOfOne(testInterval, testRowsOf(row, facts))}`;
  const interval = intervalOf(row);
  if (interval === undefined) return `${reached} with every one of ${seeds.length} seeds`;
  return `${reached} (95 % interval ${range(interval)}) over ${seeds.length} seeds`;
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
  facts: ComparisonFacts,
): Verdict['next'] {
  const { out, config, rows, given } = facts;
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
    case 'nothing-searched':
    case 'at-ceiling':
    case 'too-few-rows': {
      const cheapest = cheapestOf(found, facts);
      const [part, why] =
        outcome === 'nothing-searched' ? ([10, whyUnsearched] as const) : ([4, whyUntold[outcome]] as const);
      const smaller = Math.max(cheapest, Math.round(found.parameters / part));
      const [budget, seeds] =
        smaller < found.parameters
          ? [smaller, found.seeds.length]
          : [all.budget, found.seeds.length + Math.max(usualSeeds, fewestSeeds)];
      const command = commandLine('compare', [out], { ...all, budget, seeds, out });
      return { command, why: smaller < found.parameters ? why : whyNotSmaller };
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
