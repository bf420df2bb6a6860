import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../../src/core/errors.ts';
import { loadTextTokenizer } from '../../../src/data/tokenizer/load-tokenizer.ts';
import {
  BERT_TOKENS,
  GPT2_TOKENS,
  ROBERTA_TOKENS,
  type SpecialTokenNames,
} from '../../../src/data/tokenizer/special-tokens.ts';
import type { TextTokenizer } from '../../../src/data/tokenizer/tokenizer.ts';
import { type TruncationStrategy, truncatePair } from '../../../src/data/tokenizer/truncation.ts';
import { hardStrings } from './hard-strings.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));

interface Hashes {
  readonly ids: string;
  readonly decoded: string;
  readonly pairs: readonly { readonly room: number; readonly strategy: TruncationStrategy; readonly ids: string }[];
}
const { texts, ...tokenizers } = JSON.parse(await readFile(join(fixtures, 'general-ids.json'), 'utf8')) as {
  texts: string[];
} & Record<string, Hashes>;
const strings = [...texts, ...hardStrings(700, 2)];

/** What stands before, between and behind two texts, in each family. */
type Template = (special: TextTokenizer['special']) => readonly (readonly (number | undefined)[])[];
const bert: Template = ({ cls, sep }) => [[cls], [sep], [sep]];
const roberta: Template = ({ cls, sep }) => [[cls], [sep, sep], [sep]];
const gpt2: Template = () => [[], [], []];
const llama: Template = ({ bos }) => [[bos], [bos], []];

const families: Readonly<Record<string, readonly [SpecialTokenNames, Template]>> = {
  'bert-vocab': [BERT_TOKENS, bert],
  'bert-cased-vocab': [BERT_TOKENS, bert],
  'bert-odd-vocab': [BERT_TOKENS, bert],
  'bert-json': [{}, bert],
  'steps-json': [{}, bert],
  'roberta-pairs': [ROBERTA_TOKENS, roberta],
  'roberta-json': [{}, roberta],
  'gpt2-pairs': [GPT2_TOKENS, gpt2],
  'llama-json': [{}, llama],
};

function checkHashes(what: string, lists: readonly (readonly number[])[], packed: string): void {
  const expected = Buffer.from(packed, 'base64');
  const differing = lists.flatMap((ids, i) => {
    const hash = createHash('sha256').update(ids.join(' ')).digest().subarray(0, 3);
    return hash.equals(expected.subarray(3 * i, 3 * i + 3)) ? [] : [`${i} ${JSON.stringify(strings[i])}: ${ids}`];
  });
  assert.equal(differing.length, 0, `${what}: ${differing.length} differ:\n${differing.slice(0, 6).join('\n')}`);
}

test('every tokenizer of the fixture is tried', () => {
  assert.deepEqual(Object.keys(tokenizers).toSorted(), Object.keys(families).toSorted());
  assert.ok(strings.length > 500);
});

for (const [name, [defaults, template]] of Object.entries(families)) {
  test(`ids, texts and cut pairs are those of transformers: ${name}`, async () => {
    const hashes = tokenizers[name]!;
    const tokenizer = await loadTextTokenizer(join(fixtures, 'tokenizers', name), defaults);
    const alone = strings.map(tokenizer.encode);
    checkHashes('ids', alone, hashes.ids);
    checkHashes(
      'decoded',
      alone.map(ids => [...Buffer.from(tokenizer.decode(ids))]),
      hashes.decoded,
    );
    const [before, between, behind] = template(tokenizer.special);
    const specials = before!.length + between!.length + behind!.length;
    for (const { room, strategy, ids } of hashes.pairs) {
      const pairs = alone.map((first, i) => {
        try {
          const cut = truncatePair({ first, second: alone[(i + 1) % alone.length] }, room - specials, strategy);
          return [...before!, ...cut.first, ...between!, ...cut.second!, ...behind!] as number[];
        } catch (error) {
          // transformers refuses these pairs, too, and the fixture then has no ids.
          assert.ok(error instanceof InputError);
          return [];
        }
      });
      checkHashes(`${strategy} in ${room}`, pairs, ids);
    }
  });
}

test('special tokens are known by their roles, and any may be absent', async () => {
  const load = (name: string) => loadTextTokenizer(join(fixtures, 'tokenizers', name), families[name]![0]);
  assert.deepEqual((await load('bert-vocab')).special, { pad: 0, cls: 2, sep: 3, mask: 4, unk: 1 });
  assert.deepEqual((await load('bert-json')).special, { pad: 0, cls: 2, sep: 3, mask: 4, unk: 1 });
  const roberta = { pad: 1, bos: 0, eos: 2, cls: 0, sep: 2, mask: 4, unk: 3 };
  assert.deepEqual((await load('roberta-pairs')).special, roberta);
  assert.deepEqual((await load('gpt2-pairs')).special, { eos: 0, bos: 0, unk: 0 });
  assert.deepEqual((await load('llama-json')).special, { eos: 2, bos: 1, unk: 0 });
});
