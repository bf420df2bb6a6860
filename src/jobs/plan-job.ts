import { openPlugins } from '../catalogue/open-plugins.ts';
import { requireModel, requireNothingGiven } from '../config/check-settings.ts';
import { compileSettings, resolveConfig } from '../config/job-config.ts';
import type { Settings } from '../config/settings.ts';
import type { EncodedInput, EncodedOutput } from '../core/program.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import { resolveSearch } from '../library/search-structure.ts';
import { sketchModel } from '../models/load-model.ts';
import type { ModelSketch } from '../models/model.ts';
import { type Plan, type PlanOptions, planJob } from '../plan/plan.ts';
import type { PlannedData } from '../plan/stage-plan.ts';
import { downloadMessages, type JobContext } from './job-events.ts';
import { forSearch, prepare } from './prepare.ts';

/** What a plan takes for the data where no task is given. */
export interface StatedData {
  /** Examples of the training set, and of each other set. */
  readonly examples: number;
  /** Tokens of each input, and of each answer of a model that writes. */
  readonly sourceTokens: number;
  readonly targetTokens: number;
}

/**
 * Plans what `runSearchJob` would do with the same settings. Writes nothing.
 * @throws InputError for anything wrong in what the user gave
 */
export function runPlanJob(given: Settings, options: PlanOptions & JobContext = {}): Promise<Plan> {
  return asInterrupted(options.signal, async () => {
    requireNothingGiven(given);
    const job = forSearch(await prepare(given, options));
    const { device } = job.compile;
    if (device !== 'cpu') {
      const text = `memory is told as the CPU needs it: what ${device} holds of its own is not known beforehand`;
      options.onEvent?.({ type: 'warning', text });
    }
    const tell = (text: string) => options.onEvent?.({ type: 'warning', text });
    return planJob(job, { ...options, tell, catalogue: job.catalogue });
  });
}

/**
 * Plans the search of any task whose texts have these lengths, by the model's config.json alone: nothing else of it is
 * read or fetched, and so nothing is timed. A classifier is taken to have two classes.
 * @throws InputError for anything wrong in what the user gave
 */
export function runSketchPlanJob(
  given: Settings,
  stated: StatedData,
  options: PlanOptions & JobContext = {},
): Promise<Plan> {
  const { signal, onEvent } = options;
  return asInterrupted(signal, async () => {
    requireNothingGiven(given);
    const catalogue = openPlugins(given.plugins, options.catalogue);
    const download = { onDownload: downloadMessages(onEvent), signal };
    const model = await sketchModel(requireModel(given.model), { ...download, families: catalogue.families });
    // No score is computed: any metric does.
    const task = taskOf(model, stated, Object.keys(catalogue.metrics)[0]!);
    const config = resolveConfig(model, task, { ...given, task: task.name }, undefined, catalogue);
    const search = resolveSearch(model, config, catalogue);
    const { settings, encoding, tunings } = config;
    const data = { task, ...dataOf(model, stated, encoding.batchSize) };
    const compile = compileSettings({ ...settings, device: 'cpu' });
    const text = 'no step is timed: a plan without a task reads config.json alone, and takes all texts to be this long';
    onEvent?.({ type: 'warning', text });
    const job = { model, data, search, compile, encoding, tunings };
    return planJob(job, { ...options, timing: false, catalogue });
  });
}

/** What a task file's data get that says nothing of its sizes. */
const ofOwnData = { batchSize: 32, epochs: 10, evaluateEvery: 100 } as const;

/** Without a head of its own a model writes. */
const writes = ({ heads }: ModelSketch): boolean => heads.length === 0;

function taskOf(
  model: ModelSketch,
  { examples, sourceTokens, targetTokens }: StatedData,
  metric: string,
): PlannedData['task'] {
  const answers = writes(model) ? `, answers of ${targetTokens}` : '';
  return {
    ...{ name: `${examples} texts of ${sourceTokens} tokens${answers}`, metric },
    presets: { search: ofOwnData, retrain: ofOwnData },
    ...{ labels: undefined, maxSourceLength: sourceTokens, maxTargetLength: targetTokens },
  };
}

/** Examples of the lengths stated: their ids are of no matter, and one stands for all. */
function dataOf(model: ModelSketch, stated: StatedData, batchSize: number): Omit<PlannedData, 'task'> {
  const { examples, sourceTokens, targetTokens } = stated;
  const ids = (length: number) => new Array<number>(length).fill(0);
  const input: EncodedInput = { ids: ids(sourceTokens) };
  const output: EncodedOutput = writes(model) ? { ids: ids(targetTokens) } : { class: 0 };
  const rows = new Array(examples).fill({ input, output });
  const choice = { outputs: [{ class: 0 }, { class: 1 }] };
  return {
    ...{ train: rows, validation: { examples: rows }, test: { examples: rows } },
    scoring: writes(model)
      ? { answers: 'generate', batchSize, codec: { writing: { maxTokens: targetTokens, decode: String } } }
      : { answers: 'choose', batchSize, codec: { choice } },
  };
}
