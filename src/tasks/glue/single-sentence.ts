import { fieldsAsSegments, numberedClasses } from '../row-form.ts';
import { halveValidation, holdOutOfTraining } from '../splits.ts';
import { glueTask } from './glue-task.ts';

/** GLUE CoLA: is a sentence acceptable English? */
export const cola = glueTask({
  name: 'cola',
  description: 'GLUE CoLA: linguistic acceptability',
  folder: 'CoLA',
  tsv: { columns: ['publication', 'label', 'mark', 'sentence'] },
  segments: fieldsAsSegments('sentence'),
  label: 'label',
  classes: numberedClasses(['unacceptable'], ['acceptable']),
  metric: 'matthews',
  split: halveValidation,
  rows: { train: 8_551, validation: 1_043 },
  presets: {
    search: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
    retrain: { batchSize: 32, epochs: 15, evaluateEvery: 100 },
  },
});

/** GLUE SST-2: is a movie review's phrase positive? */
export const sst2 = glueTask({
  name: 'sst2',
  description: 'GLUE SST-2: sentiment of movie review phrases',
  folder: 'SST-2',
  segments: fieldsAsSegments('sentence'),
  label: 'label',
  classes: numberedClasses(['negative'], ['positive']),
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  rows: { train: 67_349, validation: 872 },
  presets: {
    search: { batchSize: 32, epochs: 5, evaluateEvery: 150 },
    retrain: { batchSize: 32, epochs: 5, evaluateEvery: 150 },
  },
});
