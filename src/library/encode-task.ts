import { builtIn, type WithCatalogue } from '../catalogue/catalogue.ts';
import { type EncodingOptions, jobSizes } from '../config/job-config.ts';
import { InputError } from '../core/errors.ts';
import { type AnswerMode, type EncodedExample, outputLength } from '../core/program.ts';
import { mapInSlices } from '../data/chunks.ts';
import { answersTo, type Example, trainingRows } from '../data/example.ts';
import { metricNamed } from '../metrics/metrics.ts';
import type { Target } from '../metrics/target.ts';
import type { Codec, InferenceInput } from '../models/codec.ts';
import type { Model } from '../models/model.ts';
import { majorityScore } from '../tasks/majority.ts';
import type { Task, TaskData } from '../tasks/task.ts';
import type { StopContext } from './run-to-end.ts';
import { sample } from './sample.ts';
import type { ScoredSplit, Scoring } from './scoring.ts';
import { completeSettings, type StageSettings } from './stage-settings.ts';

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
export interface EncodedTask {
  readonly task: TaskDescription;
  readonly train: readonly EncodedExample[];
  readonly validation: ScoredSplit;
  readonly test: ScoredSplit;
  readonly scoring: Scoring;
  /** Test score of always giving the commonest answer of the training set. */
  readonly majority: number;
  /** How the sets were made, and what the data at hand lack of the whole data set, in a sentence each. */
  readonly note: string;
  readonly incomplete?: string;
  /** How many answers are longer than any that is given, in a sentence. */
  readonly tooLong?: string;
  /** Inputs of all sets, and how many of them were longer than is read and have been cut. */
  readonly inputs: { readonly all: number; readonly cut: number };
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
  const { encoding } = jobSizes(completeSettings(model, task, given, undefined, context.catalogue));
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
  const { maxLength, maxValidation, maxTest, batchSize, sentinel, seed } = options;
  const metric = metricNamed(task.metric, catalogue.metrics);
  const details = (task.details ?? []).map(name => [name, metricNamed(name, catalogue.metrics)] as const);
  const codec = model.codec(task, { maxLength, sentinel });
  const answers = answerMode(codec, task, options.answers);
  const train = data.train.flatMap(trainingRows);
  const validation = sample(data.validation, maxValidation, seed, 'sample/validation');
  const test = sample(data.test, maxTest, seed, 'sample/test');
  let cut = 0;
  const encode = ({ input, output }: Example): EncodedExample & InferenceInput => {
    const reading = codec.read(input);
    if (reading.cut > 0) cut += 1;
    const { choices } = reading;
    return { input: reading.input, output: codec.encode(output, reading), ...(choices && { choices }) };
  };
  const toSplit = async (examples: readonly Example[]): Promise<ScoredSplit> => ({
    examples: await mapInSlices(examples, encode, signal),
    targets: examples.map(example => targetOf(codec, example)),
  });
  const encoded = await mapInSlices(train, encode, signal);
  const splits = { validation: await toSplit(validation), test: await toSplit(test) };
  const words = codec.choice?.labels?.map(({ word }) => word);
  const tooLong = await countTooLong(codec, task, [train, validation, test].flat(), signal);
  return {
    task,
    train: encoded,
    ...splits,
    scoring: {
      codec,
      answers,
      score: (predictions, targets) => metric(predictions, targets, words),
      details: (predictions, targets) =>
        Object.fromEntries(details.map(([name, detail]) => [name, detail(predictions, targets, words)])),
      batchSize,
    },
    majority: majorityScore(metric, {
      train: train.map(({ output }) => codec.write(output)),
      test: splits.test.targets,
      labels: words,
    }),
    note: data.note,
    ...(data.incomplete !== undefined && { incomplete: data.incomplete }),
    ...(tooLong !== undefined && { tooLong }),
    inputs: { all: train.length + validation.length + test.length, cut },
  };
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

/** How many free-text answers are longer than any that is written, in a sentence; undefined where none is. */
async function countTooLong(
  { choice, writing, encode }: Codec,
  { maxTargetLength }: TaskDescription,
  examples: readonly Example[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (choice !== undefined || writing === undefined) return undefined;
  // How long a text is does not depend on what was read. Its last token ends it, and need not be generated.
  const unread = { input: { ids: [] } };
  const isTooLong = (example: Example) =>
    answersTo(example).every(answer => outputLength(encode(answer, unread)) - 1 > writing.maxTokens);
  const found = await mapInSlices(examples, isTooLong, signal);
  const count = found.filter(Boolean).length;
  if (count === 0) return undefined;
  return `${count} of ${found.length} answers have more than ${maxTargetLength ?? writing.maxTokens} tokens, the task's maxTargetLength, and can never be given`;
}
