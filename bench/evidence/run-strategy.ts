import {
  type Catalogue,
  definePlugin,
  extend,
  type Model,
  runToEnd,
  type Settings,
  searchStructure,
} from '../../src/index.ts';
import type { StrategyCell } from './cells.ts';
import { withLiterature } from './rivals/literature.ts';
import { fromPrior } from './rivals/prior.ts';
import { type EvidenceData, loadEvidenceData } from './task-data.ts';

export interface StrategyOutcome {
  readonly modules: readonly string[];
  readonly parameters: number;
  /** Losses with gradients, of which the steps of the search consist. */
  readonly evaluations: number;
  readonly steps: number;
  /** What the search says of its result, as short trainings do that overrule it. */
  readonly warnings?: readonly string[];
}

/** A search by one of the program's strategies or of its rivals, with the library's own defaults. */
export async function runStrategy(model: Model, data: EvidenceData, cell: StrategyCell): Promise<StrategyOutcome> {
  const catalogue = cell.priorTask === undefined ? withLiterature : await withPrior(model, cell, cell.priorTask);
  const { structure, evaluations, steps, warnings } = await runToEnd(
    searchStructure(model, data, settingsOf(cell), { catalogue }),
  );
  const kept = structure.modules.filter(module => module.kept);
  return {
    modules: kept.map(({ site, kind }) => `${site}:${kind}`),
    parameters: kept.reduce((sum, { parameters }) => sum + parameters, 0),
    evaluations,
    steps,
    warnings,
  };
}

/** A whole search on another task: its cost is another task's, but is in this cell's seconds. */
async function withPrior(model: Model, cell: StrategyCell, task: string): Promise<Catalogue> {
  const data = await loadEvidenceData(model, task, cell.seed);
  const { structure } = await runToEnd(
    searchStructure(model, data, settingsOf({ ...cell, strategy: 'bilevel', steps: PRIOR_STEPS })),
  );
  return extend(withLiterature, [definePlugin({ name: 'prior', strategies: [fromPrior(structure)] })]);
}

const PRIOR_STEPS = 75;

/** Looked at once, at its end: no validation on the way is paid for, and the last worth counts, as in `runSearch`. */
function settingsOf({ strategy, steps, budget, seed, options, suited }: StrategyCell): Settings {
  const length = { 'max-steps': steps, epochs: 1000, 'eval-every': steps };
  return {
    ...{ preset: 'mini', strategy, budget, seed, 'batch-size': 16 },
    ...length,
    ...options,
    rates: suited ? 'suited' : 'one',
  };
}
