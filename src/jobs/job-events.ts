import type { Catalogue, WithCatalogue } from '../catalogue/catalogue.ts';
import type { Settings } from '../config/settings.ts';
import { bytes as inWords } from '../core/format.ts';
import type { DownloadProgress } from '../hub/download.ts';
import { runToEnd } from '../library/run-to-end.ts';
import { chooseDevice } from '../machine/choose-device.ts';
import { type LoadOptions, loadModel } from '../models/load-model.ts';
import type { Model } from '../models/model.ts';
import { appendMetrics, type MetricsLine, readMetrics, type StageName } from '../runs/metrics-log.ts';
import { stageInWords } from '../runs/run-outcome.ts';
import type { DeviceName } from '../runtime/device.ts';
import { loadTask, type Task } from '../tasks/tasks.ts';
import type { EvaluationEvent, StepProgress } from '../training/loop.ts';
import type { StepReport } from '../training/stage.ts';

/** Loops of steps, and the answering of the test set. */
export type JobStage = StageName | 'test';

/** A stage of a job before it begins. */
export interface StageToCome {
  readonly stage: JobStage;
  /** Name of the attempt, where a method makes several. */
  readonly trial?: string;
  /** Loss-and-gradient evaluations; 0 where it has none. */
  readonly evaluations: number;
}

/** What a job tells while it runs. */
export type JobEvent =
  | { readonly type: 'message'; readonly text: string }
  | { readonly type: 'warning'; readonly text: string }
  | {
      /** Before the first of them: what is to come, in order. */
      readonly type: 'stages';
      readonly stages: readonly StageToCome[];
    }
  | { readonly type: 'stage'; readonly stage: JobStage }
  | {
      /** Before a search: what it chooses from. */
      readonly type: 'candidates';
      /** Trainable parameters of each candidate, in the order of `probabilities` and `worth`. */
      readonly parameters: readonly number[];
      /** Which of them cannot change the output, and whether such may be kept. */
      readonly inert: readonly boolean[];
      readonly keepInert: boolean;
      /** Parameters that may be spent. */
      readonly budget: number;
    }
  | {
      readonly type: 'step';
      readonly stage: StageName;
      /** Steps done, of `steps`. */
      readonly step: number;
      readonly steps: number;
      /** Nats a target token. */
      readonly loss: number;
      /** Source and target tokens of the step. */
      readonly tokens: number;
      /** Wall-clock seconds of the step. */
      readonly seconds: number;
      /** In a search that has such: probability of each candidate to be kept, after the step. */
      readonly probabilities?: Float64Array;
      /** In a search that knows it by then: what each candidate is worth, the larger the sooner kept. */
      readonly worth?: Float64Array;
      /** Whether a validation of it follows. */
      readonly evaluates?: boolean;
      /** Whether a line of it stands in the log: of a stage that has no validations. */
      readonly isLogged?: boolean;
    }
  | {
      readonly type: 'evaluation';
      readonly stage: StageName;
      readonly step: number;
      readonly steps: number;
      /** Validation score, 0 to 100. */
      readonly score: number;
      /** Mean loss of the validation rows, where it is taken: in a search the least is the best. */
      readonly validationLoss?: number;
      readonly best: number;
    };

/** How many moments a search has at least, where it has so many steps. */
const MOMENTS = 100;

/** Whether a search is looked at after a step, by its history and by who waits: evenly, and at lines of its log. */
export function isMoment({ step, steps, evaluates, isLogged }: Extract<JobEvent, { type: 'step' }>): boolean {
  // One that is evaluated is written before its state is saved, where a stop may come.
  return evaluates === true || isLogged === true || step % Math.ceil(steps / MOMENTS) === 0;
}

/** What every job is given beside its settings. */
export interface JobContext extends WithCatalogue {
  /** Told of every step, evaluation and stage. */
  readonly onEvent?: (event: JobEvent) => void;
  /** Aborting saves the state and ends the job with an InterruptedError. */
  readonly signal?: AbortSignal;
  /** Where models and tasks come from: several runs of a process share them. By default they are loaded. */
  readonly loaders?: Loaders;
}

