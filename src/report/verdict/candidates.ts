import { randomStructure } from '../../structure/random-structure.ts';
import type { HeatMapModule } from '../heat-map.ts';

/** The candidates of a search, as they were found. */
type Candidates = readonly Pick<HeatMapModule, 'parameters' | 'inert' | 'kept'>[];

/** What cannot change the output is never kept, but where that was asked for. */
const keepable = (modules: Candidates) => modules.filter(({ inert, kept }) => kept || inert !== true);

export const sumOfParameters = (modules: Candidates) => modules.reduce((sum, { parameters }) => sum + parameters, 0);

/** Whether all that may be kept fits a budget together. */
export function holdsAll(modules: Candidates, budget: number): boolean {
  return sumOfParameters(keepable(modules)) <= budget;
}

/** Parameters of the cheapest one that may be kept: a smaller budget holds nothing. 1 where there is none. */
export function cheapest(modules: Candidates): number {
  const sizes = keepable(modules).map(({ parameters }) => parameters);
  return sizes.length === 0 ? 1 : Math.min(...sizes);
}

/** Whether what was kept is what a random draw of the same seed and budget keeps. */
export function isRandomDraw(
  modules: Candidates,
  options: { readonly budget: number; readonly keepInert: boolean; readonly seed: number },
): boolean {
  if (!modules.some(({ kept }) => kept)) return false;
  const costs = modules.map(({ parameters, inert = false }) => ({ parameters, inert }));
  return randomStructure(costs, options).every((kept, i) => kept === modules[i]!.kept);
}
