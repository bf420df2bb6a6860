// Programs that use the types may know less of the language than these sources do.
/// <reference lib="esnext.disposable" preserve="true" />
import { z } from 'zod';
import { checkArgument } from '../core/checked-values.ts';
import { InputError, InterruptedError } from '../core/errors.ts';
import { inputLength } from '../core/program.ts';
import type { ModelInput } from '../data/read-inputs.ts';
import type { InferenceTask } from '../export/description.ts';
import type { JobContext } from '../jobs/job-events.ts';
import { type InferenceChanges, type LoadedInference, loadInference } from '../jobs/load-tuned.ts';
import { type AnsweredInput, type AskedInput, answered, inputReader } from '../jobs/predict-job.ts';
import { type Answerer, answerer, openInference, type Prediction, type PredictOptions } from '../library/predict.ts';
import type { StopContext } from '../library/run-to-end.ts';
import type { TunedStructure } from '../library/tune.ts';
import type { Codec, Reading } from '../models/codec.ts';
import type { Model } from '../models/model.ts';

/** A run over some of the requests. */
interface BatchReport {
  /** How many were answered together. */
  readonly size: number;
  /** Wall-clock time of the run. */
  readonly seconds: number;
}

/** What bounds a queue, and how it answers. */
export interface QueueOptions<Question, Answer> {
  /** Answers some questions together, in their order. */
  run(questions: readonly Question[]): Promise<readonly Answer[]>;
  /** What a question takes of a run that is padded to its longest one. */
  sizeOf(question: Question): number;
  /** Most questions of a run, and most of `rows × longest` among them; one question alone may be larger. */
  readonly batchSize: number;
  readonly batchTokens: number;
  /** Most questions that wait, those of the run at work not counted. */
  readonly most: number;
  /** Told of every run that has answered. */
  readonly onBatch?: ((report: BatchReport) => void) | undefined;
}

/** Questions of many, answered together. */
export interface RequestQueue<Question, Answer> {
  /** How many questions wait. */
  readonly waiting: number;
  /**
   * Answers to questions, in their order.
   * @throws InputError where the queue is full or closed; InterruptedError where the signal has aborted: what waits of
   * them is then not asked any more
   */
  ask(questions: readonly Question[], context?: StopContext): Promise<Answer[]>;
  /** Takes no more questions, and resolves when those that wait are answered. */
  close(): Promise<void>;
}

interface Waiting<Question, Answer> {
  readonly question: Question;
  answer(answer: Answer): void;
  fail(error: unknown): void;
}

/**
 * Requests that come while one is answered wait, and go together into the next run: no request is held back for others,
 * and the more there are, the more go at once.
 */
export function createRequestQueue<Question, Answer>({
  run,
  sizeOf,
  batchSize,
  batchTokens,
  most,
  onBatch,
}: QueueOptions<Question, Answer>): RequestQueue<Question, Answer> {
  let waiting: Waiting<Question, Answer>[] = [];
  let working: Promise<void> | undefined;
  let isClosed = false;

  /** The first that wait, as many as go into one run. */
  function nextBatch(): Waiting<Question, Answer>[] {
    let [count, longest] = [0, 0];
    for (const { question } of waiting.slice(0, batchSize)) {
      longest = Math.max(longest, sizeOf(question));
      if (count > 0 && (count + 1) * longest > batchTokens) break;
      count += 1;
    }
    return waiting.splice(0, count);
  }

  async function answerBatch(batch: readonly Waiting<Question, Answer>[]): Promise<void> {
    const started = performance.now();
    try {
      const answers = await run(batch.map(({ question }) => question));
      onBatch?.({ size: batch.length, seconds: (performance.now() - started) / 1000 });
      for (const [i, { answer }] of batch.entries()) answer(answers[i]!);
    } catch (error) {
      // One that cannot be answered is no reason to refuse the others that came with it.
      if (batch.length === 1) batch[0]!.fail(error);
      else for (const each of batch) await answerBatch([each]);
    }
  }

  async function work(): Promise<void> {
    do {
      // Requests of the same moment go together, those too that follow at once upon the answers of a run.
      await new Promise(resolve => setImmediate(resolve));
      if (waiting.length > 0) await answerBatch(nextBatch());
    } while (waiting.length > 0);
    working = undefined;
  }

  return {
    get waiting() {
      return waiting.length;
    },
    async ask(questions, { signal } = {}) {
      if (isClosed) throw closed();
      if (signal?.aborted) throw new InterruptedError();
      if (questions.length === 0) return [];
      if (waiting.length + questions.length > most) throw full(questions.length, waiting.length, most);
      const own = new Set<Waiting<Question, Answer>>();
      let stop = () => {};
      const stopped = new Promise<never>((_, reject) => {
        stop = () => {
          waiting = waiting.filter(each => !own.has(each));
          reject(new InterruptedError());
        };
      });
      const answers = questions.map(
        question =>
          new Promise<Answer>((answer, fail) => {
            own.add({ question, answer, fail });
          }),
      );
      waiting.push(...own);
      working ??= work();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        return await Promise.race([Promise.all(answers), stopped]);
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },
    async close() {
      isClosed = true;
      await working;
    },
  };
}

