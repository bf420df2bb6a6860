import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { InputError } from '../../../core/errors.ts';
import { type AddedVocabulary, sizeWith, splitterAt, type TextTokenizer } from '../tokenizer.ts';
import { bytePiece, compileSegmenter, SPACE_PIECE, UNKNOWN_PENALTY, type UnigramVocabulary } from './segmenter.ts';
import { readCharsmap, type SentencePieceRules, sentencePieceNormalizer } from './sentence-piece-normalizer.ts';

/**
 * A tokenizer over a SentencePiece model. `encode`: added tokens are cut out of the text; what is between them goes the
 * way of SentencePiece's own program, as one text, since near ties depend on everything before them.
 * `decode`: special tokens, control pieces and ids without a piece are left out.
 * @throws RangeError where scores are damaged
 */
export function createSentencePieceTokenizer(model: SentencePieceModel, added: AddedVocabulary): TextTokenizer {
  const { vocabulary, rules } = model;
  const normalise = sentencePieceNormalizer(rules);
  const segment = compileSegmenter(vocabulary);
  const sections = splitterAt(added.tokens);
  return {
    size: sizeWith(vocabulary.pieces.length, added.tokens),
    special: added.special,
    encode: text => sections(text).flatMap(section => section.id ?? segment(normalise(section.text))),
    decode: decoder(model, added),
  };
}

function decoder({ vocabulary, rules, isControl }: SentencePieceModel, { tokens }: AddedVocabulary) {
  const bytes = new Map(Array.from({ length: 256 }, (_, byte) => [bytePiece(byte), Uint8Array.of(byte)]));
  const contents = new Map(tokens.map(token => [token.id, token.special ? undefined : token.content]));
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  const textOf = (id: number) => {
    if (contents.has(id)) return contents.get(id);
    return isControl(id) ? undefined : vocabulary.pieces[id];
  };
  return (ids: readonly number[]): string => {
    const parts = ids.flatMap(id => {
      const piece = textOf(id);
      if (piece === undefined) return [];
      return [(vocabulary.byteFallback ? bytes.get(piece) : undefined) ?? Buffer.from(piece)];
    });
    const text = utf8.decode(Buffer.concat(parts)).replaceAll(SPACE_PIECE, ' ');
    return rules.addPrefixSpace ? text.replace(/^ /, '') : text;
  };
}

/** One field of a protocol-buffer message: a number for varints, bytes for everything else. */
export interface ProtobufField {
  readonly number: number;
  readonly varint: number;
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/**
 * The fields of a message, in file order. Of varints the low 32 bits are read; none of SentencePiece's fields is
 * larger.
 * @throws Error where the message is cut off, or a field has no number or a wire type that does not exist.
 */
export function* protobufFields(message: Uint8Array): Generator<ProtobufField> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (wireType === WireType.Varint) yield { number, varint: reader.uint32(), bytes: NO_BYTES };
    else if (wireType === WireType.LengthDelimited) yield { number, varint: 0, bytes: reader.bytes() };
    else yield { number, varint: 0, bytes: reader.skip(wireType, number) };
  }
}

// Field numbers and enum values of sentencepiece_model.proto.
const MODEL = { pieces: 1, trainer: 2, normalizer: 3 };
const PIECE = { text: 1, score: 2, type: 3 };
const TRAINER = { modelType: 3, whitespaceAsSuffix: 24, byteFallback: 35 };
const NORMALIZER = { charsmap: 2, addDummyPrefix: 3, removeExtraWhitespaces: 4, escapeWhitespaces: 5 };
const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNIGRAM = 1;

// What SentencePiece gives a symbol of the user's in place of its score, so that it is nearly always chosen.
const userDefinedScore = (symbol: string) => Math.fround(0.1 * (Buffer.byteLength(symbol) - 1));

interface Piece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

/** What a `spiece.model` says. */
export interface SentencePieceModel {
  readonly vocabulary: UnigramVocabulary;
  readonly rules: SentencePieceRules;
  /** What the rules' map of characters was read from. */
  readonly charsmap: Uint8Array | undefined;
  /** Pieces that are no text: they are left out when ids are turned back into it. */
  readonly isControl: (id: number) => boolean;
}

/**
 * Reads a SentencePiece unigram model.
 * @param where the file, for messages.
 * @throws InputError where the bytes are no SentencePiece model, or one of another type than unigram.
 */
