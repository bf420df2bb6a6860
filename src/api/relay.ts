import { appendMetrics, type StageName } from '../runs/metrics-log.ts';
import type { EvaluationEvent, StepProgress } from '../training/loop.ts';
import type { JobEvent } from './job-events.ts';
import { runToEnd } from './run-to-end.ts';

/** What search and re-training tell about a step. */
interface TrainingStep extends StepProgress {
  readonly loss: number;
  readonly learningRate: number;
  readonly tokens: number;
  readonly p?: Float64Array;
}

/** Runs a stage to its end: tells its events, writes a line of `metricsFile` an evaluation, and returns its result. */
export async function relay<Result>(
  events: AsyncGenerator<TrainingStep | EvaluationEvent, Result>,
  stage: StageName,
  metricsFile: string,
  onEvent: ((event: JobEvent) => void) | undefined,
  trial?: string,
): Promise<Result> {
  onEvent?.({ type: 'stage', stage });
  let losses: number[] = [];
  let learningRate = 0;
  let stageSeconds = 0;
  return runToEnd(events, event => {
    stageSeconds += event.seconds;
    if (event.type === 'step') {
      losses.push(event.loss);
      learningRate = event.learningRate;
      const { type, step, steps, loss, tokens, seconds, p } = event;
      onEvent?.({ type, stage, step, steps, loss, tokens, seconds, ...(p && { p }) });
    } else {
      const { type, step, steps, score, best } = event;
      const loss = losses.length === 0 ? null : losses.reduce((sum, value) => sum + value, 0) / losses.length;
      const line = { stage, step, steps, loss, learningRate, score, best, seconds: stageSeconds };
      appendMetrics(metricsFile, { ...line, ...(trial !== undefined && { trial }) });
      losses = [];
      onEvent?.({ type, stage, step, steps, score, best });
    }
  });
}
