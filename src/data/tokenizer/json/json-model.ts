import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { tokenId } from '../special-tokens.ts';
import { compileSegmenter, UNKNOWN_PENALTY } from '../unigram/segmenter.ts';

/** The part of a tokenizer that cuts a word into pieces of its vocabulary. */
export interface PieceModel {
  /** Text of each id; some ids may have none. */
  readonly pieces: readonly (string | undefined)[];
  readonly ids: ReadonlyMap<string, number>;
  encode(word: string): readonly number[];
}

// Words repeat, so segmentations are remembered; the limits only bound memory on endless streams of new or long words.
const REMEMBERED_WORDS = 1 << 17;
const LONGEST_REMEMBERED = 64;

const vocab = z.record(z.string(), tokenId);
const unigram = z.object({
  unk_id: z.int().nonnegative(),
  vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
  byte_fallback: z.boolean().default(false),
});
const wordPiece = z.looseObject({ vocab, unk_token: z.string(), continuing_subword_prefix: z.string().default('##') });
const bpe = z.looseObject({
  vocab,
  merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
  // The library would pass over it.
  continuing_subword_prefix: z.literal('').nullish(),
});

/** Models of a `tokenizer.json`, by type. */
const MODELS: Readonly<Record<string, (config: unknown) => PieceModel>> = {
  Unigram: config => {
    const { unk_id: unknownId, vocab: entries, byte_fallback: byteFallback } = unigram.parse(config);
    if (unknownId >= entries.length) throw new RangeError('the unknown piece is none of the vocabulary');
    const pieces = entries.map(([piece]) => piece);
    const scores = entries.map(([, score]) => asSerdeReads(score));
    const unknownScore = scores.reduce((low, score) => Math.min(low, score)) - UNKNOWN_PENALTY;
    const segment = compileSegmenter({
      ...{ pieces, scores, unknownId, unknownScore, byteFallback },
      isSearched: () => true,
      sums: 'float64',
    });
    const ids = new Map(pieces.map((piece, id) => [piece, id]));
    return { pieces, ids, encode: remember(segment) };
  },
  WordPiece: config => fromLibrary({ ...wordPiece.parse(config), type: 'WordPiece' }),
  BPE: config => fromLibrary({ ...bpe.parse(config), type: 'BPE' }),
};

/** @throws ZodError, Error where the configuration is damaged or of an unknown type */
export function modelOf(config: unknown): PieceModel {
  const { type } = z.looseObject({ type: z.string().optional() }).parse(config);
  // Files from before 2021 do not say it.
  const known = type ?? Object.keys(MODELS).find(name => isLike(name, config as object))!;
  const make = Object.hasOwn(MODELS, known) ? MODELS[known] : undefined;
  if (make === undefined) throw new Error(`unknown model ${type}`);
  return make(config);
}

/**
 * A number as Rust's JSON reader has it: the digits as one integer, then divided by a power of ten, each step rounded.
 * In the last place that is not always the nearest number, and ties between long runs of one letter turn on it.
 */
function asSerdeReads(number: number): number {
  const [mantissa, exponent = '0'] = String(Math.abs(number)).split('e');
  const [whole, fraction = ''] = mantissa!.split('.');
  const power = Number(exponent) - fraction.length;
  const digits = Number(whole! + fraction);
  const read = power < 0 ? digits / Number(`1e${-power}`) : digits * Number(`1e${power}`);
  return number < 0 ? -read : read;
}

function isLike(name: string, config: object): boolean {
  if ('merges' in config) return name === 'BPE';
  return name === ('unk_id' in config ? 'Unigram' : 'WordPiece');
}

const idList = z.array(tokenId);

function fromLibrary(config: unknown): PieceModel {
  const { model } = libraryParts({ model: config });
  const ids = model.tokens_to_ids;
  return {
    pieces: model.vocab,
    ids,
    // A piece without an id, of a vocabulary without its unknown token, would be read as padding.
    encode: remember(word => idList.parse(model([word]).map(piece => ids.get(piece)))),
  };
}

function remember(encode: (word: string) => number[]): (word: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return word => {
    if (word.length > LONGEST_REMEMBERED) return encode(word);
    let ids = known.get(word);
    if (ids === undefined) {
      ids = encode(word);
      if (known.size >= REMEMBERED_WORDS) known.clear();
      known.set(word, ids);
    }
    return ids;
  };
}

/** Texts of tokens, in order, to the texts whose concatenation they stand for. */
type Decoder = (tokens: readonly string[]) => readonly string[];

const step = z.looseObject({ type: z.string() });
const metaspace = z.object({ replacement: z.string().length(1), prepend_scheme: z.string().default('always') });

/** Steps of a `tokenizer.json`'s decoder of which JavaScript's library differs from Rust's. All others are its own. */
const DECODERS: Readonly<Record<string, (config: unknown) => Decoder>> = {
  Sequence: config => {
    const all = z
      .object({ decoders: z.array(z.unknown()) })
      .parse(config)
      .decoders.map(stepOf);
    return tokens => all.reduce((result, decode) => decode(result), tokens);
  },
  // The first token loses every mark of a space, where one is put before texts.
  Metaspace: config => {
    const { replacement, prepend_scheme } = metaspace.parse(config);
    const first = prepend_scheme === 'never' ? ' ' : '';
    return tokens => tokens.map((token, i) => token.replaceAll(replacement, i === 0 ? first : ' '));
  },
  ByteFallback: () => joinBytes,
};

/** @throws ZodError, Error where the configuration is damaged or of an unknown type */
export function decoderOf(config: unknown): (tokens: readonly string[]) => string {
  if (config === null || config === undefined) return tokens => tokens.join(' ');
  const decode = stepOf(config);
  return tokens => decode(tokens).join('');
}

function stepOf(config: unknown): Decoder {
  const { type } = step.parse(config);
  if (Object.hasOwn(DECODERS, type)) return DECODERS[type]!(config);
  const { decoder } = libraryParts({ decoder: config });
  return tokens => decoder!.decode_chain(tokens);
}

/** A run of pieces like `<0x0A>` becomes the text of its bytes; where it is none, each byte a replacement character. */
function joinBytes(tokens: readonly string[]): readonly string[] {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const joined: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    try {
      joined.push(utf8.decode(Uint8Array.from(bytes)));
    } catch {
      joined.push('\ufffd'.repeat(bytes.length));
    }
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
    else {
      flush();
      joined.push(token);
    }
  }
  flush();
  return joined;
}

/** Parts of `@huggingface/tokenizers` that are taken as they are. */
export interface LibraryParts {
  /** Cuts words into pieces. */
  readonly model: ((words: string[]) => string[]) & {
    readonly vocab: readonly (string | undefined)[];
    readonly tokens_to_ids: ReadonlyMap<string, number>;
  };
  readonly normalizer: { readonly pattern?: RegExp | null } | null;
  readonly pre_tokenizer: { readonly pattern?: RegExp | null } | null;
  readonly decoder: { decode_chain(tokens: readonly string[]): readonly string[] } | null;
}

const NOTHING = {
  model: { type: 'WordPiece', vocab: {}, unk_token: '' },
  ...{ added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null },
};

/**
 * The library's own parts for some configurations of a `tokenizer.json`. It makes parts for whole tokenizers only: the
 * others are left empty.
 * @throws Error where a configuration is damaged or of an unknown type
 */
export function libraryParts(configs: { readonly [Part in keyof LibraryParts]?: unknown }): LibraryParts {
  return new Tokenizer({ ...NOTHING, ...configs }, {}) as unknown as LibraryParts;
}
