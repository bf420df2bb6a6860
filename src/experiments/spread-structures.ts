import { join } from 'node:path';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { mostSpreadSeeds, type SpreadSettings, usualSpread } from '../config/experiment-settings.ts';
import { InputError } from '../core/errors.ts';
import { count } from '../core/format.ts';
import type { Tell } from '../jobs/job-events.ts';
import { prepare } from '../jobs/prepare.ts';
import { readRunSettings } from '../jobs/report-job.ts';
import { listTrials } from '../jobs/trials.ts';
import { type ResolvedSpace, resolveSpace } from '../library/structures.ts';
import { shownModules } from '../report/run-view.ts';
import { type SpreadRun, spreadOf, spreadVerdict } from '../report/spread.ts';
import { cheapest } from '../report/verdict/candidates.ts';
import { readMetrics } from '../runs/metrics-log.ts';
import { experimentFile, runFolder } from '../runs/run-folder.ts';
import { randomDraw } from '../structure/built-in-methods.ts';
import { randomStructure } from '../structure/random-structure.ts';
import { defaultSpace } from '../structure/spaces.ts';
import { readStructure } from '../structure/structure-file.ts';
import { tuneCost } from '../training/stage.ts';
import { type Cell, cellFolder, cellKind, cellName, fileName } from './cell.ts';
import { type CompareOptions, loadersFor, runPlan, type Work, withThreads } from './compare-methods.ts';
import type { ExperimentDone } from './comparison-job.ts';
import { executorFlags } from './executors/executors.ts';
import { type ExperimentCells, listCells } from './list-cells.ts';
import type { ExperimentEvent } from './run-cells.ts';
import type { SharedLoaders } from './shared-loaders.ts';
import { type SpreadOutcome, writeSpread } from './spread-files.ts';

/** Validations along a training at least: a curve of so many points. */
const looks = 5;

/**
 * Whether there is anything to find: random structures of the budget, each trained with every seed, and how far their
 * scores differ beyond what seeds do. Each training is an ordinary run in a folder of its own under `out`; what is done
 * is not done again, also where more structures or seeds are asked for later.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted; the same call goes on
 */
export function spread(given: SpreadSettings, options: CompareOptions): AsyncGenerator<ExperimentEvent, SpreadOutcome> {
  return runPlan(spreadWork(given, options), options);
}

/** What a spread does. */
export function spreadWork(given: SpreadSettings, { out, executor }: CompareOptions): Work<SpreadOutcome> {
  const loaders = loadersFor(executor);
  const plan = (tell: Tell, catalogue: Catalogue) =>
    planSpread(withThreads(given, executor), out, loaders, tell, catalogue);
  const conclude = (done: ExperimentDone) => concludeSpread(done, given.structures ?? usualSpread.structures);
  return { plugins: given.plugins, loaders, plan, conclude };
}

async function planSpread(
  { structures = usualSpread.structures, ...given }: SpreadSettings,
  out: string,
  loaders: SharedLoaders,
  tell: Tell,
  catalogue: Catalogue = builtIn,
): Promise<ExperimentCells> {
  const seeds = given.seeds ?? Array.from({ length: usualSpread.seeds }, (_, seed) => seed);
  checkSeeds(seeds, structures, tell);
  const settings = { ...given, seeds, methods: [randomDraw], 'validation-loss': true };
  const plan = await listCells(settings, out, loaders, tell, catalogue);
  const random = plan.phases.flat();
  const cells: Cell[] = [];
  for (const group of Map.groupBy(random, cellKind).values()) {
    const [first] = group as [Cell];
    const { draws, steps } = await drawDifferent(first, structures, loaders, tell, catalogue);
    const every = Math.min(given['retrain-eval-every'] ?? steps, Math.max(1, Math.ceil(steps / looks)));
    for (const draw of draws) cells.push(...group.map(cell => structureCell(cell, draw, every, out)));
  }
  return { ...plan, phases: [cells] };
}

/** @throws InputError where seeds cannot be told from structures */
function checkSeeds(seeds: readonly number[], structures: number, tell: Tell): void {
  const different = new Set(seeds).size;
  if (different < 2) {
    throw new InputError('with one seed nobody knows what of a difference is the structure and what the seed', {
      code: 'too-few-seeds',
      where: '--seeds',
      remedy: `give two at least: --seeds ${usualSpread.seeds}`,
    });
  }
  if (different > Math.max(mostSpreadSeeds, structures)) {
    tell(
      `${different} seeds for ${structures} structures: what is to be known is how structures differ, and ` +
        'more of them (--structures) tell that better than more seeds',
    );
  }
}

/** What is to be trained of a task and budget. */
interface Drawn {
  /** Numbers of the draws to train, no two of them the same structure. */
  readonly draws: readonly number[];
  /** Of each training. */
  readonly steps: number;
}

