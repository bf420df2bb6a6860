import { join } from 'node:path';
import { InputError } from '../../../core/errors.ts';
import { mean } from '../../../core/statistics.ts';
import { readStructure, type Structure } from '../../../structure/structure-file.ts';
import { LOGIT_LIMIT } from '../bilevel/shifted-sigmoid.ts';
import type { SearchProblem } from '../strategy.ts';

/**
 * α as earlier searches had it: the mean of logit(p) over them. A budget shifts all logits alike, which the shifted
 * sigmoid undoes, so that runs at other budgets say the same. What a run left out is as unlikely as its least likely.
 * @param paths structure files, or the run folders they lie in
 * @returns one number a candidate
 * @throws InputError for one of another backbone or space, and one whose search has no probabilities
 */
export async function alphaOfRuns(
  paths: readonly string[],
  problem: Pick<SearchProblem, 'candidates' | 'backbone'>,
): Promise<Float64Array> {
  const files = paths.map(path => (/\.json$/i.test(path) ? path : join(path, 'structure.json')));
  const runs = await Promise.all(
    files.map(async file => {
      const structure = await readStructure(file);
      requireAlike(structure, problem, file);
      return logitsOf(structure, file);
    }),
  );
  return Float64Array.from(problem.candidates, (_, i) => mean(runs.map(logits => logits[i]!)));
}

function requireAlike(
  { model, space, modules }: Structure,
  { candidates, backbone }: Pick<SearchProblem, 'candidates' | 'backbone'>,
  where: string,
): void {
  if (backbone !== undefined && model.fingerprint !== backbone) {
    throw new InputError(
      `it was found on another backbone, ${model.name}: what places are worth there says nothing here`,
      {
        code: 'other-model',
        where,
        remedy: 'give runs of the same model, or carry a structure over: s3delta train --structure … --map relative',
      },
    );
  }
  const isAlike =
    modules.length === candidates.length &&
    modules.every(({ site, kind }, i) => site === candidates[i]!.site.name && kind === candidates[i]!.kind);
  if (isAlike) return;
  throw new InputError(`it was found in another space, ${space}, with ${modules.length} candidates`, {
    code: 'other-structure',
    where,
    remedy: `give runs of the space that is to be searched, or --space ${space}`,
  });
}

function logitsOf({ modules }: Structure, where: string): number[] {
  const searched = modules.flatMap(({ p }) => (p !== null && p > 0 && p < 1 ? [logit(p)] : []));
  if (searched.length === 0) {
    throw new InputError('this structure has no probabilities: no bi-level search has found it', {
      code: 'no-structure-found',
      where,
      remedy: 'give runs of `s3delta search` by the strategies bilevel and from-prior',
    });
  }
  const least = Math.min(...searched);
  return modules.map(({ p }) => (p === null || p === 0 ? least : logit(p)));
}

/** Kept off the ends as the search keeps it. */
function logit(p: number): number {
  return Math.max(-LOGIT_LIMIT, Math.min(LOGIT_LIMIT, Math.log(p / (1 - p))));
}
