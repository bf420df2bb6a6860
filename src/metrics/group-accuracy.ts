import { checkPaired, type Metric, needing } from './metric.ts';
import { answersOf } from './target.ts';

/**
 * Share of groups of which every prediction is the target, exactly, in percent: for MultiRC the questions all of whose
 * answers are judged right. An example without a group is one by itself.
 */
export const groupAccuracy: Metric = needing(
  { description: 'share of groups of examples that are right throughout' },
  (predictions, targets) => {
    checkPaired(predictions, targets);
    const isRight = new Map<string | symbol, boolean>();
    targets.forEach((target, i) => {
      const group = (typeof target === 'string' ? undefined : target.group) ?? Symbol();
      isRight.set(group, (isRight.get(group) ?? true) && answersOf(target).includes(predictions[i]!));
    });
    return (100 * [...isRight.values()].filter(Boolean).length) / isRight.size;
  },
);
