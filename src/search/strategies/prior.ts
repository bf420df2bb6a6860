import { join } from 'node:path';
import { z } from 'zod';
import { key } from '../../core/checked-values.ts';
import { InputError } from '../../core/errors.ts';
import { mean } from '../../core/statistics.ts';
import { checkBudget } from '../../structure/budget.ts';
import { readStructure, type Structure } from '../../structure/structure-file.ts';
import { stepsOver } from '../../training/stage.ts';
import { bilevel, firstOrder, searchOptions } from './bilevel/bilevel.ts';
import { biLevelSearch, settledResult } from './bilevel/bilevel-search.ts';
import { LOGIT_LIMIT } from './bilevel/estimators.ts';
import { splitHalves } from './bilevel/step-orders.ts';
import { fittingCandidates } from './fitting.ts';
import { defineStrategy, type SearchEvent, type SearchProblem, type SearchResult } from './strategy.ts';

/** Of the steps that a search from nothing has. */
const share = 0.1;

const paths = z.preprocess(
  given => (typeof given === 'string' ? given.split(',').map(path => path.trim()) : given),
  z.array(z.string().min(1)).min(1),
);

/**
 * A search that begins where earlier ones on the same backbone ended (section E of the paper: p averaged over tasks),
 * for a tenth of the steps: α says as much of the backbone as of the task (docs/measured/search-rates.md).
 */
export const prior = defineStrategy({
  name: 'from-prior',
  label: 'S³Delta from a prior',
  description: 'a bi-level search of a tenth of the steps that begins with the mean p of earlier runs (--prior)',
  options: z.object({
    prior: key(paths, 'earlier runs of the same model and space to begin with: run folders or structure.json files', {
      hint: 'PATH,…',
    }),
  }),
  varied: [],

  async check(problem, { prior }) {
    await alphaOfRuns(given(prior), problem);
  },

  cost: problem => bilevel.cost(shortened(problem), firstOrder),

  async *search(problem, { prior }, compile, context) {
    checkBudget(problem.candidates, problem);
    const alpha = await alphaOfRuns(given(prior), problem);
    const { problem: fitting, widen } = fittingCandidates(shortened(problem));
    const place = new Map(problem.candidates.map((candidate, i) => [candidate, i]));
    const initialAlpha = Float64Array.from(fitting.candidates, candidate => alpha[place.get(candidate)!]!);
    return yield* widen(searchFrom(initialAlpha, fitting));

    async function* searchFrom(from: Float64Array, own: SearchProblem): AsyncGenerator<SearchEvent, SearchResult> {
      const options = { ...searchOptions(own, firstOrder), initialAlpha: from };
      const settled = settledResult(own.candidates, options);
      if (settled !== undefined) return settled;
      const halves = splitHalves(own.examples, own.stage.seed);
      const { release: _, ...compiled } = await compile(own.candidates);
      const data = { deltaExamples: halves.delta, alphaExamples: halves.alpha };
      return yield* biLevelSearch({ ...compiled, ...data }, options, context);
    }
  },
});

/** @throws InputError where nothing is given to begin with */
function given(prior: readonly string[] | undefined): readonly string[] {
  if (prior !== undefined) return prior;
  throw new InputError('a search from a prior needs earlier runs to begin with', {
    code: 'missing-setting',
    where: '--prior',
    remedy: 'name run folders: --prior runs/sst2,runs/cola',
  });
}

function shortened(problem: SearchProblem): SearchProblem {
  const { examples, stage } = problem;
  const { delta } = splitHalves(examples, stage.seed);
  const steps = stepsOver(delta.length, stage);
  return { ...problem, stage: { ...stage, maxSteps: Math.max(1, Math.ceil(share * steps)) } };
}

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
      remedy: 'give runs of `s3delta search --strategy bilevel`, or of from-prior',
    });
  }
  const least = Math.min(...searched);
  return modules.map(({ p }) => (p === null || p === 0 ? least : logit(p)));
}

/** Kept off the ends as the search keeps it. */
function logit(p: number): number {
  return Math.max(-LOGIT_LIMIT, Math.min(LOGIT_LIMIT, Math.log(p / (1 - p))));
}
