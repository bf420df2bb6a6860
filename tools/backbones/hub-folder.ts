import { writeFile } from 'node:fs/promises';
import { type Archive, extract } from './archive.ts';

/** What a folder of the Hub's has of an encoder with a WordPiece vocabulary. */
const files = [
  ...['config.json', 'model.safetensors', 'tokenizer.json'],
  ...['tokenizer_config.json', 'special_tokens_map.json', 'vocab.txt'],
];

/** Copies a model out of a folder of an archive, which has it as the Hub does. */
export async function copyHubFolder(archive: Archive, path: string, folder: string): Promise<void> {
  for (const name of files) await extract(archive, `${path}/${name}`, folder);
}

/** Writes a value as the Hub's JSON files are: indented, with a newline at the end. */
export function writeJson(path: string, value: unknown): Promise<void> {
  return writeFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
