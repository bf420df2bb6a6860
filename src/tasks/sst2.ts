import { glueTask } from './glue-task.ts';
import { holdOutOfTraining } from './splits.ts';

/** GLUE SST-2: is a movie review's phrase positive? */
export const sst2 = glueTask({
  name: 'sst2',
  description: 'GLUE SST-2: sentiment of movie review phrases',
  folder: 'SST-2',
  source: field => `sentence: ${field('sentence')}`,
  label: 'label',
  labels: { '0': '0', '1': '1' },
  labelNames: { '0': 'negative', '1': 'positive' },
  metric: 'accuracy',
  split: holdOutOfTraining(2000),
  presets: {
    search: { batchSize: 32, epochs: 5, evaluateEvery: 150 },
    retrain: { batchSize: 32, epochs: 5, evaluateEvery: 150 },
  },
});
