import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { InputError } from '../../../src/core/errors.ts';
import { checkTokenizerFits, loadTokenizer } from '../../../src/data/tokenizer/load-tokenizer.ts';
import type { Tokenizer } from '../../../src/data/tokenizer/tokenizer.ts';
import { t5TokenizerJson } from './t5-tokenizer-json.ts';
import { SPECIAL_PIECES, spieceModel } from './unigram/fixtures.ts';

const shared = join(process.env.S3DELTA_SHARED ?? '../shared', 'tokenizer');
const skip = existsSync(join(shared, 'golden_ids.jsonl')) ? false : `no T5 tokenizer at ${shared}`;

const pieces = [...SPECIAL_PIECES, { text: '▁a', score: -1 }];
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3delta-tokenizer-'));
});
after(() => rm(folder, { recursive: true }));

async function folderWith(files: Record<string, string | Uint8Array>): Promise<string> {
  const inner = await mkdtemp(join(folder, 'case-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(inner, name), content);
  return inner;
}

async function checkGolden(tokenizer: Tokenizer): Promise<void> {
  const lines = (await readFile(join(shared, 'golden_ids.jsonl'), 'utf8')).trimEnd().split('\n');
  assert.ok(lines.length > 500);
  for (const line of lines) {
    const { text, ids } = JSON.parse(line) as { text: string; ids: number[] };
    assert.deepEqual(tokenizer.encode(text), ids, text);
  }
}

test("T5's spiece.model gives every golden line's ids", { skip }, async () => {
  const tokenizer = await loadTokenizer(shared);
  assert.deepEqual([tokenizer.size, tokenizer.padId, tokenizer.endId], [32100, 0, 1]);
  await checkGolden(tokenizer);
  assert.deepEqual(tokenizer.encode('<extra_id_0> <extra_id_99>'), [32099, 32000]);
});

test("T5's tokenizer.json gives every golden line's ids", { skip }, async () => {
  const json = JSON.stringify(t5TokenizerJson(await readFile(join(shared, 'spiece.model'))));
  const tokenizer = await loadTokenizer(await folderWith({ 'tokenizer.json': json }));
  assert.deepEqual([tokenizer.size, tokenizer.padId, tokenizer.endId], [32100, 0, 1]);
  await checkGolden(tokenizer);
});

test("T5's normalisation maps compatibility forms, controls and spaces as SentencePiece does", { skip }, async () => {
  const { encode, decode } = await loadTokenizer(shared);
  const same = (text: string, plain: string) => assert.deepEqual(encode(text), encode(plain), JSON.stringify(text));
  same('Ｔｈｅ ﬁrst', 'The first');
  same('the\tfirst\nline\u00a0of\u3000text', 'the first line of text');
  same('zero\u200bwidth', 'zero width');
  same('bell\u0007', 'bell');
  same('cafe\u0301', 'café');
  assert.equal(decode(encode('The  café, again.')), 'The café, again.');
});

test('extra_ids, pad_token and eos_token come from tokenizer_config.json', async () => {
  const spiece = spieceModel({ pieces });
  const plain = await loadTokenizer(await folderWith({ 'spiece.model': spiece }));
  assert.equal(plain.size, 104);
  const config = { extra_ids: 3, pad_token: { content: '</s>' }, eos_token: '<unk>' };
  const told = await loadTokenizer(
    await folderWith({ 'spiece.model': spiece, 'tokenizer_config.json': JSON.stringify(config) }),
  );
  assert.deepEqual([told.size, told.padId, told.endId], [7, 1, 2]);
});

test('a tokenizer.json of another kind is read too', async () => {
  const json = {
    version: '1.0',
    added_tokens: [
      { id: 0, content: '<pad>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
      { id: 1, content: '</s>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '<unk>',
      continuing_subword_prefix: '##',
      vocab: { '<pad>': 0, '</s>': 1, '<unk>': 2, hello: 3 },
    },
  };
  const tokenizer = await loadTokenizer(await folderWith({ 'tokenizer.json': JSON.stringify(json) }));
  assert.deepEqual([tokenizer.size, tokenizer.endId], [4, 1]);
  assert.deepEqual(tokenizer.encode('hello you'), [3, 2]);
  assert.equal(tokenizer.decode([0, 3, 1]), 'hello');
  assert.equal(tokenizer.decode([]), '');
});

test('a vocabulary of another kind with impossible ids, or without what it needs, is refused', async () => {
  const json = (vocab: object, more: object = {}) => ({
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: 'Whitespace' },
    post_processor: null,
    decoder: null,
    model: { type: 'WordPiece', unk_token: '<unk>', continuing_subword_prefix: '##', vocab },
    ...more,
  });
  const vocab = { '<pad>': 0, '</s>': 1, hello: 2 };
  const load = async (content: object) =>
    loadTokenizer(await folderWith({ 'tokenizer.json': JSON.stringify(content) }));
  const isRefused = (error: Error) =>
    error instanceof InputError && /tokenizer\.json: the tokenizer cannot/.test(error.message);
  for (const content of [
    json({ ...vocab, far: 2 ** 31 }),
    json({ ...vocab, far: -1 }),
    json(vocab, { added_tokens: [{ id: 1e300 }] }),
  ]) {
    await assert.rejects(load(content), isRefused);
  }
  const withoutUnknown = await load(json(vocab));
  assert.throws(() => withoutUnknown.encode('hello you'), isRefused);
});

test('missing and damaged files are refused with what and where', async () => {
  const refused = async (files: Record<string, string | Uint8Array>, message: RegExp) => {
    const where = await folderWith(files);
    await assert.rejects(loadTokenizer(where), (error: unknown) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, message);
      assert.ok(error.message.startsWith(where));
      assert.ok(error.remedy);
      return true;
    });
  };
  const spiece = spieceModel({ pieces });
  await refused({}, /no tokenizer here/);
  await refused({ 'tokenizer.json': '{"model": {' }, /not valid JSON/);
  await refused({ 'tokenizer.json': '{}' }, /cannot be read/);
  const withoutScore = spieceModel({ pieces: [...pieces, { text: 'b', score: Number.NaN }] });
  await refused({ 'spiece.model': withoutScore }, /piece 4 has score NaN/);
  await refused({ 'spiece.model': spiece.subarray(0, 20) }, /not a whole SentencePiece model/);
  await refused({ 'spiece.model': spieceModel({ pieces, charsmap: new Uint8Array(2) }) }, /rules are cut off/);
  await refused({ 'spiece.model': spiece, 'tokenizer_config.json': '{"extra_ids": -1}' }, /extra_ids/);
  await refused({ 'spiece.model': spiece, 'tokenizer_config.json': '{"eos_token": "[end]"}' }, /no token \[end\]/);
});

test('a tokenizer larger than the embedding table is refused, a smaller one fits', async () => {
  const tokenizer = await loadTokenizer(await folderWith({ 'spiece.model': spieceModel({ pieces }) }));
  checkTokenizerFits(tokenizer, 104, 'model');
  checkTokenizerFits(tokenizer, 128, 'model');
  assert.throws(() => checkTokenizerFits(tokenizer, 103, 'models/x'), /models\/x: .*104 pieces.* only 103/);
});
