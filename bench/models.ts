import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTokenizer } from '../src/data/tokenizer/load-tokenizer.ts';
import { cacheFolder } from '../src/files/folders.ts';
import type { CodedTask } from '../src/models/codec.ts';
import { loadModel } from '../src/models/load-model.ts';
import type { Model } from '../src/models/model.ts';
import { t5Codec } from '../src/models/t5/t5-codec.ts';
import { randomT5, T5_SHAPES, type T5Size } from './random-t5.ts';

/** A model that is timed. */
export interface BenchModel {
  readonly folder: string;
  /** What the peers call it: a shape, or a folder. */
  readonly peer: string;
  /** Whether its answers are texts; else a head says classes. */
  readonly writes: boolean;
  /** How it reads a task. */
  codecFor(task: CodedTask): Promise<Model['codec']>;
}

/** Encoders that `node tools/backbones/main.ts NAME` fetches. */
const ENCODERS = ['minilm', 'mpnet', 'bge-small'] as const;

export const benchModelNames: readonly string[] = [...Object.keys(T5_SHAPES), ...ENCODERS];

/** A T5 of random weights, made where it is not there yet, or an encoder from the cache of backbones. */
export async function benchModel(name: string, shared: string): Promise<BenchModel> {
  if (Object.hasOwn(T5_SHAPES, name)) {
    const tokenizer = join(shared, 'tokenizer');
    const loaded = loadTokenizer(tokenizer);
    loaded.catch(() => undefined);
    return {
      ...{ folder: await randomT5(name as T5Size, tokenizer), peer: name, writes: true },
      codecFor: async () => {
        const read = await loaded;
        return (coded, options) => t5Codec({}, read, coded, options);
      },
    };
  }
  const folder = join(cacheFolder(), 'backbones', name);
  await access(join(folder, 'model.safetensors')).catch(() => {
    throw new Error(`${folder} is not there: node tools/backbones/main.ts ${name}`);
  });
  return {
    ...{ folder, peer: folder, writes: false },
    codecFor: async task => (await (await loadModel(folder)).forTask(task)).codec,
  };
}
