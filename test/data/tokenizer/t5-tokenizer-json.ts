import { parseSpieceModel, protobufFields } from '../../../src/data/tokenizer/unigram/spiece-model.ts';

const SPECIAL = ['<pad>', '</s>', '<unk>'];

/** The tokenizer.json that Hugging Face's converter makes of a T5's spiece.model. */
export function t5TokenizerJson(spiece: Uint8Array, extraIds = 100): object {
  const { vocabulary } = parseSpieceModel(spiece, 'spiece.model');
  const sentinels = Array.from({ length: extraIds }, (_, i) => `<extra_id_${extraIds - 1 - i}>`);
  const pieces = [...vocabulary.pieces, ...sentinels];
  const metaspace = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true };
  const charsmap = charsmapOf(spiece);
  return {
    version: '1.0',
    added_tokens: [...SPECIAL, ...sentinels].map(content => ({
      ...{ id: pieces.indexOf(content), content, special: true, normalized: false },
      ...{ single_word: false, lstrip: false, rstrip: false },
    })),
    normalizer: { type: 'Precompiled', precompiled_charsmap: Buffer.from(charsmap).toString('base64') },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    post_processor: null,
    decoder: metaspace,
    model: { type: 'Unigram', unk_id: 2, vocab: pieces.map((piece, id) => [piece, vocabulary.scores[id] ?? 0]) },
  };
}

function charsmapOf(spiece: Uint8Array): Uint8Array {
  for (const field of protobufFields(spiece)) {
    if (field.number !== 3) continue;
    for (const inner of protobufFields(field.bytes)) if (inner.number === 2) return inner.bytes;
  }
  return new Uint8Array(0);
}
