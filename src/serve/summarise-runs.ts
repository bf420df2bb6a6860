import { parse } from 'yaml';
import { z } from 'zod';
import { requireAsNoted } from '../files/noted-hashes.ts';
import { readBytesSync } from '../files/regular-file.ts';
import { type RunState, type RunSummary, shareToCome } from '../report/run-summary.ts';
import { readLastMetrics, type StageName } from '../runs/metrics-log.ts';
import type { RunFolder } from '../runs/run-folder.ts';
import { commandToGoOn, type RunStanding, standingOf, standingText, wayOn } from '../runs/run-outcome.ts';
import { readStagesToCome } from '../runs/stages-to-come.ts';
import { optionKeysOf } from '../search/strategies/strategies.ts';
import { shortName } from '../tasks/task-places.ts';
import type { RunFiles } from './find-runs.ts';

/** Keys that make one search another, and one training another: no mean is over runs that differ in one. */
const searchKeys = ['space', 'strategy', 'epochs', 'search-steps', ...Object.keys(optionKeysOf())];
const trainingKeys = ['max-steps', 'retrain-epochs', 'batch-size', 'lr', 'max-length', 'precision'];
/** So many bytes at a log's end hold its last lines. */
const tailBytes = 16_384;

/** Whatever is wrong with a file, the list has one word for it: where it stands in the file is not worked out. */
const quick = { prettyErrors: false };

/** What the list shows of `config.yaml`; whatever else stands there may be another version's. */
const configKeys = z.looseObject({
  task: z.string().catch(''),
  model: z.string().catch(''),
  seed: z.number().nullable().catch(null),
  method: z.string().optional().catch(undefined),
  structure: z.string().optional().catch(undefined),
  retrain: z.boolean().catch(true),
  'random-baseline': z.boolean().catch(false),
});

/** And of `result.json`. */
const resultKeys = z.object({
  task: z.string(),
  model: z.string(),
  budget: z.object({ fraction: z.number() }),
  structure: z.object({
    modules: z.number(),
    parameters: z.number(),
    source: z.object({ tasks: z.array(z.string()) }).optional(),
  }),
  data: z.object({ train: z.number(), test: z.number() }).optional(),
  score: z.object({ metric: z.string(), validation: z.number(), test: z.number() }).optional(),
});

/** A run's line in the list. A file that cannot be read makes it a damaged one, not an error; links are not read. */
export function summarize(id: string, folder: RunFolder, isAtWork: boolean, files: RunFiles): RunSummary {
  const { changed } = files;
  try {
    if (files.hasLink) throw new Error('a link may lead out of the folder');
    const standing = standingOf(folder);
    const state = stateOf(standing, isAtWork);
    const config = configKeys.parse(parse(readBytesSync(folder.config).toString(), quick) ?? {});
    const method = config.method ?? (config.structure === undefined ? 'search' : 'structure');
    const { task, model, seed } = config;
    const begun = {
      ...{ id, state, changed, task: shortName(task), model: shortName(model), method, seed },
      settings: settingsOf(config, method === 'search' ? [...searchKeys, ...trainingKeys] : trainingKeys, folder),
      stages: stagesOf(config, method),
      ...(state !== 'finished' && state !== 'running' && { ended: endOf(folder, standing) }),
    };
    const progress = state === 'finished' ? undefined : progressOf(folder, standing);
    if (!files.hasResult) return { ...begun, ...(progress && { progress }) };
    const bytes = readBytesSync(folder.result);
    requireAsNoted(folder.result, bytes);
    const result = resultKeys.parse(JSON.parse(bytes.toString()));
    const { parameters, modules } = result.structure;
    const found = result.structure.source?.tasks.join('+') ?? '';
    const source = found === '' && method === 'search' ? result.task : found;
    return {
      ...begun,
      ...{ task: result.task, model: result.model, parameters, modules, budget: result.budget.fraction },
      ...result.score,
      ...(result.data && { examples: result.data }),
      ...(source !== '' && { source }),
      ...(progress && { progress }),
    };
  } catch {
    return { id, state: 'damaged', changed, task: '', model: '', method: '', seed: null };
  }
}

/** A run of another machine, of which its files alone tell, has stopped where they have not changed for long. */
function stateOf({ state }: RunStanding, isAtWork: boolean): RunState {
  if (isAtWork && state !== 'finished') return 'running';
  return state === 'unknown' || state === 'running' ? 'stopped' : state;
}

function endOf(folder: RunFolder, standing: RunStanding): RunSummary['ended'] {
  const goOn = commandToGoOn(folder, standing);
  return { text: standingText(standing), ...(goOn !== undefined && { goOn, wayOn: wayOn(standing) }) };
}

function settingsOf(
  config: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  { metrics }: RunFolder,
): Record<string, string> {
  const idle = epochsCutShort(config, metrics);
  const said = keys.filter(key => !idle.includes(key) && ['string', 'number'].includes(typeof config[key]));
  return Object.fromEntries(said.map(key => [key, String(config[key])]));
}

/** A stage's epochs, and what may end it before them. */
const lengths = [
  { stage: 'search', epochs: 'epochs', limits: ['max-steps', 'search-steps'] },
  { stage: 'retrain', epochs: 'retrain-epochs', limits: ['max-steps'] },
];

/** Epochs of stages that a limit of steps has ended: they tell no run from another then. */
function epochsCutShort(config: Readonly<Record<string, unknown>>, metrics: string): string[] {
  if (!lengths.some(({ limits }) => limits.some(key => key in config))) return [];
  const lines = readLastMetrics(metrics, tailBytes);
  return lengths.flatMap(({ stage, epochs, limits }) => {
    const steps = lines.findLast(line => line.stage === stage)?.steps;
    return steps !== undefined && limits.some(key => config[key] === steps) ? [epochs] : [];
  });
}

function stagesOf(config: z.infer<typeof configKeys>, method: string): string[] {
  const { retrain: trains, 'random-baseline': compares } = config;
  const does = { search: method === 'search', retrain: trains, random: trains && compares, test: trains };
  return Object.entries(does).flatMap(([stage, isDone]) => (isDone ? [stage] : []));
}

/** As its log has it, and of one that was stopped between two lines as its last process has said. */
function progressOf(folder: RunFolder, { place }: RunStanding): RunSummary['progress'] {
  if (place === undefined) return undefined;
  const { stage, step, steps } = place;
  const lines = readLastMetrics(folder.metrics, tailBytes).filter(line => line.stage === stage);
  const last = lines.at(-1);
  const planned = readStagesToCome(folder, { stage: stage as StageName, ...(last?.trial && { trial: last.trial }) });
  const later = planned && shareToCome(planned.stages, planned.place);
  const begun = { stage, step, steps, ...(later !== undefined && { later }) };
  if (last === undefined) return begun;
  if (last.step < step) return { ...begun, validated: last.step };
  const before = lines.findLast(line => line.trial === last.trial && line.step < step);
  return { ...begun, seconds: last.seconds, every: step - (before?.step ?? 0) };
}
