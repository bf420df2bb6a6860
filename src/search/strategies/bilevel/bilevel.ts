import { z } from 'zod';
import { key, keyWithDefault, largeCount, positive, rate } from '../../../core/checked-values.ts';
import { checkBudget } from '../../../structure/budget.ts';
import type { LoopContext } from '../../../training/loop.ts';
import { type StageCost, stepsOver } from '../../../training/stage.ts';
import { fittingCandidates, fittingKeys } from '../fitting.ts';
import { costWithLastWord, lastWordKeys, withLastWord } from '../last-word/last-word.ts';
import { stepsOfNoFinalist } from '../said-together.ts';
import {
  type Compile,
  type Contradiction,
  defineStrategy,
  type SearchEvent,
  type SearchProblem,
  type SearchResult,
} from '../strategy.ts';
import { type BiLevelSearchOptions, biLevelSearch, settledResult } from './bilevel-search.ts';
import { type BiLevelOrder, mixedDerivatives, splitHalves, stepArrays, stepBatches } from './step-orders.ts';

/** Below, sigmoids of x / τ are steps that nothing can be learned from. */
const temperature = z.coerce.number().min(1e-6);

/**
 * The options as in a config file. But for the order their defaults are the paper's (sections 4 and 5 of its method).
 */
export const biLevelKeys = z.object({
  // The paper's is second. What it adds is 0.04 to 0.4 % of α's gradient on `mini`, on relu mostly error, for two and a
  // half times the cost; a one-sided search beside a first-order one kept the same (docs/measured/search-rates.md).
  order: keyWithDefault(
    z.enum(Object.keys(mixedDerivatives) as [BiLevelOrder, ...BiLevelOrder[]]),
    'first',
    'order of the bi-level step: first looks no step ahead and costs two losses with gradients; second is the ' +
      "paper's and costs five, one-sided is the same with a finite difference from one side and costs four, exact " +
      'differentiates the gradient instead',
  ),
  gates: keyWithDefault(
    z.enum(['soft', 'hard']),
    'soft',
    'gates while searching: soft (Binary Concrete) or hard (0 or 1, with the gradient of the soft ones)',
  ),
  objective: keyWithDefault(
    z.enum(['budget', 'l0']),
    'budget',
    'what keeps the structure sparse: a budget that gates share, or an L0 penalty on hard concrete gates, ' +
      'beside which a budget is optional and cuts what stays open, and --finalists says nothing',
  ),
  'l0-weight': key(positive, 'weight λ of the L0 penalty: what one open module of mean size costs, in nats', {
    hint: 'L',
  }),
  'stretch-low': key(z.coerce.number().negative(), 'lower end l that hard concrete gates are stretched to, below 0', {
    hint: 'L',
  }),
  'stretch-high': key(z.coerce.number().gt(1), 'upper end r that hard concrete gates are stretched to, above 1', {
    hint: 'R',
  }),
  gradient: key(
    z.enum(['global', 'local']),
    "gradient of the budget's sigmoid: global (equation 33) or local (the ablation; the only one with l0)",
  ),
  tau: keyWithDefault(temperature, 1, 'temperature of the shifted sigmoid', { hint: 'T' }),
  beta: keyWithDefault(temperature, 1, 'temperature of the Binary Concrete gates', { hint: 'B' }),
  'alpha-lr': keyWithDefault(rate, 0.1, 'learning rate of the structure parameters α', { hint: 'R' }),
  'alpha-travel': key(
    positive,
    'how far α may travel in all, in place of --alpha-lr: the sum of its rates over the search, whatever ' +
      'its number of steps (3.8 are 75 steps at 0.1, 15 are 300)',
    { hint: 'D' },
  ),
  'search-lr': key(
    rate,
    "learning rate of the modules' parameters while searching (default: half of --lr, and less by as much " +
      'as open gates hold more parameters than the budget)',
    { hint: 'R' },
  ),
  ...fittingKeys,
  judge: keyWithDefault(
    z.enum(['loss', 'score']),
    'loss',
    'what the best moment of the search is told by on validation: the mean loss, which a few hundred rows tell ' +
      "closely, or the score, as the paper's",
  ),
  patience: key(
    largeCount,
    'end the search when its structure has hardly changed over so many validations (default: no early end)',
    { hint: 'N' },
  ),
  ...lastWordKeys,
});

