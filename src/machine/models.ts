import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadModel } from '../models/load-model.ts';
import { type Check, failed, ok, reasonOf } from './health-check.ts';

const AGAIN = 'the package is damaged: install s3delta anew (in a clone: git checkout -- models)';

/** Whether a built-in model's files are the released ones, by the SHA256SUMS beside them. */
export async function checkModelFiles(name: string, folder: string): Promise<Check> {
  const title = `model ${name}`;
  try {
    const lines = (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).trim().split('\n');
    for (const line of lines) {
      const [expected, file] = line.split(/\s+/) as [string, string];
      const found = createHash('sha256')
        .update(await readFile(join(folder, file)))
        .digest('hex');
      if (found !== expected) return failed(title, `${file} is not the released one`, AGAIN);
    }
    return ok(title, `${lines.length} files as released, in ${folder}`);
  } catch (error) {
    return failed(title, reasonOf(error), AGAIN);
  }
}

/** Whether a model's tokenizer reads a text and writes it again. */
export async function checkTokenizer(name: string): Promise<Check> {
  const title = `tokenizer of ${name}`;
  try {
    const { tokenizer } = await loadModel(name);
    const text = 'the quick brown fox';
    const ids = tokenizer.encode(text);
    const again = tokenizer.decode(ids);
    if (again !== text) return failed(title, `"${text}" came back as "${again}"`, AGAIN);
    return ok(title, `${ids.length} tokens for "${text}"`);
  } catch (error) {
    return failed(title, reasonOf(error), AGAIN);
  }
}
