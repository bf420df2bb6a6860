import { freshLoaders, type Loaders } from '../jobs/job-events.ts';
import type { Reading } from '../models/codec.ts';
import { changedModel, type Model } from '../models/model.ts';

/**
 * Loaders for many runs in one process: each model and data set is read once, each input encoded once, each device
 * measured once.
 */
export interface SharedLoaders extends Loaders {
  /** Seconds spent so far on starting sessions of the models. */
  startSeconds(): number;
}

export function sharedLoaders(): SharedLoaders {
  let startSeconds = 0;
  const onStart = (seconds: number) => {
    startSeconds += seconds;
  };
  return {
    startSeconds: () => startSeconds,
    model: once(
      async (name, settings) => {
        const model = await freshLoaders.model(name, { ...settings, onStart });
        const readings = new Map<string, Reading>();
        return changedModel(model, ({ codec }) => ({ codec: remembering(codec, readings) }));
      },
      (name, { device, threads, prepack, recompute, precision }) =>
        JSON.stringify([name, device, threads, prepack, recompute, precision]),
    ),
    task: once(
      async (name, catalogue) => {
        const task = await freshLoaders.task(name, catalogue);
        return {
          ...task,
          load: once(
            folder => task.load(folder),
            folder => folder,
          ),
        };
      },
      name => name,
    ),
    device: once(freshLoaders.device, String),
  };
}

/** Does a thing once a key. A failure is not kept: whoever asks again tries again. */
function once<Args extends unknown[], Result>(
  load: (...args: Args) => Promise<Result>,
  keyOf: (...args: Args) => string,
): (...args: Args) => Promise<Result> {
  const loaded = new Map<string, Promise<Result>>();
  return (...args) => {
    const key = keyOf(...args);
    const known = loaded.get(key);
    if (known !== undefined) return known;
    const loading = load(...args);
    loaded.set(key, loading);
    loading.catch(() => loaded.delete(key));
    return loading;
  };
}

/** Splits differ from seed to seed, texts do not. */
function remembering(codecOf: Model['codec'], readings: Map<string, Reading>): Model['codec'] {
  return (task, options) => {
    const codec = codecOf(task, options);
    const form = JSON.stringify([task.name, options]);
    return {
      ...codec,
      read(input) {
        const key = form + JSON.stringify(input);
        const known = readings.get(key) ?? codec.read(input);
        readings.set(key, known);
        return known;
      },
    };
  };
}
