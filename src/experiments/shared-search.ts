import { join } from 'node:path';
import type { Settings } from '../config/settings.ts';
import { runFolder } from '../runs/run-folder.ts';
import { defaultStrategy, strategiesWith } from '../search/strategies/strategies.ts';
import { type Cell, cellFolder, fileName } from './cell.ts';

/** What makes a search look at all candidates, where its strategy leaves some out. */
function searchingAll({ strategy = defaultStrategy.name }: Settings): Settings {
  return strategiesWith('fitting-only').includes(strategy) ? { 'fitting-only': false } : {};
}

/**
 * One search in place of one a budget. The order of the modules does not depend on the budget they are chosen at, but
 * what the search learns does: how many gates are open while it trains. The search is run at the geometric mean of the
 * budgets, so that none of them is farther from it than half of their range, on the scale on which gates open.
 *
 * What is too large for the middle budget may fit a larger one, so all candidates are searched.
 *
 * @param cells the searches it replaces, alike but for their budgets
 * @returns the search, and the trainings of what it finds at each budget
 */
export function sharedSearch(cells: readonly Cell[], budget: string, out: string): { search: Cell; cells: Cell[] } {
  const [first] = cells as readonly [Cell];
  const named = { ...first, variant: `${first.variant} shared`.trim(), budget };
  const folder = cellFolder(out, { ...named, variant: `${named.variant} search` });
  const search: Cell = {
    ...named,
    folder,
    settings: { ...first.settings, budget, retrain: false, ...searchingAll(first.settings) },
  };
  return {
    search,
    cells: cells.map(cell => {
      const to = join(folder, `${fileName(`at ${cell.budget}`)}.json`);
      const { budget: _, ...settings } = cell.settings;
      const served = { ...cell, variant: named.variant };
      return {
        ...served,
        job: 'train',
        // Which search has served it depends on the other budgets.
        folder: cellFolder(out, { ...served, variant: `${named.variant} ${budget}` }),
        settings: { ...settings, structure: to },
        derive: {
          by: 'mean',
          from: [[runFolder(folder).structure]],
          budget: cell.budget!,
          keepInert: settings['keep-inert'] ?? false,
          to,
        },
      };
    }),
  };
}
