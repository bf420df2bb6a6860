import { join } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { TransferSettings } from '../config/experiment-settings.ts';
import { withAbsolutePaths } from '../config/parse-settings.ts';
import { InputError } from '../core/errors.ts';
import type { Tell } from '../jobs/job-events.ts';
import { randomDraw } from '../structure/built-in-methods.ts';
import type { Mapping } from '../structure/map-structure.ts';
import { defaultSpace } from '../structure/spaces.ts';
import { type Cell, cellFolder, fileName } from './cell.ts';
import { type CompareOptions, loadersFor, runPlan, type Work, withThreads } from './compare-methods.ts';
import { type Comparison, comparisonOf, type ExperimentDone, writeComparison } from './comparison-job.ts';
import { findStructures } from './found-structures.ts';
import { type ExperimentCells, listCells, tellManySeeds } from './list-cells.ts';
import type { ExperimentEvent } from './run-cells.ts';
import type { SharedLoaders } from './shared-loaders.ts';

/**
 * Trains structures that were found on some tasks on others (section E of the paper). Sources are the mean over each
 * task's searches, of p where they have it, and of several tasks that over all but the one to train; beside them a
 * random structure.
 * On the task it was found on a source is that task's own structure: the rows it is compared with.
 *
 * @throws InputError for anything wrong in what the user gave, before any file is touched
 * @throws InterruptedError where the signal has aborted; the same call goes on
 */
export function transfer(
  given: TransferSettings,
  options: CompareOptions,
): AsyncGenerator<ExperimentEvent, Comparison> {
  return runPlan(transferWork(given, options), options);
}

/** What a transfer does. */
export function transferWork(given: TransferSettings, { out, executor }: CompareOptions): Work<Comparison> {
  const loaders = loadersFor(executor);
  const plan = (tell: Tell, catalogue: Catalogue) =>
    planTransfer(withThreads(given, executor), out, loaders, tell, catalogue);
  return { plugins: given.plugins, loaders, plan, conclude: concludeTransfer };
}

/** A transfer is a comparison of sources: nothing is searched on whose worth there could be a verdict. */
async function concludeTransfer(done: ExperimentDone): Promise<Comparison> {
  const comparison = comparisonOf(done);
  await writeComparison(done.out, comparison);
  return comparison;
}

/** The runs of a transfer: those of random structures, and beside each one for every source. */
async function planTransfer(
  given: TransferSettings,
  out: string,
  loaders: SharedLoaders,
  tell?: Tell,
  catalogue?: Catalogue,
): Promise<ExperimentCells> {
  const { from, map, ...settings } = given;
  if (from === undefined) {
    throw new InputError('no structure is given', {
      code: 'missing-setting',
      where: '--from',
      remedy: 'name run folders: --from runs/rte,runs/mrpc',
    });
  }
  const found = await findStructures(from, given.space ?? defaultSpace);
  const files = new Map([...found].map(([task, members]) => [task, members.map(member => member.file)]));
  tellManySeeds(settings, tell);
  const plan = await listCells({ ...settings, methods: [randomDraw] }, out, loaders, tell, catalogue);
  const cells = plan.phases
    .flat()
    .flatMap(random => [
      ...sourcesFor(random.task, files).map(source => transferCell(random, source, out, map)),
      random,
    ]);
  const common = { ...plan.common, from: withAbsolutePaths({ from }).from.join(','), ...(map && { map }) };
  return { ...plan, common, phases: [cells] };
}

interface Source {
  readonly name: string;
  readonly files: readonly (readonly string[])[];
  readonly isFound: boolean;
}

function sourcesFor(target: string, files: ReadonlyMap<string, readonly string[]>): Source[] {
  const single = [...files].map(([task, own]) => ({ name: task, files: [own], isFound: task === target }));
  const others = [...files].filter(([task]) => task !== target).map(([, own]) => own);
  return others.length > 1 ? [...single, { name: 'all other tasks', files: others, isFound: false }] : single;
}

function transferCell(random: Cell, source: Source, out: string, map: Mapping | undefined): Cell {
  const { method: _, budget: __, ...settings } = random.settings;
  const budget = random.budget!;
  const named = { ...random, method: `from ${source.name}`, label: `found on ${source.name}`, isFound: source.isFound };
  // What "all other tasks" are depends on the task, so each task has structures of its own.
  const to = join(out, 'structures', fileName(random.task), fileName(`${source.name} at ${budget}.json`));
  const keepInert = settings['keep-inert'] ?? false;
  return {
    ...named,
    folder: cellFolder(out, named),
    settings: { ...settings, structure: to },
    derive: { by: 'mean', from: source.files, budget, keepInert, to, ...(map && { map }) },
  };
}