function full(asked: number, waits: number, most: number): InputError {
  return new InputError(`${waits} questions wait, and ${asked} more are too many: at most ${most} may wait`, {
    code: 'queue-full',
    remedy: asked > most ? `ask at most ${most} at once, or give a longer queue` : 'ask again in a moment',
  });
}

function closed(): InputError {
  return new InputError('the predictor is closed', { code: 'predictor-closed', remedy: 'open another' });
}

/** What is asked: a text, or an object with the task's fields. */
export type PredictorInput = string | Readonly<Record<string, unknown>>;

/** Something trained, in memory. */
export interface TrainedForTask extends Pick<PredictOptions, 'catalogue' | 'maxLength' | 'sentinel'> {
  readonly model: Model;
  readonly tuned: TunedStructure;
  /** What it was trained for. */
  readonly task: NonNullable<PredictOptions['task']>;
}

/** How a predictor gathers and bounds what it is asked. */
export interface PredictorOptions extends Pick<JobContext, 'onEvent'> {
  /** Settings that may differ from the run's; of a folder. */
  readonly changes?: InferenceChanges;
  /** Most questions that are answered together (default 32). */
  readonly batchSize?: number;
  /** Most questions that may wait (default 1024). */
  readonly queue?: number;
  /** Most tokens of a generated answer (default: the task's). */
  readonly maxTokens?: number;
  /** Told of every run of the model. */
  readonly onBatch?: (report: BatchReport) => void;
}

