import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadTokenizer } from '../../../src/data/tokenizer/load-tokenizer.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const rows = JSON.parse(await readFile(join(fixtures, 'tiny-t5.ids.json'), 'utf8')) as {
  text: string;
  ids: number[];
  decoded: string;
}[];

for (const file of ['tokenizer.json', 'spiece.model']) {
  test(`the tiny ${file} gives the ids and texts of Hugging Face and SentencePiece`, async t => {
    const folder = await mkdtemp(join(tmpdir(), 's3delta-ids-'));
    t.after(() => rm(folder, { recursive: true }));
    for (const name of [file, 'tokenizer_config.json']) await cp(join(fixtures, 'tiny-t5', name), join(folder, name));
    const tokenizer = await loadTokenizer(folder);
    assert.equal(tokenizer.size, 156);
    for (const { text, ids, decoded } of rows) {
      // Hugging Face cuts words at any white space, SentencePiece at spaces only; T5's own rules make them all spaces.
      if (file === 'spiece.model' && /[\t\n]/.test(text)) continue;
      assert.deepEqual(tokenizer.encode(text), ids, JSON.stringify(text));
      assert.equal(tokenizer.decode(ids), decoded, JSON.stringify(text));
    }
  });
}
