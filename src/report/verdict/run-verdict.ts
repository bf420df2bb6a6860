import { count, duration, score } from '../../core/format.ts';
import { batchesPerEpoch } from '../../data/batches.ts';
import { lnfit } from '../../deltas/lnfit.ts';
import { lora } from '../../deltas/lora.ts';
import type { MetricsLine } from '../../runs/metrics-log.ts';
import type { RunResult } from '../../runs/result.ts';
import { bilevel } from '../../search/strategies/bilevel/bilevel.ts';
import { randomDraw, scalesMethod, valuesMethod } from '../../structure/built-in-methods.ts';
import { searchByTraining, stepsSuiting } from '../../training/stage.ts';
import type { HeatMapModule } from '../heat-map.ts';
import { roleLabel } from '../labels.ts';
import type { SearchMoment } from '../run-view.ts';
import { type Settlement, settlement } from './settlement.ts';
import {
  againstCommonest,
  commandLine,
  fewestSeeds,
  fewRows,
  isFull,
  type Judgement,
  type Outcome,
  range,
  signed,
  type Untold,
  untold,
  usualSeeds,
  type Verdict,
  type VerdictLine,
  whyUntold,
} from './verdict.ts';

/** What a run's verdict is made of. */
export interface RunFacts {
  readonly result: RunResult;
  /** The candidates of a search, or what was trained. */
  readonly modules: readonly HeatMapModule[];
  readonly moments: readonly SearchMoment[];
  readonly metrics: readonly MetricsLine[];
  /** Path of the run folder, as a command takes it. */
  readonly folder: string;
  /** The keys of its config.yaml. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The verdict on a search or a training by itself: a single seed, which claims no win. */
export function runVerdict(facts: RunFacts): Verdict {
  const { result, modules } = facts;
  const { search } = result.resources;
  const settled = search && settlement(facts);
  const isWhole = search !== undefined && modules.length > 0 && holdsAll(facts);
  const commonest = result.score && againstCommonest(result.testInterval, result.score.majority);
  const lines: VerdictLine[] = [
    ...(result.score === undefined ? [] : [scoreLine(result, commonest!.says)]),
    ...dataLine(result),
    ...randomLine(result),
    ...(search === undefined ? [] : [costLine(result)]),
    ...(isWhole
      ? [{ about: 'settled', says: 'the budget holds every candidate: there was nothing to search' }]
      : settled === undefined
        ? []
        : [{ about: 'settled', says: settled.says }]),
  ];
  const outcome = outcomeOf({ isWhole, result, commonest, settled });
  return { outcome, lines, next: nextOf[outcome](facts) };
}

type RunOutcome = Extract<
  Outcome,
  Untold | 'nothing-searched' | 'not-trained' | 'not-above-commonest' | 'unsettled' | 'one-seed'
>;

function outcomeOf(facts: {
  readonly isWhole: boolean;
  readonly result: RunResult;
  readonly commonest: { readonly isAbove: boolean | undefined } | undefined;
  readonly settled: Settlement | undefined;
}): RunOutcome {
  const { score: scores } = facts.result;
  if (facts.isWhole) return 'nothing-searched';
  const besideRandom = untoldBesideRandom(facts.result)?.outcome;
  const isOneAnswer = scores !== undefined && isFull([scores.test, scores.majority]);
  // Before the steps of the search: no more of them can make it better.
  if (besideRandom === 'at-ceiling' || isOneAnswer) return 'at-ceiling';
  if (facts.settled?.isSettled === false) return 'unsettled';
  if (scores === undefined) return 'not-trained';
  if (facts.commonest?.isAbove === false) return 'not-above-commonest';
  return besideRandom === 'too-few-rows' ? besideRandom : 'one-seed';
}

function untoldBesideRandom({ score: scores, data }: RunResult): Judgement | undefined {
  return scores?.random === undefined ? undefined : untold([[scores.test], [scores.random]], data?.test);
}

function scoreLine({ score: scores, testInterval, data }: RunResult, beside: string): VerdictLine {
  const { metric, test } = scores!;
  const rows = data === undefined ? 'the test rows' : `${count(data.test)} test rows`;
  const sure =
    testInterval === undefined
      ? ''
      : ` (95 % interval ${range(testInterval)}, by ${rows} alone: another training moves it as well)`;
  return { about: 'score', says: `${metric} ${score(test)}${sure}, ${beside}` };
}

/** What the data cannot tell, whatever was trained. */
function dataLine({ score: scores, data }: RunResult): VerdictLine[] {
  if (scores === undefined || data === undefined) return [];
  const says = [
    ...(data.validation < fewRows
      ? [`the validation part has ${data.validation} rows: which checkpoint is best by it is mostly chance`]
      : []),
    ...(scores.majority === 100
      ? ['every test row has the commonest answer, so that no score on it shows anything was learned']
      : []),
  ];
  return says.length === 0 ? [] : [{ about: 'data', says: says.join('; ') }];
}

function randomLine(result: RunResult): VerdictLine[] {
  const { score: scores, resources } = result;
  if (scores === undefined || resources.search === undefined) return [];
  const about = 'against random';
  if (scores.random === undefined) {
    return [{ about, says: 'no random structure of the budget was trained beside it (--random-baseline)' }];
  }
  const none = untoldBesideRandom(result);
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

/** Whether the candidates together fit the budget. */
function holdsAll({ result, modules }: RunFacts): boolean {
  return sumOfParameters(modules) <= result.budget.parameters;
}

const sumOfParameters = (modules: RunFacts['modules']) => modules.reduce((sum, { parameters }) => sum + parameters, 0);

/** What would help most, by what came out. */
const nextOf: Readonly<Record<RunOutcome, (facts: RunFacts) => Verdict['next']>> = {
  'nothing-searched': facts => ({
    command: smaller(facts),
    why: 'a smaller budget leaves something to choose: there structures differ most',
  }),
  'at-ceiling': facts => ({ command: smaller(facts), why: whyUntold['at-ceiling'] }),
  'too-few-rows': facts => ({ command: smaller(facts), why: whyUntold['too-few-rows'] }),
  'not-trained': ({ folder, settings }) => ({
    command: commandLine('train', [], {
      model: textOf(settings.model),
      task: textOf(settings.task),
      structure: `${folder}/structure.json`,
      out: `${folder}-trained`,
    }),
    why: 'the structure is found, but not trained: nothing is known of its score',
  }),
  unsettled: facts => ({
    command: commandLine('search', [configOf(facts.folder)], {
      ...longer(facts, 'search', 'epochs', 2),
      out: `${facts.folder}-longer`,
    }),
    why: 'more steps: the search was stopped while it was still choosing',
  }),
  'not-above-commonest': facts => ({
    command: commandLine(jobOf(facts), [configOf(facts.folder)], {
      ...longer(facts, 'retrain', 'retrain-epochs', 3),
      out: `${facts.folder}-longer`,
    }),
    why:
      (facts.result.score?.test ?? 0) > (facts.result.score?.majority ?? 0)
        ? 'more steps of training, or more test rows: it is better than always giving one answer, but by less ' +
          'than so few rows can tell'
        : 'more steps of training: nothing was learned that always giving one answer does not know; a larger ' +
          '--budget or --lr is the next thing to try',
  }),
  'one-seed': facts => {
    const { folder, settings, result } = facts;
    const plain = withoutSearch.filter(({ is }) => isHeld(facts, is));
    const rivals = [randomDraw, ...plain.map(({ method }) => method)];
    return {
      command: commandLine('compare', [folder], {
        methods: [methodOf(settings, folder, result), ...rivals].join(),
        ...(result.budget.parameters > 0 && settings.budget === undefined && { budget: result.budget.parameters }),
        seeds: usualSeeds,
        out: `${folder}-compare`,
      }),
      why:
        `more seeds: ${fewestSeeds} are the fewest that can tell it from a random structure, ${usualSeeds} ` +
        'tell a difference of about twice the noise of a training' +
        (plain.length === 0
          ? ''
          : `; the budget holds ${plain.map(({ what }) => what).join(', and ')}, which ` +
            `${plain.length > 1 ? 'need' : 'needs'} no search and ${plain.length > 1 ? 'are' : 'is'} hard to beat`),
    };
  },
};

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

/** The same at a tenth of what was spent, which still holds a module. */
function smaller(facts: RunFacts): string {
  const { folder, modules, result } = facts;
  const least = modules.reduce((least, { parameters }) => Math.min(least, parameters), Number.POSITIVE_INFINITY);
  const tenth = Math.max(1, Math.round(result.structure.parameters / 10));
  return commandLine(jobOf(facts), [configOf(folder)], {
    budget: Number.isFinite(least) ? Math.max(least, tenth) : tenth,
    out: `${folder}-smaller`,
  });
}

const configOf = (folder: string) => `${folder}/config.yaml`;

const textOf = (value: unknown) => (value === undefined ? undefined : String(value));

const jobOf = ({ result }: RunFacts) => (result.resources.search === undefined ? 'train' : 'search');

/** What a comparison calls the run's method: a search by its strategy, which was one alone where none is named. */
function methodOf(settings: RunFacts['settings'], folder: string, { resources }: RunResult): string {
  if (resources.search === undefined) return textOf(settings.method) ?? `${folder}/structure.json`;
  return String(settings.strategy ?? bilevel.name);
}

/** Flags that make a stage so many times as long, whichever of its limits has ended it. */
function longer(facts: RunFacts, stage: MetricsLine['stage'], epochs: string, times: number): Record<string, number> {
  const { metrics, settings } = facts;
  const isByTraining = stage === 'search' && settings['search-steps'] === searchByTraining;
  const last = metrics.findLast(line => line.stage === stage);
  // After a search's own steps come those of short trainings.
  const steps = isByTraining ? suitedSteps(facts) : stage === 'search' ? last?.step : last?.steps;
  const wanted = times * (steps ?? Number.NaN);
  const passes = isByTraining ? passesOf(wanted, facts) : 0;
  const given = Number(settings[epochs] ?? Number.NaN);
  const limits = stage === 'search' ? ['search-steps', 'max-steps'] : ['max-steps'];
  const hinders = (limit: unknown) => limit === searchByTraining || Number(limit) < wanted;
  const hindering = steps === undefined ? [] : limits.filter(key => hinders(settings[key]));
  return {
    ...Object.fromEntries(hindering.map(key => [key, wanted])),
    ...(Number.isFinite(given) && { [epochs]: Math.max(times * given, passes) }),
  };
}

/** How long a search was that was to suit its training. */
function suitedSteps({ settings, result: { data }, moments }: RunFacts): number | undefined {
  const [epochs, batchSize] = ['retrain-epochs', 'batch-size'].map(key => Number(settings[key])) as [number, number];
  const most = Number(settings['max-steps'] ?? Number.POSITIVE_INFINITY);
  const training = Math.min(batchesPerEpoch(data?.train ?? Number.NaN, batchSize) * epochs, most);
  return Number.isNaN(training) ? moments.at(-1)?.step : stepsSuiting(training);
}

/** Passes that hold so many steps, also where a search trains its modules on half of the rows. */
function passesOf(steps: number, { settings, result: { data } }: RunFacts): number {
  const half = batchesPerEpoch((data?.train ?? Number.NaN) / 2, Number(settings['batch-size']));
  return Number.isNaN(half) ? 0 : Math.ceil(steps / Math.max(1, half));
}
