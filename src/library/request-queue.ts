import { InputError, InterruptedError } from '../core/errors.ts';
import type { StopContext } from './run-to-end.ts';

/** A run over some of the requests. */
export interface BatchReport {
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