export type BiLevelKeys = z.output<typeof biLevelKeys>;

/** Of the L0 penalty alone. The stretch is that of the hard concrete distribution's authors. */
const l0Defaults = { 'l0-weight': 1e-3, 'stretch-low': -0.1, 'stretch-high': 1.1 } as const;
const l0Keys = Object.keys(l0Defaults) as (keyof typeof l0Defaults)[];

/** What `--help` says of the options whose defaults depend on the objective. */
const usually = { ...l0Defaults, gradient: 'global' } as const;

/** What an L0 penalty leaves open has no size that other structures could be of. */
const noLastWord = 1;

/** Each objective fills in what is its own. */
export function completeOptions(options: BiLevelKeys): BiLevelKeys {
  return options.objective === 'l0'
    ? { gradient: 'local', ...l0Defaults, ...options, finalists: noLastWord }
    : { gradient: 'global', ...options };
}

/**
 * Every run of today names `finalists`, `judge` and `fitting-only`. Those before took the search's answer as it was;
 * earlier ones went by the score; the first searched among all candidates, too, and trained the modules at the rate of
 * the training.
 */
export function unsaidOptions(
  recorded: Partial<BiLevelKeys> & { readonly lr?: number | undefined },
): Partial<BiLevelKeys> {
  const { finalists, judge, 'fitting-only': fittingOnly, lr } = recorded;
  return {
    ...(finalists === undefined && { finalists: 1 }),
    ...(judge === undefined && { judge: 'score' as const }),
    ...(fittingOnly === undefined && { 'fitting-only': false, ...(lr !== undefined && { 'search-lr': lr }) }),
  };
}

export const contradictions: readonly Contradiction<BiLevelKeys>[] = [
  {
    holds: ({ objective, gradient }) => objective === 'l0' && gradient === 'global',
    keys: ['objective', 'gradient'],
    what: 'the global gradient comes of sharing a budget, and under the L0 penalty modules share none',
    remedy: 'give `--gradient local`, or leave it out',
  },
  {
    holds: ({ objective, gates }) => objective === 'l0' && gates === 'hard',
    keys: ['objective', 'gates'],
    what: 'the L0 penalty has gates of its own: hard concrete ones, which reach 0 and 1 and keep their derivative',
    remedy: 'leave --gates out, or give `--objective budget`',
  },
  {
    holds: ({ order, gates }) => order === 'exact' && gates === 'hard',
    keys: ['order', 'gates'],
    what: 'hard gates are steps of α, so the loss has no exact derivative by it; theirs is an estimate',
    remedy: 'give `--gates soft`, or `--order second`',
  },
  {
    holds: ({ objective, ...rest }) => objective === 'budget' && l0Keys.some(each => rest[each] !== undefined),
    keys: l0Keys,
    what: 'with a budget there is no L0 penalty, and no hard concrete gate to stretch',
    remedy: 'give `--objective l0` with them, or leave them out',
  },
];

/** α's rates are told by one of them. */
const twoRates: Contradiction<Partial<BiLevelKeys>> = {
  holds: said => said['alpha-lr'] !== undefined && said['alpha-travel'] !== undefined,
  keys: ['alpha-lr', 'alpha-travel'],
  what: 'how far α may travel stands in place of its learning rate, and both are given',
  remedy: 'leave one of them out',
};

/** The estimator that an objective and its gates name; hard gates under the L0 penalty are refused before. */
const estimatorNames = {
  budget: { soft: 'concrete', hard: 'straight-through' },
  l0: { soft: 'hard-concrete', hard: 'hard-concrete' },
} as const;

