import { checkPaired, type Metric } from './metric.ts';

/** Share of predictions that are the target, exactly, in percent. */
export const accuracy: Metric = (predictions, targets) => {
  checkPaired(predictions, targets);
  const right = predictions.filter((prediction, i) => prediction === targets[i]).length;
  return (100 * right) / targets.length;
};
