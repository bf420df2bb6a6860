import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUnigramTokenizerJson } from '../../../../src/data/tokenizer/unigram/tokenizer-json.ts';
import { smallCharsmap } from './fixtures.ts';

const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
const whitespaceSplit = { type: 'WhitespaceSplit' };
const precompiled = { type: 'Precompiled', precompiled_charsmap: Buffer.from(smallCharsmap()).toString('base64') };

const base = {
  version: '1.0',
  added_tokens: [
    { id: 0, content: '<pad>', single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
    { id: 4, content: '<extra_id_0>', lstrip: true, rstrip: true, special: true },
  ],
  normalizer: precompiled,
  pre_tokenizer: { type: 'Sequence', pretokenizers: [whitespaceSplit, metaspace] },
  model: {
    type: 'Unigram',
    unk_id: 1,
    vocab: [
      ['<pad>', 0],
      ['<unk>', 0],
      ['▁a', -1.25],
      ['b', -2],
    ],
  },
};

test('vocabulary, normalisation and added tokens are read', () => {
  const spec = parseUnigramTokenizerJson(base)!;
  assert.deepEqual(spec.pieces, ['<pad>', '<unk>', '▁a', 'b']);
  assert.deepEqual(spec.isNormal, [false, false, true, true]);
  assert.deepEqual(spec.addedTokens[1], {
    id: 4,
    content: '<extra_id_0>',
    special: true,
    stripLeft: true,
    stripRight: true,
  });
  assert.deepEqual(Buffer.from(spec.charsmap!), smallCharsmap());
  assert.deepEqual([spec.addPrefixSpace, spec.collapsed, spec.byteFallback], [true, /\s+/g, false]);
});

test('spaces are collapsed by a word splitter or by the replace rule, else kept', () => {
  const collapses = (normalizer: unknown, pre_tokenizer: unknown) =>
    parseUnigramTokenizerJson({ ...base, normalizer, pre_tokenizer })?.collapsed;
  const replace = { type: 'Replace', pattern: { Regex: ' {2,}' }, content: '▁' };
  const strip = { type: 'Strip', strip_left: false, strip_right: true };
  assert.equal(collapses(precompiled, metaspace), undefined);
  assert.equal(collapses(null, metaspace), undefined);
  assert.deepEqual(collapses({ type: 'Sequence', normalizers: [precompiled, strip, replace] }, metaspace), / +/g);
  assert.deepEqual(collapses(null, { type: 'Sequence', pretokenizers: [whitespaceSplit, metaspace] }), /\s+/g);
});

test('any other kind of tokenizer is left to the general reader', () => {
  const other = (change: object) => assert.equal(parseUnigramTokenizerJson({ ...base, ...change }), undefined);
  other({ model: { type: 'BPE', vocab: {}, merges: [] } });
  other({ normalizer: { type: 'Lowercase' } });
  other({ pre_tokenizer: { type: 'ByteLevel' } });
  other({ pre_tokenizer: whitespaceSplit });
  other({ pre_tokenizer: { ...metaspace, prepend_scheme: 'first' } });
  other({ model: { ...base.model, unk_id: 9 } });
  assert.equal(parseUnigramTokenizerJson('text'), undefined);
});