/**
 * Draws the structures, once it is clear that the budget leaves anything to differ in.
 * @throws InputError where all draws are the same structure
 */
async function drawDifferent(
  cell: Cell,
  structures: number,
  loaders: SharedLoaders,
  tell: Tell,
  catalogue: Catalogue,
): Promise<Drawn> {
  const { model, data, config } = await prepare(cell.settings, { loaders, catalogue });
  const space = resolveSpace(model, config.space, catalogue);
  const draws = differentDraws(space, structures);
  if (draws.length === 1) {
    throw new InputError(`a budget of ${space.budget} parameters leaves one structure only: every draw is the same`, {
      code: 'nothing-to-choose',
      where: '--budget',
      remedy: 'give a smaller one, which leaves something out',
    });
  }
  if (draws.length < structures) {
    tell(
      `${cell.task} at ${cell.budget}: ${draws.length} structures in place of ${structures}, as no more that differ ` +
        `were found in ${count(structures * drawsForEach)} draws: a copy would tell nothing, and is not trained`,
    );
  }
  const [trial] = await listTrials(model, data, config, catalogue);
  return { draws, steps: tuneCost([], data.train, trial!.tuning).steps };
}

/** So many draws a structure that is asked for: where they find no other one, hardly any is left. */
const drawsForEach = 20;

/**
 * Numbers of the first draws that differ. A copy is left out: trained again it would count as a structure that does not
 * differ from another, and the spread would seem to be known closer than it is.
 */
function differentDraws({ candidates, budget, keepInert }: ResolvedSpace, structures: number): number[] {
  const known = new Map<string, number>();
  for (let draw = 0; known.size < structures && draw < structures * drawsForEach; draw++) {
    const kept = randomStructure(candidates, { budget, keepInert, seed: drawSeed, draw }).map(Number).join('');
    if (!known.has(kept)) known.set(kept, draw);
  }
  return [...known.values()];
}

/** Structures do not depend on the seeds that they are trained with. */
const drawSeed = 0;

function structureCell(random: Cell, structure: number, every: number, out: string): Cell {
  const { method: _, budget: __, ...settings } = random.settings;
  const budget = random.budget!;
  const named = { ...random, method: `structure-${structure}`, label: `structure ${structure}` };
  const to = join(out, 'structures', fileName(random.task), fileName(`${structure} at ${budget}.json`));
  const { space = defaultSpace, 'keep-inert': keepInert = false } = settings;
  return {
    ...named,
    folder: cellFolder(out, named),
    settings: { ...settings, structure: to, 'retrain-eval-every': every },
    derive: { by: 'draw', space, budget, keepInert, seed: drawSeed, draw: structure, to },
  };
}

/** @param asked structures that were asked for: where fewer were drawn, there are no more */
async function concludeSpread(
  { plan, cells, outcome, out, executor }: ExperimentDone,
  asked: number,
): Promise<SpreadOutcome> {
  const runs = outcome.finished.map(({ cell, result }): SpreadRun & { named: string; folder: string } => ({
    ...{ task: cell.task, budget: cell.budget!, seed: cell.seed, file: cell.settings.structure!, result },
    structure: Number(cell.method.replace('structure-', '')),
    metrics: readMetrics(runFolder(cell.folder).metrics),
    ...{ named: cell.settings.task!, folder: cell.folder },
  }));
  const groups = [...Map.groupBy(runs, ({ task, budget }) => JSON.stringify([task, budget])).values()];
  const given = {
    tasks: [...new Set(cells.map(({ settings }) => settings.task!))],
    budgets: [...new Set(cells.map(({ budget }) => budget!))],
    executor: executorFlags(executor),
  };
  const judged = async (group: typeof runs) => {
    const own = spreadOf(group.toSorted((a, b) => a.structure - b.structure));
    const [{ named, folder }] = group as [(typeof group)[number]];
    const isOwn = ({ task, budget }: Cell) => task === own.task && budget === own.budget;
    const drawn = new Set(cells.filter(isOwn).map(({ method }) => method)).size;
    const verdict = spreadVerdict({
      ...{ spread: own, task: named, given, out, config: experimentFile(out) },
      settings: readRunSettings(runFolder(folder)),
      ...{ drawn, hasMore: drawn >= asked, failed: outcome.failed.filter(({ cell }) => isOwn(cell)).length },
      cheapest: cheapest(shownModules(await readStructure(runFolder(folder).structure))),
    });
    return { ...own, verdict };
  };
  const whole: SpreadOutcome = {
    model: runs[0]?.result.model ?? String(plan.common.model),
    spreads: await Promise.all(groups.map(judged)),
    failed: outcome.failed.map(({ cell, message }) => ({ run: cellName(cell), folder: cell.folder, message })),
  };
  await writeSpread(out, whole);
  return whole;
}
