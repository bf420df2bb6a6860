import { builtIn, type Catalogue, type WithCatalogue } from '../catalogue/catalogue.ts';
import { type EncodingOptions, resolveConfig, type StageSettings } from '../config/job-config.ts';
import { type Finding, InputError } from '../core/errors.ts';
import type { AnswerMode, EncodedExample } from '../core/program.ts';
import { permutation } from '../core/random.ts';
import { mapInSlices } from '../data/batches.ts';
import { answersTo, type Example, type Grouped, groupsOf, trainingRows } from '../data/example.ts';
import { type Judge, scoreInterval } from '../metrics/assessment.ts';
import { majorityScore, mostFrequentAnswer, type Target } from '../metrics/metric.ts';
import { metricNamed } from '../metrics/metrics.ts';
import type { Codec, InferenceInput } from '../models/codec.ts';
import type { Model } from '../models/model.ts';
import { withTestRows } from '../tasks/custom/check-data.ts';
import type { Task, TaskData } from '../tasks/task.ts';
import type { StopContext } from './run-to-end.ts';
import type { ScoredSplit, Scoring, SplitName } from './scoring.ts';
import { CutCounter, type CutTally, cutInWords, respelledInWords, tooLongInWords } from './text-remarks.ts';

/** What a task says of itself, wherever its examples come from. */
export type TaskDescription = Pick<
  Task,
  | 'name'
  | 'metric'
  | 'details'
  | 'labels'
  | 'words'
  | 'numbers'
  | 'choices'
  | 'maxSourceLength'
  | 'maxTargetLength'
  | 'presets'
>;

/** A task's data as a model reads it. */
export interface EncodedTask extends DataRemarks {
  readonly task: TaskDescription;
  readonly train: readonly EncodedExample[];
  readonly validation: ScoredSplit;
  readonly test: ScoredSplit;
  readonly scoring: Scoring;
  /** What answers are judged by, and the commonest one of the training set to compare with. */
  readonly judge: Judge;
  /** Test score of always giving the commonest answer of the training set. */
  readonly majority: number;
  /** How the sets were made, in a sentence. */
  readonly note: string;
  /** What the rows of a user's own show, the worst first. */
  readonly findings: readonly Finding[];
  /** Inputs, and how many of them were longer than is read and have been cut. */
  readonly inputs: CutTally;
}

/** What a reader of the scores must know, in a sentence each. */
export interface DataRemarks {
  /** What the data at hand lack of the whole data set. */
  readonly incomplete?: string;
  /** How many answers are longer than any that is given. */
  readonly tooLong?: string;
  /** How many texts are longer than is read. */
  readonly cutTexts?: string;
  /** How many answers the model cannot say as they are written. */
  readonly respelled?: string;
}

/** Its keys, in the order in which they are told. */
export const dataRemarks = ['incomplete', 'tooLong', 'cutTexts', 'respelled'] as const satisfies (keyof DataRemarks)[];

/** Examples ready to be scored and judged. */
export interface JudgedSplit extends Pick<EncodedTask, 'scoring' | 'judge' | 'inputs'>, Pick<DataRemarks, 'cutTexts'> {
  readonly split: ScoredSplit;
}

/**
 * Encodes a task's data as a model reads it. Of an example with several right answers the training set gets a row for
 * each, the other sets one that any of them answers. Of the settings it takes `max-length`, `max-validation`,
 * `max-test`, `batch-size`, `sentinel`, `answers` and `seed`.
 * @throws InputError where the model cannot answer the task, or a setting is wrong; InterruptedError where the signal
 * has aborted
 */
export async function encodeTask(
  model: Pick<Model, 'name' | 'codec'>,
  task: TaskDescription,
  data: TaskData,
  given: StageSettings = {},
  context: StopContext & WithCatalogue = {},
): Promise<EncodedTask> {
  const { encoding } = resolveConfig(model, task, given, undefined, context.catalogue);
  return encodeData(model, task, data, encoding, context);
}

/** The same by options in values. */
export async function encodeData(
  model: Pick<Model, 'codec'>,
  task: TaskDescription,
  data: TaskData,
  options: EncodingOptions,
  { signal, catalogue = builtIn }: StopContext & WithCatalogue = {},
): Promise<EncodedTask> {
  const { maxValidation, maxTest, seed } = options;
  const { codec, scoring, metric, encode, cuts } = taskEncoder(model, task, options, catalogue);
  const train = data.train.flatMap(trainingRows);
  const validation = sample(data.validation, maxValidation, seed, 'sample/validation');
  const test = sample(data.test, maxTest, seed, 'sample/test');
  const encoded = await mapInSlices(train, example => encode('train', example), signal);
  const toSplit = async (set: SplitName, examples: readonly Example[]): Promise<ScoredSplit> => ({
    examples: await mapInSlices(examples, example => encode(set, example), signal),
    targets: examples.map(example => targetOf(codec, example)),
  });
  const splits = { validation: await toSplit('validation', validation), test: await toSplit('test', test) };
  const labels = codec.choice?.labels;
  const said = train.map(({ output }) => codec.write(output));
  const all = [train, validation, test].flat();
  const remarks = {
    incomplete: data.incomplete,
    tooLong: await tooLongInWords(codec, task.maxTargetLength, all, signal),
    cutTexts: cutInWords(cuts.tally, options.maxLength),
    respelled: await respelledInWords(codec, all, signal),
  };
  const judge = { metric, labels, commonest: mostFrequentAnswer(said) };
  return {
    task,
    train: encoded,
    ...splits,
    scoring,
    judge,
    majority: majorityScore(metric, {
      train: said,
      test: splits.test.targets,
      labels: labels?.map(({ word }) => word),
    }),
    note: data.note,
    ...(Object.fromEntries(Object.entries(remarks).filter(([, text]) => text !== undefined)) as DataRemarks),
    // Of a benchmark it is known how many rows it has.
    findings:
      data.findings === undefined ? [] : withTestRows(data.findings, test.length, { numbers: metric.numbers ?? false }),
    inputs: cuts.tally,
  };
}

