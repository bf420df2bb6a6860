import { count, duration, score } from '../../core/format.ts';
import { lnfit } from '../../deltas/lnfit.ts';
import { lora } from '../../deltas/lora.ts';
import type { MetricsLine } from '../../runs/metrics-log.ts';
import type { RunResult } from '../../runs/result.ts';
import { bilevel } from '../../search/strategies/bilevel/bilevel.ts';
import { defaultStrategy } from '../../search/strategies/strategies.ts';
import { methods, randomDraw, scalesMethod, valuesMethod } from '../../structure/built-in-methods.ts';
import type { FinalistRecord } from '../../structure/structure-file.ts';
import type { HeatMapModule } from '../heat-map.ts';
import { roleLabel } from '../labels.ts';
import type { SearchMoment } from '../run-view.ts';
import { cheapest, holdsAll, isRandomDraw, sumOfParameters } from './candidates.ts';
import { longerSearch, longerTraining, type RunSettings } from './longer.ts';
import { overrulerOf } from './row-lines.ts';
import { nothingToSearch, type Settlement, settlement } from './settlement.ts';
import {
  againstCommonest,
  commandLine,
  dataLine,
  fewestSeeds,
  intervalOfOne,
  isFull,
  type Judgement,
  type Outcome,
  shownByUsual,
  signed,
  type Untold,
  untold,
  usualSeeds,
  type Verdict,
  type VerdictLine,
  whyMoreSteps,
  whyNotSmaller,
  whyOtherRows,
  whyUnsearched,
  whyUntold,
} from './verdict.ts';

/** What a run's verdict is made of. */
export interface RunFacts {
  readonly result: RunResult;
  /** The candidates of a search, or what was trained. */
  readonly modules: readonly HeatMapModule[];
  readonly moments: readonly SearchMoment[];
  readonly metrics: readonly MetricsLine[];
  /** Structures that the search trained for short at its end; absent where it did not. */
  readonly finalists?: readonly FinalistRecord[] | undefined;
  /** Path of the run folder, as a command takes it. */
  readonly folder: string;
  /** The keys of its config.yaml. */
  readonly settings: RunSettings;
}

/** The verdict on a search or a training by itself: a single seed, which claims no win. */
export function runVerdict(facts: RunFacts): Verdict {
  const { result, modules } = facts;
  const { score: scores, data } = result;
  const { search } = result.resources;
  const settled = search && settlement(facts);
  const isWhole = search !== undefined && modules.length > 0 && holdsAll(modules, result.budget.parameters);
  const commonest = scores && againstCommonest(scores.test, result.testInterval, scores.majority);
  const lines: VerdictLine[] = [
    ...(scores === undefined ? [] : [scoreLine(result, commonest!.says)]),
    ...(scores === undefined || data === undefined
      ? []
      : dataLine({ ...scores, validation: data.validation }, 'which checkpoint is best')),
    ...randomLine(facts),
    ...(search === undefined ? [] : [costLine(result)]),
    ...(search === undefined ? [] : settledLine(facts, isWhole, settled)),
  ];
  const outcome = outcomeOf({ isWhole, run: facts, commonest, settled });
  return { outcome, lines, next: nextOf[outcome](facts) };
}

/** How settled the choice was, and whose it is. */
function settledLine({ finalists }: RunFacts, isWhole: boolean, settled: Settlement | undefined): VerdictLine[] {
  const about = 'settled';
  if (isWhole) return [{ about, says: nothingToSearch }];
  const overruler = overrulerOf(finalists);
  const says = [
    ...(settled === undefined ? [] : [settled.says]),
    ...(overruler === undefined ? [] : [`the last word took another: ${overruler}`]),
  ];
  return says.length === 0 ? [] : [{ about, says: says.join('; ') }];
}

type RunOutcome = Extract<
  Outcome,
  Untold | 'nothing-searched' | 'not-trained' | 'not-above-commonest' | 'unsettled' | 'one-seed'
>;

