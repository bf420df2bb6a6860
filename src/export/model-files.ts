import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TOKENIZER_FILES } from '../data/tokenizer/tokenizer.ts';
import { readBytes } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';

const CONFIG = 'config.json';
const GENERATION = 'generation_config.json';

/** Copies what says how a model is built and how it reads text, unchanged: all of its folder but weights and prose. */
export async function copyModelFiles(from: string, to: string): Promise<void> {
  await copy(from, to, name => name === CONFIG || name === GENERATION || TOKENIZER_FILES.includes(name));
}

/** The same without config.json. */
export async function copyTokenizerFiles(from: string, to: string): Promise<void> {
  await copy(from, to, name => name === GENERATION || TOKENIZER_FILES.includes(name));
}

async function copy(from: string, to: string, belongs: (name: string) => boolean): Promise<void> {
  for (const name of (await readdir(from)).filter(belongs)) {
    await writeFileWhole(join(to, name), await readBytes(join(from, name)));
  }
}
