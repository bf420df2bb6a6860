import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Model, runToEnd, type Settings, searchStructure, writeStructure } from '../../src/index.ts';
import type { StrategyCell } from './cells.ts';
import { withLiterature } from './literature.ts';
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

/** A search by one of the program's strategies, with the library's own defaults. */
export async function runStrategy(model: Model, data: EvidenceData, cell: StrategyCell): Promise<StrategyOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 's3delta-prior-'));
  try {
    const earlier = cell.priorTask && (await priorOf(model, cell, cell.priorTask, folder));
    const { structure, evaluations, steps, warnings } = await runToEnd(
      searchStructure(
        model,
        data,
        { ...settingsOf(cell), ...(earlier && { prior: [earlier] }) },
        { catalogue: withLiterature },
      ),
    );
    const kept = structure.modules.filter(module => module.kept);
    return {
      modules: kept.map(({ site, kind }) => `${site}:${kind}`),
      parameters: kept.reduce((sum, { parameters }) => sum + parameters, 0),
      evaluations,
      steps,
      warnings,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A whole search on another task: its cost is another task's, but is in this cell's seconds. */
async function priorOf(model: Model, cell: StrategyCell, task: string, folder: string): Promise<string> {
  const data = await loadEvidenceData(model, task, cell.seed);
  const found = await runToEnd(
    searchStructure(model, data, settingsOf({ ...cell, strategy: 'bilevel', steps: PRIOR_STEPS })),
  );
  const path = join(folder, 'structure.json');
  await writeStructure(path, found.structure);
  return path;
}

const PRIOR_STEPS = 75;

/** Looked at once, at its end: no validation on the way is paid for, and the last worth counts, as in `runSearch`. */
function settingsOf({ strategy, steps, budget, seed, options }: StrategyCell): Settings {
  const length = { 'max-steps': steps, epochs: 1000, 'eval-every': steps };
  return { ...{ preset: 'mini', strategy, budget, seed, 'batch-size': 16 }, ...length, ...options };
}
