import { join } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { isThere, readBytes } from '../../files/regular-file.ts';
import { readJson, readTextFile } from '../../files/text-files.ts';
import { BERT_TOKENS, type Companions, type Role, readCompanions, T5_TOKENS } from './special-tokens.ts';
import { type AddedVocabulary, addedVocabulary, sentinelVocabulary, type TokenizerSource } from './tokenizer.ts';
import { SPACE_PIECE } from './unigram/segmenter.ts';
import { parseSpieceModel } from './unigram/spiece-model.ts';

type Json = Readonly<Record<string, unknown>>;

/** A vocabulary as `tokenizer.json` has it, but for what is added to it and to texts. */
interface Vocabulary {
  readonly json: Json;
  readonly added: AddedVocabulary;
  /** Special tokens around a text, and around two that are read together: roles, or which of the texts. */
  readonly single: readonly (Role | 'A')[];
  readonly pair: readonly (Role | 'A' | 'B')[];
  /** Of transformers. */
  readonly tokenizerClass: string;
}

/** Vocabularies by the file that holds them. */
const readers: Readonly<
  Record<string, (where: string, companions: Companions, size: number) => Promise<Vocabulary | undefined>>
> = {
  'vocab.txt': readWordPieces,
  'spiece.model': readSentencePieces,
};

/**
 * `tokenizer.json` and `tokenizer_config.json` for a folder whose vocabulary is BERT's `vocab.txt` or T5's
 * `spiece.model` alone, for programs that read no others. Nothing where it has a tokenizer.json, or its vocabulary is
 * of another kind.
 * @param size number of ids of its tokenizer, sentinels that no file counts among them
 */
export async function tokenizerJsonFiles(folder: string, size: number): Promise<Readonly<Record<string, Json>>> {
  const file = Object.keys(readers).find(name => isThere(join(folder, name)));
  if (file === undefined || isThere(join(folder, 'tokenizer.json'))) return {};
  const read = await readers[file]!(join(folder, file), await readCompanions(folder), size);
  if (read === undefined) return {};
  const { json, added, single, pair, tokenizerClass } = read;
  const nameOf = (role: Role) => added.tokens.find(({ id }) => id === added.special[role])?.content;
  const roles = (Object.keys(added.special) as Role[]).map(role => [role, nameOf(role)!] as const);
  return {
    'tokenizer.json': {
      ...{ version: '1.0', truncation: null, padding: null },
      added_tokens: added.tokens
        .toSorted((a, b) => a.id - b.id)
        .map(({ singleWord, ...token }) => ({ ...token, single_word: singleWord })),
      ...json,
      post_processor: {
        type: 'TemplateProcessing',
        ...{ single: template(single, nameOf), pair: template(pair, nameOf) },
        special_tokens: Object.fromEntries(
          roles.map(([role, name]) => [name, { id: name, ids: [added.special[role]], tokens: [name] }]),
        ),
      },
    },
    'tokenizer_config.json': {
      tokenizer_class: tokenizerClass,
      ...Object.fromEntries(roles.map(([role, name]) => [`${role}_token`, name])),
    },
  };
}

/** What stands in a row, in turn; all from the second text on are of its type where a family tells types apart. */
function template(parts: readonly (Role | 'A' | 'B')[], nameOf: (role: Role) => string | undefined): Json[] {
  const second = parts.includes('cls') ? parts.indexOf('B') : -1;
  return parts.map((part, i) => {
    const type_id = second >= 0 && i >= second ? 1 : 0;
    return part === 'A' || part === 'B'
      ? { Sequence: { id: part, type_id } }
      : { SpecialToken: { id: nameOf(part), type_id } };
  });
}

async function readWordPieces(where: string, companions: Companions): Promise<Vocabulary> {
  const json = (await wordPieceJson({
    folder: where,
    where,
    companions,
    defaults: BERT_TOKENS,
    extraIds: 0,
  })) as Json & {
    readonly model: { readonly vocab: Readonly<Record<string, number>> };
  };
  const { vocab } = json.model;
  const idOf = (piece: string) => (Object.hasOwn(vocab, piece) ? vocab[piece] : undefined);
  const bare = { size: Object.keys(vocab).length, idOf, addedTokens: [], describesAdded: false };
  return {
    json,
    added: addedVocabulary(bare, companions, BERT_TOKENS),
    single: ['cls', 'A', 'sep'],
    pair: ['cls', 'A', 'sep', 'B', 'sep'],
    tokenizerClass: 'BertTokenizer',
  };
}

/** As transformers converts T5's. Nothing where a text is not cut into words as T5 does. */
async function readSentencePieces(
  where: string,
  companions: Companions,
  size: number,
): Promise<Vocabulary | undefined> {
  const { vocabulary, rules, charsmap } = parseSpieceModel(await readBytes(where), where);
  if (!rules.addPrefixSpace || !rules.collapsesSpaces) return undefined;
  const { pieces, scores, unknownId, byteFallback } = vocabulary;
  const space = { type: 'Metaspace', replacement: SPACE_PIECE, prepend_scheme: 'always', split: true };
  const map = charsmap?.length ? Buffer.from(charsmap).toString('base64') : undefined;
  return {
    json: {
      normalizer: map === undefined ? null : { type: 'Precompiled', precompiled_charsmap: map },
      pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, space] },
      decoder: space,
      model: {
        ...{ type: 'Unigram', unk_id: unknownId, vocab: pieces.map((piece, id) => [piece, scores[id]]) },
        byte_fallback: byteFallback,
      },
    },
    added: sentinelVocabulary(pieces, companions, T5_TOKENS, Math.max(0, size - pieces.length)),
    single: ['A', 'eos'],
    pair: ['A', 'eos', 'B', 'eos'],
    tokenizerClass: 'T5Tokenizer',
  };
}

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
