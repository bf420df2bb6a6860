import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadTokenizer } from '../../../src/data/tokenizer/load-tokenizer.ts';
import { fixturePath, readDocument } from '../../witness/fixtures.ts';

const rows = await readDocument<{ text?: string; ids: number[]; decoded: string }[]>('tiny-byt5.ids');

async function folderWith(t: { after(done: () => Promise<void>): void }, files: Record<string, object>) {
  const folder = await mkdtemp(join(tmpdir(), 's3delta-bytes-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, json] of Object.entries(files)) await writeFile(join(folder, name), JSON.stringify(json));
  return folder;
}

test('ByT5 reads and writes bytes as transformers does, stray ones and its own tokens included', async () => {
  const { size, padId, endId, encode, decode } = await loadTokenizer(fixturePath('tiny-byt5'));
  assert.deepEqual([size, padId, endId], [384, 0, 1]);
  for (const { text, ids, decoded } of rows) {
    if (text !== undefined) assert.deepEqual(encode(text), ids, JSON.stringify(text));
    assert.equal(decode(ids), decoded, JSON.stringify(ids));
  }
});

test('its class alone names it, in either file, and brings 125 sentinels', async t => {
  for (const file of ['tokenizer_config.json', 'config.json']) {
    const { size, encode } = await loadTokenizer(await folderWith(t, { [file]: { tokenizer_class: 'ByT5Tokenizer' } }));
    assert.equal(size, 384);
    assert.deepEqual(encode('a<extra_id_0><extra_id_124>'), [100, 259, 383]);
  }
  const other = await folderWith(t, { 'config.json': { tokenizer_class: 'T5Tokenizer' } });
  await assert.rejects(loadTokenizer(other), /no tokenizer here/);
});

test('a model without sentinels behind its pieces adds none where nothing but spiece.model is there', async () => {
  const [mt5, t5] = [await loadTokenizer(fixturePath('tiny-mt5'), 0), await loadTokenizer(fixturePath('tiny-mt5'))];
  assert.deepEqual([mt5.size, t5.size], [148, 248]);
});
