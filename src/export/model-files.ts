import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readBytes } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-file-whole.ts';

const CONFIG = 'config.json';
const TOKENIZER = /^((tokenizer|added_tokens|special_tokens_map|tokenizer_config)\.json|spiece\.model)$/;
const GENERATION = 'generation_config.json';

/** Copies what says how a model is built and how it reads text, unchanged: all of its folder but weights and prose. */
export async function copyModelFiles(from: string, to: string): Promise<void> {
  await copy(from, to, name => name === CONFIG || name === GENERATION || TOKENIZER.test(name));
}

/** The same without config.json. */
export async function copyTokenizerFiles(from: string, to: string): Promise<void> {
  await copy(from, to, name => name === GENERATION || TOKENIZER.test(name));
}

async function copy(from: string, to: string, belongs: (name: string) => boolean): Promise<void> {
  for (const name of (await readdir(from)).filter(belongs)) {
    await writeFileWhole(join(to, name), await readBytes(join(from, name)));
  }
}
