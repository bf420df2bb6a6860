import { runToEnd } from '../library/run-to-end.ts';
import { appendMetrics, readMetrics, type StageName } from '../runs/metrics-log.ts';
import { stageInWords } from '../runs/run-outcome.ts';
import type { EvaluationEvent, StepProgress } from '../training/loop.ts';
import type { StepReport } from '../training/stage.ts';
import type { JobEvent } from './job-events.ts';

/** What search and re-training tell about a step. */
interface TrainingStep extends StepProgress, StepReport {
  readonly tokens: number;
  readonly probabilities?: Float64Array;
  readonly worth?: Float64Array;
}

/**
 * Runs a stage to its end: tells its events, writes a line of `metricsFile` an evaluation, and returns its result. A
 * stage that goes on after a crash may evaluate a step again whose line was written already: it stays one line. From
 * which step one goes on is told as a message.
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
      const { type, step, steps, loss, tokens, seconds, probabilities, worth, evaluates } = event;
      const opinion = {
        ...(probabilities && { probabilities }),
        ...(worth && { worth }),
        ...(evaluates && { evaluates }),
      };
      onEvent?.({ type, stage, step, steps, loss, tokens, seconds, ...opinion });
    } else {
      const { type, step, steps, loss, learningRate, score, best, stageSeconds: seconds } = event;
      const { validationLoss } = event;
      const told = validationLoss === undefined ? {} : { validationLoss };
      const line = { stage, step, steps, loss, learningRate, score, ...told, best, seconds };
      if (!written.has(step)) appendMetrics(metricsFile, { ...line, ...(trial !== undefined && { trial }) });
      onEvent?.({ type, stage, step, steps, score, ...told, best });
    }
  });
}