export function parseSpieceModel(bytes: Uint8Array, where: string): SentencePieceModel {
  try {
    const model = readModel(bytes);
    const { pieces } = model;
    const typeOf = (id: number) => pieces[id]?.type ?? CONTROL;
    const unknownId = pieces.findIndex(piece => piece.type === UNKNOWN);
    if (pieces.length === 0) throw new RangeError('it holds no pieces');
    if (unknownId < 0) throw new RangeError('it holds no unknown piece');
    if (model.modelType !== UNIGRAM) throw unlikeT5(where, 'is not of type unigram');
    if (!model.spacesLeadWords) throw unlikeT5(where, 'does not write a space as ▁ before a word');
    const rarest = pieces.reduce((low, { type, score }) => (type === NORMAL ? Math.min(low, score) : low), Infinity);
    return {
      vocabulary: {
        pieces: pieces.map(piece => piece.text),
        scores: pieces.map(({ type, text, score }) => (type === USER_DEFINED ? userDefinedScore(text) : score)),
        isSearched: id => typeOf(id) === NORMAL || typeOf(id) === USER_DEFINED,
        unknownId,
        unknownScore: Math.fround(rarest - UNKNOWN_PENALTY),
        byteFallback: model.byteFallback,
        sums: 'float32',
      },
      rules: {
        charsmap: model.charsmap?.length ? readCharsmap(model.charsmap) : undefined,
        addPrefixSpace: model.addDummyPrefix,
        collapsesSpaces: model.removeExtraWhitespaces,
        userDefined: pieces.flatMap(({ type, text }) => (type === USER_DEFINED ? [text] : [])),
      },
      charsmap: model.charsmap,
      isControl: id => typeOf(id) === CONTROL || typeOf(id) === UNKNOWN,
    };
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw damagedSpieceModel(where, (cause as Error).message, cause);
  }
}
interface RawModel {
  readonly pieces: readonly Piece[];
  readonly modelType: number;
  readonly byteFallback: boolean;
  readonly spacesLeadWords: boolean;
  readonly charsmap: Uint8Array | undefined;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
}

function readModel(bytes: Uint8Array): RawModel {
  const pieces: Piece[] = [];
  let modelType = UNIGRAM;
  let byteFallback = false;
  let spacesLeadWords = true;
  let charsmap: Uint8Array | undefined;
  let addDummyPrefix = true;
  let removeExtraWhitespaces = true;
  for (const field of protobufFields(bytes)) {
    if (field.number === MODEL.pieces) pieces.push(readPiece(field.bytes));
    else if (field.number === MODEL.trainer) {
      for (const { number, varint } of protobufFields(field.bytes)) {
        if (number === TRAINER.modelType) modelType = varint;
        else if (number === TRAINER.byteFallback) byteFallback = varint !== 0;
        else if (number === TRAINER.whitespaceAsSuffix && varint !== 0) spacesLeadWords = false;
      }
    } else if (field.number === MODEL.normalizer) {
      for (const inner of protobufFields(field.bytes)) {
        if (inner.number === NORMALIZER.charsmap) charsmap = inner.bytes;
        else if (inner.number === NORMALIZER.addDummyPrefix) addDummyPrefix = inner.varint !== 0;
        else if (inner.number === NORMALIZER.removeExtraWhitespaces) removeExtraWhitespaces = inner.varint !== 0;
        else if (inner.number === NORMALIZER.escapeWhitespaces && inner.varint === 0) spacesLeadWords = false;
      }
    }
  }
  return { pieces, modelType, byteFallback, spacesLeadWords, charsmap, addDummyPrefix, removeExtraWhitespaces };
}

function readPiece(message: Uint8Array): Piece {
  let text = '';
  let score = 0;
  let type = NORMAL;
  for (const field of protobufFields(message)) {
    if (field.number === PIECE.text)
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(field.bytes);
    else if (field.number === PIECE.score) {
      score = new DataView(field.bytes.buffer, field.bytes.byteOffset, field.bytes.byteLength).getFloat32(0, true);
    } else if (field.number === PIECE.type) type = field.varint;
  }
  return { text, score, type };
}

function unlikeT5(where: string, what: string): InputError {
  return new InputError(`this SentencePiece model ${what}, unlike T5's`, {
    code: 'unsupported-tokenizer',
    where,
    remedy: 'give the tokenizer.json of the checkpoint instead',
  });
}

/** What is said of a file whose content cannot be. */
export function damagedSpieceModel(where: string, detail: string, cause?: unknown): InputError {
  return new InputError(`this is not a whole SentencePiece model: ${detail}`, {
    code: 'unreadable-tokenizer',
    where,
    remedy: "copy the checkpoint's spiece.model again; it may be cut off",
    cause,
  });
}
