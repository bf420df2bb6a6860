import { type Metric, meanOf } from './metric.ts';
import { squadWords } from './squad-normalise.ts';
import { answersOf } from './target.ts';

/** Share of predictions that are one of the right answers after SQuAD's normalisation, in percent. */
export const exactMatch: Metric = meanOf(
  { description: 'share of answers that are right but for case, articles and punctuation' },
  (prediction, target) => {
    const said = squadWords(prediction).join(' ');
    return answersOf(target).some(answer => squadWords(answer).join(' ') === said) ? 1 : 0;
  },
);
