import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadTokenizer } from '../../../src/data/tokenizer/load-tokenizer.ts';
import { hardStrings, recipe, type Variant } from './hard-strings.ts';
import { t5TokenizerJson } from './t5-tokenizer-json.ts';

const fixture = fileURLToPath(new URL('../../fixtures/hard-ids.json', import.meta.url));
const mini = fileURLToPath(new URL('../../../models/mini', import.meta.url));
const t5 = join(process.env.S3DELTA_SHARED ?? '../shared', 'tokenizer');
const skip = existsSync(join(t5, 'spiece.model')) ? false : `no T5 tokenizer at ${t5}`;

const short = hardStrings();
// All of them as one text, too: so long that SentencePiece begins its sums again.
const strings = [...short, short.join(' ')];
const hashes = JSON.parse(await readFile(fixture, 'utf8')) as Record<string, string>;

test('the strings are those that the reference programs have read', () => {
  assert.equal(short.length, 5000);
  assert.equal(createHash('sha256').update(strings.join('\n')).digest('hex'), hashes.texts);
});

/** The number of each string whose ids have another hash than the reference program's. */
async function checkIds(name: string, folder: string): Promise<void> {
  const { encode } = await loadTokenizer(folder);
  const expected = Buffer.from(hashes[name]!, 'base64');
  const differing = strings.flatMap((text, i) => {
    const hash = createHash('sha256').update(encode(text).join(' ')).digest().subarray(0, 3);
    return hash.equals(expected.subarray(3 * i, 3 * i + 3)) ? [] : [`${i} ${JSON.stringify(text.slice(0, 200))}`];
  });
  assert.equal(differing.length, 0, `${differing.length} differ:\n${differing.slice(0, 5).join('\n')}`);
}

async function folderWith(t: { after(end: () => Promise<void>): void }, files: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), 's3delta-hard-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return folder;
}

interface TokenizerJson {
  readonly normalizer: object;
  readonly pre_tokenizer: object;
  readonly added_tokens: readonly { readonly content: string }[];
  readonly model: { readonly vocab: readonly unknown[] };
}

/** As `varied` of hard_ids.py. */
function varied(tokenizer: TokenizerJson, variant: Variant): object {
  const rules = tokenizer.normalizer;
  const steps = variant.normalizer?.normalizers?.map(step => (step === 'Precompiled' ? rules : step));
  const normalizer = steps ? { ...variant.normalizer, normalizers: steps } : rules;
  const own = tokenizer.added_tokens.map(token =>
    token.content.includes('extra_id') ? { ...token, ...variant.sentinels } : token,
  );
  const size = tokenizer.model.vocab.length;
  const more = (variant.added_tokens ?? []).map((token, i) => ({ id: size + i, ...token }));
  const pre_tokenizer = variant.pre_tokenizer ?? tokenizer.pre_tokenizer;
  return { ...tokenizer, normalizer, pre_tokenizer, added_tokens: [...own, ...more] };
}

for (const [name, variant] of Object.entries(recipe.variants)) {
  test(`hard strings have Hugging Face's ids: ${name}`, async t => {
    const json = JSON.parse(await readFile(join(mini, 'tokenizer.json'), 'utf8')) as TokenizerJson;
    const folder = await folderWith(t, { 'tokenizer.json': JSON.stringify(varied(json, variant)) });
    await checkIds(`mini tokenizer.json: ${name}`, folder);
  });
}

test("hard strings have SentencePiece's ids", async t => {
  const folder = await folderWith(t, {});
  await cp(join(mini, 'spiece.model'), join(folder, 'spiece.model'));
  await checkIds('mini spiece.model', folder);
});

test("hard strings have T5's ids", { skip }, async t => {
  await checkIds('T5 spiece.model', t5);
  const json = t5TokenizerJson(await readFile(join(t5, 'spiece.model')));
  await checkIds('T5 tokenizer.json', await folderWith(t, { 'tokenizer.json': JSON.stringify(json) }));
});