/**
 * Labelled examples that are in no set of the task, ready to be scored; the answer to compare with is the commonest of
 * their own.
 * @throws InputError as `encodeTask`
 */
export async function encodeExamplesOf(
  model: Pick<Model, 'codec'>,
  task: TaskDescription,
  examples: readonly Example[],
  options: EncodingOptions,
  { signal, catalogue = builtIn }: StopContext & WithCatalogue = {},
): Promise<JudgedSplit> {
  const { codec, scoring, metric, encode, cuts } = taskEncoder(model, task, options, catalogue);
  const encoded = await mapInSlices(examples, example => encode('file', example), signal);
  const targets = examples.map(example => targetOf(codec, example));
  const commonest = mostFrequentAnswer(examples.map(({ output }) => codec.write(output)));
  const cutTexts = cutInWords(cuts.tally, options.maxLength);
  return {
    split: { examples: encoded, targets },
    scoring,
    judge: { metric, labels: codec.choice?.labels, commonest },
    inputs: cuts.tally,
    ...(cutTexts !== undefined && { cutTexts }),
  };
}

/** How a model reads a task's examples, whichever set they are in. */
function taskEncoder(
  model: Pick<Model, 'codec'>,
  task: TaskDescription,
  { maxLength, batchSize, sentinel, answers }: EncodingOptions,
  { metrics }: Catalogue,
) {
  const metric = metricNamed(task.metric, metrics);
  const details = (task.details ?? []).map(name => [name, metricNamed(name, metrics)] as const);
  const codec = model.codec(task, { maxLength, sentinel });
  const words = codec.choice?.labels?.map(({ word }) => word);
  const scoring: Scoring = {
    codec,
    answers: answerMode(codec, task, answers),
    score: (predictions, targets) => metric(predictions, targets, words),
    details: (predictions, targets) =>
      Object.fromEntries(details.map(([name, detail]) => [name, detail(predictions, targets, words)])),
    interval: (predictions, targets) => scoreInterval(metric, predictions, targets, words),
    batchSize,
  };
  const cuts = new CutCounter();
  const encode = (set: string, { input, output }: Example): EncodedExample & InferenceInput => {
    const reading = codec.read(input);
    cuts.count(set, reading);
    const { choices } = reading;
    return { input: reading.input, output: codec.encode(output, reading), ...(choices && { choices }) };
  };
  return { codec, scoring, metric, encode, cuts };
}

/** What an answer to an example is judged by. */
function targetOf(codec: Codec, example: Example): Target {
  const answers = answersTo(example).map(output => codec.write(output));
  return example.answers === undefined && example.group === undefined ? answers[0]! : { answers, group: example.group };
}

/** @throws InputError where the model cannot answer the task so */
function answerMode(codec: Codec, { name }: TaskDescription, asked?: AnswerMode): AnswerMode {
  const mode = asked ?? (codec.writing === undefined ? 'choose' : 'generate');
  if (mode === 'choose' && codec.choice === undefined) {
    throw new InputError(`the task ${name} has no labels to choose among`, {
      code: 'answers-impossible',
      where: '--answers',
      remedy:
        codec.writing === undefined ? 'take a model that writes text' : 'give `--answers generate`, or leave it out',
    });
  }
  if (mode === 'generate' && codec.writing === undefined) {
    throw new InputError('this model writes no text', {
      code: 'answers-impossible',
      where: '--answers',
      remedy: 'give `--answers choose`, or leave it out',
    });
  }
  return mode;
}

/**
 * At most `limit` of some examples, drawn at random, of a group all or none while that is possible; all of them, in
 * their order, where there are no more.
 */
export function sample<T extends Grouped>(
  examples: readonly T[],
  limit: number | undefined,
  seed: number,
  stream: string,
): readonly T[] {
  if (limit === undefined || examples.length <= limit) return examples;
  const groups = groupsOf(examples);
  const drawn = Array.from(permutation(groups.length, seed, stream), index => groups[index]!);
  const taken: T[] = [];
  for (const group of drawn) if (taken.length + group.length <= limit) taken.push(...group);
  return taken.length > 0 ? taken : drawn.flat().slice(0, limit);
}