function outcomeOf(facts: {
  readonly isWhole: boolean;
  readonly run: RunFacts;
  readonly commonest: { readonly isAbove: boolean | undefined } | undefined;
  readonly settled: Settlement | undefined;
}): RunOutcome {
  const { score: scores } = facts.run.result;
  if (facts.isWhole) return 'nothing-searched';
  const besideRandom = untoldBesideRandom(facts.run)?.outcome;
  const isOneAnswer = scores !== undefined && isFull([scores.test, scores.majority]);
  // Before the steps of the search: no more of them can make it better.
  if (besideRandom === 'at-ceiling' || isOneAnswer) return 'at-ceiling';
  if (facts.settled?.isSettled === false) return 'unsettled';
  if (scores === undefined) return 'not-trained';
  if (facts.commonest?.isAbove === false) return 'not-above-commonest';
  return besideRandom === 'too-few-rows' ? besideRandom : 'one-seed';
}

/** Of one structure trained twice nothing is told: its scores are equal whatever the test part can tell. */
function untoldBesideRandom(facts: RunFacts): Judgement | undefined {
  const { score: scores, data } = facts.result;
  if (scores?.random === undefined || isItselfRandom(facts)) return undefined;
  return untold([[scores.test], [scores.random]], data?.test);
}

/** Whether the random structure that was trained beside what was found keeps the same modules. */
function isItselfRandom({ result: { seed, budget, score: scores }, modules, settings }: RunFacts): boolean {
  if (scores?.random === undefined || scores.random !== scores.test) return false;
  return isRandomDraw(modules, { budget: budget.parameters, keepInert: settings['keep-inert'] === true, seed });
}

function scoreLine({ score: scores, testInterval, data }: RunResult, beside: string): VerdictLine {
  const { metric, test } = scores!;
  return { about: 'score', says: `${metric} ${score(test)}${intervalOfOne(testInterval, data?.test)}, ${beside}` };
}

function randomLine(facts: RunFacts): VerdictLine[] {
  const { score: scores, resources } = facts.result;
  if (scores === undefined || resources.search === undefined) return [];
  const about = 'against random';
  if (scores.random === undefined) {
    return [{ about, says: 'no random structure of the budget was trained beside it (--random-baseline)' }];
  }
  if (isItselfRandom(facts)) {
    return [{ about, says: 'a random draw of the same budget and seed is this very structure: nothing can differ' }];
  }
  const none = untoldBesideRandom(facts);
  if (none !== undefined) return [{ about, says: `beside one random structure of the same budget: ${none.says}` }];
  const size = signed(scores.test - scores.random);
  const says =
    `${size} points to one random structure of the same budget, trained alike: not known from one ` +
    `seed; ${fewestSeeds} at least would tell`;
  return [{ about, says }];
}

function costLine({ resources: { search, retrain } }: RunResult): VerdictLine {
  const { seconds, evaluations } = search!;
  if (retrain === undefined || retrain.evaluations === 0) {
    const losses = `${count(evaluations)} losses with gradients`;
    return { about: 'cost', says: `the search took ${duration(seconds)}, ${losses}` };
  }
  const times = (ratio: number) => ratio.toPrecision(2);
  const inTime =
    `${times(seconds / retrain.seconds)} trainings in time (${duration(seconds)} to ` + `${duration(retrain.seconds)})`;
  return {
    about: 'cost',
    says: `the search took ${inTime}, ${times(evaluations / retrain.evaluations)} in losses with gradients`,
  };
}

/** What would help most, by what came out. */
const nextOf: Readonly<Record<RunOutcome, (facts: RunFacts) => Verdict['next']>> = {
  'nothing-searched': facts => smaller(facts, whyUnsearched),
  'at-ceiling': facts => smaller(facts, whyUntold['at-ceiling']),
  'too-few-rows': facts => smaller(facts, whyUntold['too-few-rows']),
  'not-trained': ({ folder }) => ({
    command: commandLine('train', [configOf(folder)], {
      structure: `${folder}/structure.json`,
      out: `${folder}-trained`,
    }),
    why: 'the structure is found, but not trained: nothing is known of its score',
  }),
  unsettled: facts => ({
    command: commandLine('search', [configOf(facts.folder)], {
      ...longerSearch(facts, 2),
      out: `${facts.folder}-longer`,
    }),
    why: 'more steps: the search was stopped while it was still choosing',
  }),
  'not-above-commonest': facts => ({
    command: commandLine(jobOf(facts), [configOf(facts.folder)], {
      ...longerTraining(facts.settings, facts.metrics.findLast(line => line.stage === 'retrain')?.steps, 3),
      out: `${facts.folder}-longer`,
    }),
    why: whyMoreSteps(facts.result.score?.test ?? 0, facts.result.score?.majority ?? 0),
  }),
  'one-seed': facts => {
    if (methodOf(facts) === randomDraw) return { command: moreSeeds(facts), why: whySearched };
    const plain = withoutSearch.filter(({ is }) => isHeld(facts, is));
    return {
      command: moreSeeds(
        facts,
        plain.map(({ method }) => method),
      ),
      why:
        `more seeds: ${fewestSeeds} are the fewest that can tell it from a random structure, ${usualSeeds} ` +
        `tell a difference of ${shownByUsual}` +
        (plain.length === 0
          ? ''
          : `; the budget holds ${plain.map(({ what }) => what).join(', and ')}, which ` +
            `${plain.length > 1 ? 'need' : 'needs'} no search and ${plain.length > 1 ? 'are' : 'is'} hard to beat`),
    };
  },
};

