import type { EncodedExample } from '../core/program.ts';
import {
  checkLabelsCanBeSpelled,
  encodeExample,
  encodeSource,
  longestTokenCount,
  type TextExample,
  targetOf,
  tokensToGenerate,
  trainingRows,
} from '../data/encode.ts';
import { mapInSlices } from '../data/in-slices.ts';
import { withSentinel } from '../data/tokenizer/sentinel.ts';
import { metrics } from '../metrics/metrics.ts';
import type { Model } from '../models/model.ts';
import { majorityScore } from '../tasks/majority.ts';
import type { Task, TaskData } from '../tasks/task.ts';
import { sample } from './sample.ts';
import type { ScoredSplit, Scoring } from './scoring.ts';
import { completeSettings, type StageSettings } from './stage-settings.ts';

/** What a task says of itself, wherever its examples come from. */
export type TaskDescription = Pick<
  Task,
  'name' | 'metric' | 'details' | 'labels' | 'maxSourceLength' | 'maxTargetLength' | 'presets'
>;

/** A task's data as a model reads it. */
export interface EncodedTask {
  readonly task: TaskDescription;
  readonly train: readonly EncodedExample[];
  readonly validation: ScoredSplit;
  readonly test: ScoredSplit;
  readonly scoring: Scoring;
  /** Test score of always giving the commonest target of the training set. */
  readonly majority: number;
  /** How the sets were made, and what the data at hand lack of the whole data set, in a sentence each. */
  readonly note: string;
  readonly incomplete?: string;
  /** How many answers are longer than any that is given, in a sentence. */
  readonly tooLong?: string;
}

/** Most tokens of an answer where a task's targets are free text and it does not say. */
export const freeTextTokens = 16;

/**
 * Encodes a task's data with a model's tokenizer. Of an example with several right answers the training set gets a row for
 * each, the other sets one that any of them answers. Of the settings it takes `max-length`, `max-validation`, `max-test`,
 * `batch-size`, `sentinel` and `seed`.
 * @throws InputError where the vocabulary cannot spell a label, or a setting is wrong; InterruptedError where the signal
 * has aborted
 */
export async function encodeTask(
  model: Pick<Model, 'name' | 'tokenizer'>,
  task: TaskDescription,
  data: TaskData,
  given: StageSettings = {},
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<EncodedTask> {
  const settings = completeSettings(model, task, given);
  const { seed, 'max-length': maxLength } = settings;
  const tokenizer = settings.sentinel ? withSentinel(model.tokenizer) : model.tokenizer;
  if (task.labels !== undefined) checkLabelsCanBeSpelled(tokenizer, task.labels);
  const toSplit = async (examples: readonly TextExample[]): Promise<ScoredSplit> => ({
    sources: await mapInSlices(examples, ({ source }) => encodeSource(tokenizer, source, maxLength), signal),
    targets: examples.map(targetOf),
  });
  const { labels, maxTargetLength = freeTextTokens } = task;
  const train = data.train.flatMap(trainingRows);
  const validation = sample(data.validation, settings['max-validation'], seed, 'sample/validation');
  const test = sample(data.test, settings['max-test'], seed, 'sample/test');
  const isTooLong = ({ target, answers = [target] }: TextExample) =>
    answers.every(answer => tokenizer.encode(answer).length > maxTargetLength);
  const tooLong = labels === undefined ? await mapInSlices([train, validation, test].flat(), isTooLong, signal) : [];
  return {
    task,
    train: await mapInSlices(train, example => encodeExample(tokenizer, example, maxLength), signal),
    validation: await toSplit(validation),
    test: await toSplit(test),
    scoring: {
      tokenizer,
      score: (predictions, targets) => metrics[task.metric](predictions, targets, task.labels),
      details: (predictions, targets) =>
        Object.fromEntries((task.details ?? []).map(name => [name, metrics[name](predictions, targets, task.labels)])),
      maxTokens:
        labels === undefined ? tokensToGenerate(tokenizer, maxTargetLength) : longestTokenCount(tokenizer, labels) + 1,
      batchSize: settings['batch-size'],
    },
    majority: majorityScore(task, train, test),
    note: data.note,
    ...(data.incomplete !== undefined && { incomplete: data.incomplete }),
    ...(tooLong.includes(true) && {
      tooLong: `${tooLong.filter(Boolean).length} of ${tooLong.length} answers have more than ${maxTargetLength} tokens, the task's maxTargetLength, and can never be given`,
    }),
  };
}