/** Something trained that is kept ready. */
export interface Predictor {
  /** Names of the labels that every answer is one of; undefined where there are none. */
  readonly labels: readonly string[] | undefined;
  /** How many questions wait for those that are being answered. */
  readonly waiting: number;
  /**
   * The answer to an input, or the answers to a list of them, as `s3delta predict --json` writes them. What is asked
   * by several at once is answered together.
   * @throws InputError where an input is not as the task's are, where too many wait (`queue-full`), and after `close`;
   * InterruptedError where the signal has aborted
   */
  predict(input: PredictorInput, context?: StopContext): Promise<AnsweredInput>;
  /** The same of several inputs, answered in their order. */
  predict(inputs: readonly PredictorInput[], context?: StopContext): Promise<AnsweredInput[]>;
  /** Answers what waits, takes nothing more, and frees the model's memory. */
  close(): Promise<void>;
  /** As `close`, at the end of an `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const count = z.int({ error: 'a whole number above 0' }).positive({ error: 'a whole number above 0' }).optional();
const predictorOptions = z.looseObject(
  { batchSize: count, queue: count, maxTokens: count },
  { error: '`{ batchSize, queue, maxTokens }`, or nothing' },
);
const predictorInput = z.union([z.string(), z.record(z.string(), z.unknown())], {
  error: "a text, or an object with the task's fields",
});
const predictorInputs = z.union([predictorInput, z.array(predictorInput)], {
  error: "a text, an object with the task's fields, or a list of them",
});

/** Padded tokens of a run: what `predict` takes at most, 16 texts of 512. Activations, and so memory, go by them. */
const batchTokens = 16 * 512;

/**
 * Opens a run folder, an exported folder, or what was tuned in memory, and keeps its sessions until `close`: a request
 * pays for its answer alone. Nothing is written.
 * @throws InputError where the folder is neither, or what it holds cannot answer
 */
export async function createPredictor(
  from: string | TrainedForTask,
  options: PredictorOptions = {},
): Promise<Predictor> {
  const where = 'createPredictor(from, options)';
  checkArgument(where, predictorOptions, options);
  const { changes = {}, batchSize = 32, queue: most = 1024, maxTokens, onBatch, onEvent } = options;
  const { task, program, delta, codec } = await open(from, changes, { onEvent });
  const { choice, writing } = codec;
  const limited = writing && maxTokens !== undefined ? { ...writing, maxTokens } : writing;
  const answer = answerer(program, delta, { ...(choice && { choice }), ...(limited && { writing: limited }) });

  async function run(readings: readonly Reading[]): Promise<Prediction[]> {
    const started = performance.now();
    const answers = await answer(readings);
    const seconds = (performance.now() - started) / 1000 / readings.length;
    return readings.map(({ text: source, cut }, i) => ({
      ...{ source, ...answers[i]!, seconds },
      ...(cut > 0 && { cut }),
    }));
  }

  const queue = createRequestQueue<Reading, Prediction>({
    ...{ run, batchSize, batchTokens, most, onBatch },
    sizeOf: ({ input }) => inputLength(input),
  });
  const { questionsOf } = inputReader(task);
  await warmUp(task, codec, answer);

  async function ask(asked: readonly AskedInput[], context: StopContext): Promise<AnsweredInput[]> {
    const readings = asked.map(({ question }) => codec.read(question));
    const predictions = await queue.ask(readings, context);
    return predictions.map((prediction, i) => answered(asked[i]!, prediction));
  }

  async function predict(given: PredictorInput | readonly PredictorInput[], context: StopContext = {}) {
    checkArgument('predict(input)', predictorInputs, given);
    if (isList(given))
      return ask(
        given.flatMap((input, i) => questionsOf(asModelInput(input, i + 1))),
        context,
      );
    const asked = questionsOf(asModelInput(given, 1));
    if (asked.length === 1) return (await ask(asked, context))[0]!;
    throw new InputError(`this row asks ${asked.length} questions`, {
      code: 'bad-argument',
      where: 'predict(input)',
      remedy: 'give it in a list: its answers are a list, too',
    });
  }

  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= queue.close().then(() => program.release());
    return closing;
  };
  return {
    labels: task.labels,
    get waiting() {
      return queue.waiting;
    },
    predict: predict as Predictor['predict'],
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Opened = Pick<LoadedInference, 'task' | 'program' | 'delta' | 'codec'>;

async function open(
  from: string | TrainedForTask,
  changes: InferenceChanges,
  context: Pick<JobContext, 'onEvent'>,
): Promise<Opened> {
  if (typeof from === 'string') return loadInference(from, changes, context);
  const { model, tuned, task, ...options } = from;
  const inference = await openInference(model, tuned, { task, ...options });
  return { ...inference, task: { name: 'given', labels: undefined, ...task } };
}

/**
 * Answers one question, so that the first request need not wait for sessions to start. A task whose rows cannot be made
 * up is left to its first request, which is told what is wrong, if anything is.
 */
async function warmUp({ segments }: InferenceTask, codec: Codec, answer: Answerer): Promise<void> {
  try {
    const question = segments?.(
      () => 'a',
      () => ['a'],
    );
    await answer([codec.read(question ?? [{ text: 'a' }])]);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
  }
}

const isList = (given: unknown): given is readonly PredictorInput[] => Array.isArray(given);

/** An input as a line of a file would be, its number in the list being the line. */
function asModelInput(input: PredictorInput, line: number): ModelInput {
  return typeof input === 'string' ? { line, text: input } : { file: 'the input', line, fields: input };
}