const whySearched =
  `more seeds: this structure was drawn at random, and ${fewestSeeds} are the fewest that can tell one that was ` +
  'searched from it';

/** The same with several seeds, beside a random structure and other rivals; a random one itself, beside a search's. */
function moreSeeds(facts: RunFacts, rivals: readonly string[] = []): string {
  const { folder, settings, result } = facts;
  const method = methodOf(facts);
  const { parameters } = isBudgeted(facts) ? result.budget : result.structure;
  // A method with a size of its own spends none, and the one in its settings is the usual, which nobody has meant.
  const isUnsaid = settings.budget === undefined || !isBudgeted(facts);
  return commandLine('compare', [folder], {
    methods: [method === randomDraw ? defaultStrategy.name : method, randomDraw, ...rivals].join(),
    ...(parameters > 0 && isUnsaid && { budget: parameters }),
    seeds: usualSeeds,
    out: `${folder}-compare`,
  });
}

type IsPart = (module: HeatMapModule) => boolean;

const valuesLabel = roleLabel({ role: 'self-attention.value', name: '' });

/** What needs no search, and was not beaten by one where all of it fits (docs/measured/found-or-random.md). */
const withoutSearch: readonly { readonly method: string; readonly what: string; readonly is: IsPart }[] = [
  {
    method: valuesMethod,
    what: 'LoRA on the values of every block',
    is: ({ kind, position }) => kind === lora.label && position === valuesLabel,
  },
  { method: scalesMethod, what: 'the scales of every norm', is: ({ kind }) => kind === lnfit.label },
];

/** Whether a search could have kept all such modules. */
function isHeld({ result, modules }: RunFacts, is: IsPart): boolean {
  if (result.resources.search === undefined) return false;
  const parts = modules.filter(is);
  return parts.length > 0 && sumOfParameters(parts) <= result.budget.parameters;
}

/** The same at a tenth of what was spent, or at the least that holds a module; where there is no less, other seeds. */
function smaller(facts: RunFacts, why: string): Verdict['next'] {
  const { folder, modules, result } = facts;
  if (!isBudgeted(facts)) return { command: moreSeeds(facts), why: `it has a size of its own: ${whyOtherRows}` };
  const spent = result.structure.parameters;
  const budget = Math.max(cheapest(modules), Math.round(spent / 10));
  if (budget >= spent) return { command: moreSeeds(facts), why: whyNotSmaller };
  const command = commandLine(jobOf(facts), [configOf(folder)], { budget, out: `${folder}-smaller` });
  return { command, why };
}

/** Whether it spent the budget it was given, and has no size of its own. */
function isBudgeted({ result, settings }: RunFacts): boolean {
  return result.resources.search !== undefined || methods[String(settings.method)]?.budgeted === true;
}

const configOf = (folder: string) => `${folder}/config.yaml`;

const textOf = (value: unknown) => (value === undefined ? undefined : String(value));

const jobOf = ({ result }: RunFacts) => (result.resources.search === undefined ? 'train' : 'search');

/** What a comparison calls the run's method: a search by its strategy, which was one alone where none is named. */
function methodOf({ settings, folder, result }: RunFacts): string {
  if (result.resources.search === undefined) return textOf(settings.method) ?? `${folder}/structure.json`;
  return String(settings.strategy ?? bilevel.name);
}
