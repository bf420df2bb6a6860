import { type Metric, meanPercent } from './metric.ts';
import { squadWords } from './squad-normalise.ts';
import { answersOf } from './target.ts';

/** Share of predictions that are one of the right answers after SQuAD's normalisation, in percent. */
export const exactMatch: Metric = (predictions, targets) =>
  meanPercent(predictions, targets, (prediction, target) => {
    const said = squadWords(prediction).join(' ');
    return answersOf(target).some(answer => squadWords(answer).join(' ') === said) ? 1 : 0;
  });