/** How α becomes gates, as the options have it. */
export function relaxationOf(
  options: BiLevelKeys,
): Pick<BiLevelSearchOptions, 'estimator' | 'gradient' | 'tau' | 'beta' | 'l0'> {
  const { objective, gates, gradient = 'global', tau, beta } = options;
  const { 'l0-weight': weight, 'stretch-low': low, 'stretch-high': high } = options;
  const isPenalised = weight !== undefined && low !== undefined && high !== undefined;
  return {
    estimator: estimatorNames[objective][gates],
    ...{ gradient, tau, beta },
    ...(isPenalised && { l0: { weight, stretch: [low, high] } }),
  };
}

/** The options of a short search within others. */
export const firstOrder = completeOptions(biLevelKeys.parse({ order: 'first', finalists: 1 }));

/** S³Delta, the paper's search: gates shared out over the modules by α, learned with their parameters in two levels. */
export const bilevel = defineStrategy({
  name: 'bilevel',
  label: 'S³Delta',
  description:
    "S³Delta's bi-level search: all candidates are trained at once, and with them the probability of each to be kept",
  options: biLevelKeys,
  varied: ['order', 'gradient', 'tau', 'beta', 'alpha-lr'],
  usually,
  complete: completeOptions,
  unsaid: unsaidOptions,
  contradictions,
  saidTogether: [twoRates, stepsOfNoFinalist],
  // What the L0 penalty leaves open is kept.
  needsBudget: ({ objective }) => objective === 'budget',
  thrifty: ({ order }) =>
    order === 'first' ? [] : [{ options: { order: 'first' as const }, changes: 'the structure found may be another' }],

  cost: (problem, options) => costWithLastWord(problem, options, ownCost(problem, options)),

  async *search(whole, options, compile, context) {
    checkBudget(whole.candidates, whole);
    const { problem, widen } = fittingCandidates(whole, options);
    return yield* withLastWord(whole, options, compile, context, {
      cost: ownCost(whole, options),
      search: (compile, context) => widen(searchAmong(problem, options, compile, context)),
    });
  },
});

/** What the search costs without its last word. */
function ownCost(whole: SearchProblem, options: BiLevelKeys): StageCost | undefined {
  const problem = fittingCandidates(whole, options).problem;
  const { candidates, stage, examples } = problem;
  if (settledResult(candidates, searchOptions(problem, options)) !== undefined) return undefined;
  const { order } = options;
  const batches = stepBatches(splitHalves(examples, stage.seed), order);
  const steps = stepsOver(batches[0].examples.length, stage);
  // The loss takes a pass of its own, of about the time that the score does.
  const passes = options.judge === 'loss' ? 2 : 1;
  return {
    modules: candidates,
    steps,
    validations: passes * Math.ceil(steps / stage.evaluateEvery),
    batches,
    arrays: stepArrays[order],
    curvature: order === 'exact',
  };
}

async function* searchAmong(
  problem: SearchProblem,
  options: BiLevelKeys,
  compile: Compile,
  context: LoopContext,
): AsyncGenerator<SearchEvent, SearchResult> {
  const settled = settledResult(problem.candidates, searchOptions(problem, options));
  if (settled !== undefined) return settled;
  const halves = splitHalves(problem.examples, problem.stage.seed);
  const { program, initialDelta, evaluate, validationLoss } = await compile(problem.candidates);
  const data = { deltaExamples: halves.delta, alphaExamples: halves.alpha };
  return yield* biLevelSearch(
    { program, ...data, initialDelta, evaluate, ...(options.judge === 'loss' && { validationLoss }) },
    searchOptions(problem, options),
    context,
  );
}

/** What a search by these keys does on a problem. */
export function searchOptions({ budget, keepInert, stage }: SearchProblem, options: BiLevelKeys): BiLevelSearchOptions {
  const { order, 'alpha-lr': alphaLearningRate, 'search-lr': given, patience, 'alpha-travel': alphaTravel } = options;
  const learningRate = given ?? stage.learningRate;
  return {
    ...stage,
    ...{ budget, keepInert, order, alphaLearningRate, learningRate },
    ...(given === undefined && { rateByOpenGates: true }),
    ...relaxationOf(options),
    ...(patience !== undefined && { patience }),
    ...(alphaTravel !== undefined && { alphaTravel }),
  };
}
