import { holdOutOfTraining } from '../splits.ts';
import { numberedClasses } from '../text-form.ts';
import { glueTask } from './glue-task.ts';

/** GLUE QNLI: does a sentence answer a question? */
export const qnli = glueTask({
  name: 'qnli',
  description: 'GLUE QNLI: question answering as entailment',
  folder: 'QNLI',
  source: field => `question: ${field('question')} sentence: ${field('sentence')}`,
  label: 'label',
  labels: numberedClasses(['entailment'], ['not_entailment']),
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  rows: { train: 104_743, validation: 5_463 },
  presets: {
    search: { batchSize: 32, epochs: 4, evaluateEvery: 200 },
    retrain: { batchSize: 32, epochs: 4, evaluateEvery: 200 },
  },
});
