import { join } from 'node:path';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { mostSpreadSeeds, type SpreadSettings, usualSpread } from '../config/experiment-settings.ts';
import { InputError } from '../core/errors.ts';
import { count } from '../core/format.ts';
import type { Tell } from '../jobs/job-events.ts';
import { prepare } from '../jobs/prepare.ts';
import { readRunSettings } from '../jobs/report-job.ts';
import { listTrials } from '../jobs/trials.ts';
import { resolveSpace } from '../library/structures.ts';
import { type SpreadRun, spreadOf, spreadVerdict } from '../report/spread.ts';
import { readMetrics } from '../runs/metrics-log.ts';
import { runFolder } from '../runs/run-folder.ts';
import { randomDraw } from '../structure/built-in-methods.ts';
import { randomStructure } from '../structure/random-structure.ts';
import { defaultSpace } from '../structure/spaces.ts';
import { tuneCost } from '../training/stage.ts';
import { type Cell, cellFolder, cellKind, cellName, experimentFile, fileName } from './cell.ts';
import { type CompareOptions, loadersFor, runPlan, type Work, withThreads } from './compare-methods.ts';
import type { ExperimentDone } from './comparison-job.ts';
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
  return { plugins: given.plugins, loaders, plan, conclude: concludeSpread };
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
  let losses = 0;
  const cells: Cell[] = [];
  for (const group of Map.groupBy(random, cellKind).values()) {
    const [first] = group as [Cell];
    const steps = await checkedSteps(first, structures, loaders, tell, catalogue);
    losses += steps * structures * group.length;
    const every = Math.min(given['retrain-eval-every'] ?? steps, Math.max(1, Math.ceil(steps / looks)));
    for (let structure = 0; structure < structures; structure++) {
      cells.push(...group.map(cell => structureCell(cell, structure, every, out)));
    }
  }
  tell(`${cells.length} trainings, ${count(losses)} losses with gradients in all; the first tells how long they take`);
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

/**
 * Steps of a training, once it is clear that the budget leaves anything to differ in.
 * @throws InputError where all draws are the same structure
 */
async function checkedSteps(
  cell: Cell,
  structures: number,
  loaders: SharedLoaders,
  tell: Tell,
  catalogue: Catalogue,
): Promise<number> {
  const { model, data, config } = await prepare(cell.settings, { loaders, catalogue });
  const { candidates, budget, keepInert } = resolveSpace(model, config.space, catalogue);
  const draws = Array.from({ length: structures }, (_, draw) =>
    randomStructure(candidates, { budget, keepInert, seed: drawSeed, draw }).map(Number).join(''),
  );
  const distinct = new Set(draws).size;
  if (distinct === 1) {
    throw new InputError(`a budget of ${budget} parameters leaves one structure only: every draw is the same`, {
      code: 'nothing-to-choose',
      where: '--budget',
      remedy: 'give a smaller one, which leaves something out',
    });
  }
  if (distinct < structures) {
    tell(`only ${distinct} of the ${structures} structures differ: the budget leaves few to draw`);
  }
  const [trial] = await listTrials(model, data, config, catalogue);
  return tuneCost([], data.train, trial!.tuning).steps;
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

async function concludeSpread({ plan, outcome, out }: ExperimentDone): Promise<SpreadOutcome> {
  const runs = outcome.finished.map(({ cell, result }): SpreadRun & { given: string; folder: string } => ({
    ...{ task: cell.task, budget: cell.budget!, seed: cell.seed, file: cell.settings.structure!, result },
    structure: Number(cell.method.replace('structure-', '')),
    metrics: readMetrics(runFolder(cell.folder).metrics),
    ...{ given: cell.settings.task!, folder: cell.folder },
  }));
  const groups = [...Map.groupBy(runs, ({ task, budget }) => JSON.stringify([task, budget])).values()];
  const whole: SpreadOutcome = {
    model: runs[0]?.result.model ?? String(plan.common.model),
    spreads: groups.map(group => {
      const own = spreadOf(group.toSorted((a, b) => a.structure - b.structure));
      const [{ given, folder }] = group as [(typeof group)[number]];
      const settings = readRunSettings(runFolder(folder));
      const verdict = spreadVerdict({ spread: own, task: given, out, config: experimentFile(out), settings });
      return { ...own, verdict };
    }),
    failed: outcome.failed.map(({ cell, message }) => ({ run: cellName(cell), folder: cell.folder, message })),
  };
  await writeSpread(out, whole);
  return whole;
}
