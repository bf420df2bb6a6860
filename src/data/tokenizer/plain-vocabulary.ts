import { join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { readJson, readTextFile } from '../../files/structured-text.ts';
import type { TokenizerSource } from './tokenizer.ts';

/**
 * The `tokenizer.json` for a `vocab.txt` alone, BERT's, a piece a line; its configuration says how texts are cleaned.
 */
export async function wordPieceJson({ where, companions, defaults }: TokenizerSource): Promise<unknown> {
  const { config, named } = companions;
  const lines = linesOf(await readTextFile(where));
  return {
    added_tokens: [],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars ?? true,
      strip_accents: config.strip_accents ?? null,
      lowercase: config.do_lower_case ?? true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: named.roles.unk?.token.content ?? defaults.unk ?? '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      // Of a piece that stands there twice the last line counts. Made from entries: `__proto__` may be a piece.
      vocab: Object.fromEntries(lines.map((line, id) => [line.replace(/\p{White_Space}+$/u, ''), id])),
    },
  };
}

/** The `tokenizer.json` of a GPT-2 or RoBERTa that has only `vocab.json` and `merges.txt`. */
export async function byteLevelJson({ folder, where, companions }: TokenizerSource): Promise<unknown> {
  const mergesFile = join(folder, 'merges.txt');
  const lines = linesOf(await readTextFile(mergesFile));
  const merges = lines.flatMap((line, i) => {
    if (line.startsWith('#version')) return [];
    const pair = line.split(' ');
    if (pair.length === 2) return [pair];
    throw new InputError(`line ${i + 1} is no pair of pieces`, {
      code: 'unreadable-tokenizer',
      where: mergesFile,
      remedy: 'copy the file again from where the checkpoint came from; it may be cut off',
    });
  });
  return {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: {
      type: 'ByteLevel',
      add_prefix_space: companions.config.add_prefix_space ?? false,
      use_regex: true,
    },
    post_processor: null,
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', unk_token: null, fuse_unk: false, vocab: await readJson(where), merges },
  };
}

function linesOf(text: string): string[] {
  return text.replace(/\r?\n$/, '').split(/\r?\n/);
}
