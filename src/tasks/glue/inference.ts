import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation, holdOutOfTraining } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE MNLI: does a hypothesis follow from a premise, contradict it, or neither? */
export const mnli = glueTask({
  name: 'mnli',
  description: 'GLUE MNLI: textual entailment over ten genres (matched)',
  folder: 'MNLI',
  otherNames: { premise: ['sentence1', 'text_a'], hypothesis: ['sentence2', 'text_b'], label: ['gold_label'] },
  tsv: { validation: 'dev_matched.tsv' },
  hubValidation: 'validation_matched',
  segments: fieldsAsSegments('premise', 'hypothesis'),
  label: 'label',
  classes: numberedClasses(['entailment'], ['neutral'], ['contradiction']),
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  rows: { train: 392_702, validation: 9_815 },
  presets: {
    search: { batchSize: 32, epochs: 1, evaluateEvery: 200 },
    retrain: { batchSize: 32, epochs: 3, evaluateEvery: 500 },
  },
});

/** GLUE QNLI: does a sentence answer a question? */
export const qnli = glueTask({
  name: 'qnli',
  description: 'GLUE QNLI: question answering as entailment',
  folder: 'QNLI',
  segments: fieldsAsSegments('question', 'sentence'),
  label: 'label',
  classes: numberedClasses(['entailment'], ['not_entailment']),
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  rows: { train: 104_743, validation: 5_463 },
  presets: {
    search: { batchSize: 32, epochs: 4, evaluateEvery: 200 },
    retrain: { batchSize: 32, epochs: 4, evaluateEvery: 200 },
  },
});

/** GLUE RTE: does the second sentence follow from the first? */
export const rte = glueTask({
  name: 'rte',
  description: 'GLUE RTE: textual entailment',
  folder: 'RTE',
  segments: fieldsAsSegments('sentence1', 'sentence2'),
  label: 'label',
  classes: numberedClasses(['entailment'], ['not_entailment']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 2_490, validation: 277 },
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 50 },
  },
});

/** GLUE WNLI: does a sentence with its pronoun replaced follow from the original? */
export const wnli = glueTask({
  name: 'wnli',
  description: 'GLUE WNLI: pronouns as entailment',
  folder: 'WNLI',
  segments: fieldsAsSegments('sentence1', 'sentence2'),
  label: 'label',
  classes: numberedClasses(['not_entailment'], ['entailment']),
  metric: 'accuracy',
  split: halveValidation,
  rows: { train: 635, validation: 71 },
  // Not among the paper's tasks: RTE's sizes.
  presets: {
    search: { batchSize: 16, epochs: 20, evaluateEvery: 50 },
    retrain: { batchSize: 16, epochs: 40, evaluateEvery: 50 },
  },
});
