import { type Metric, meanOf } from './metric.ts';
import { answersOf } from './target.ts';

/** Share of predictions that are the target, exactly, in percent. */
export const accuracy: Metric = meanOf({ description: 'share of right answers' }, (prediction, target) =>
  answersOf(target).includes(prediction) ? 1 : 0,
);