const EVERY_MS = 5000;

/** Tells of downloads as messages of a job: each file when it begins, and every five seconds how far it is. */
export function downloadMessages(
  onEvent: JobContext['onEvent'],
  now: () => number = () => performance.now(),
): (progress: DownloadProgress) => void {
  let current: string | undefined;
  let lastTold = 0;
  return ({ path, bytes, size }) => {
    const begins = path !== current;
    if (!begins && now() - lastTold < EVERY_MS) return;
    current = path;
    lastTold = now();
    const text = begins ? `downloading ${path}, ${inWords(size)}` : `${path}: ${Math.floor((100 * bytes) / size)} %`;
    onEvent?.({ type: 'message', text });
  };
}

/** Takes a sentence for people. */
export type Tell = (text: string) => void;

/** Where a job gets its model, its task and the device it computes on. */
export interface Loaders {
  model(nameOrFolder: string, options: LoadOptions): Promise<Model>;
  task(nameOrFile: string, catalogue?: Pick<Catalogue, 'tasks' | 'metrics'>): Promise<Task>;
  device(asked: Settings['device'], tell?: Tell): Promise<DeviceName>;
}

/** From their files, and measured, anew each time. */
export const freshLoaders: Loaders = {
  model: loadModel,
  task: loadTask,
  device: (asked, tell) => chooseDevice(asked, { tell }),
};

/** What search and re-training tell about a step. */
interface TrainingStep extends StepProgress, StepReport {
  readonly tokens: number;
  readonly probabilities?: Float64Array;
  readonly worth?: Float64Array;
}

/**
 * Runs a stage to its end: tells its events, writes a line of `metricsFile` an evaluation, or as often where it has
 * none, and returns its result. A stage that goes on after a crash may come by a step again whose line was written
 * already: it stays one line. From which step one goes on is told as a message.
 */
export async function relay<Result>(
  events: AsyncGenerator<TrainingStep | EvaluationEvent, Result>,
  stage: StageName,
  metricsFile: string,
  onEvent: ((event: JobEvent) => void) | undefined,
  trial?: string,
): Promise<Result> {
  onEvent?.({ type: 'stage', stage });
  const own = readMetrics(metricsFile).filter(line => line.stage === stage && line.trial === trial);
  const written = new Set(own.map(({ step }) => step));
  const write = (line: MetricsLine) => {
    if (!written.has(line.step)) appendMetrics(metricsFile, { ...line, ...(trial !== undefined && { trial }) });
  };
  let isFirst = true;
  return runToEnd(events, event => {
    if (isFirst) {
      isFirst = false;
      const done = event.type === 'step' ? event.step - 1 : event.step;
      const which = trial === undefined ? stageInWords(stage) : `${stageInWords(stage)} (${trial})`;
      const text = `${which} goes on after step ${done} of ${event.steps}, where its state was saved`;
      if (done > 0) onEvent?.({ type: 'message', text });
    }
    if (event.type === 'step') {
      const { type, step, steps, loss, learningRate, tokens, seconds, meanLoss, stageSeconds = 0 } = event;
      const { probabilities, worth, evaluates } = event;
      const isLogged = meanLoss !== undefined;
      if (isLogged) write({ stage, step, steps, loss: meanLoss, learningRate, seconds: stageSeconds });
      const opinion = {
        ...(probabilities && { probabilities }),
        ...(worth && { worth }),
        ...(evaluates && { evaluates }),
        ...(isLogged && { isLogged }),
      };
      onEvent?.({ type, stage, step, steps, loss, tokens, seconds, ...opinion });
    } else {
      const { type, step, steps, loss, learningRate, score, best, stageSeconds: seconds } = event;
      const { validationLoss } = event;
      const told = validationLoss === undefined ? {} : { validationLoss };
      write({ stage, step, steps, loss, learningRate, score, ...told, best, seconds });
      onEvent?.({ type, stage, step, steps, score, ...told, best });
    }
  });
}
