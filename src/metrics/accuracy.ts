import { type Metric, meanPercent, needing } from './metric.ts';
import { answersOf } from './target.ts';

/** Share of predictions that are the target, exactly, in percent. */
export const accuracy: Metric = needing({ description: 'share of right answers' }, (predictions, targets) =>
  meanPercent(predictions, targets, (prediction, target) => (answersOf(target).includes(prediction) ? 1 : 0)),
);
