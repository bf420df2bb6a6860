import { fileURLToPath } from 'node:url';
import type { StageSettings } from '../../src/config/job-config.ts';
import type { Example } from '../../src/data/example.ts';
import { type EncodedTask, encodeTask, type TaskDescription } from '../../src/library/encode-task.ts';
import { loadModel } from '../../src/models/load-model.ts';

export const tiny = await loadModel(fileURLToPath(new URL('../fixtures/tiny-t5', import.meta.url)), { threads: 1 });

const stage = { batchSize: 4, epochs: 2, evaluateEvery: 3 };
/** A task that lies in no file. */
export const films: TaskDescription = {
  name: 'films',
  metric: 'accuracy',
  labels: ['pan', 'praise'],
  maxSourceLength: 24,
  presets: { search: stage, retrain: stage },
};

/** `count` remarks, every second one praise. */
export function remarks(count: number): Example[] {
  return Array.from({ length: count }, (_, i) => ({
    input: [{ text: `a ${i % 2 === 0 ? 'bad' : 'good'} film, number ${i}` }],
    output: { class: i % 2 },
    line: i + 1,
  }));
}

export function encodeFilms(settings: StageSettings = {}, description: TaskDescription = films): Promise<EncodedTask> {
  const data = { train: remarks(24), validation: remarks(8), test: remarks(6), note: '' };
  return encodeTask(tiny, description, data, settings);
}
