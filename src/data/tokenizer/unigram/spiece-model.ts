import { InputError } from '../../../core/errors.ts';
import { protobufFields } from './protobuf-fields.ts';
import type { AddedToken, UnigramSpec } from './spec.ts';

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

interface Piece {
  readonly text: string;
  readonly score: number;
  readonly type: number;
}

/**
 * Reads a SentencePiece unigram model and adds T5's sentinels behind its pieces: `<extra_id_0>` has the highest id.
 * @param where the file, for messages.
 * @throws InputError where the bytes are no SentencePiece model, or one of another type than unigram.
 */
export function parseSpieceModel(bytes: Uint8Array, extraIds: number, where: string): UnigramSpec {
  let model: RawModel;
  try {
    model = readModel(bytes);
  } catch (cause) {
    throw damaged(where, (cause as Error).message, cause);
  }
  const { pieces } = model;
  const unknownId = pieces.findIndex(piece => piece.type === UNKNOWN);
  if (pieces.length === 0) throw damaged(where, 'it holds no pieces');
  if (unknownId < 0) throw damaged(where, 'it holds no unknown piece');
  if (model.modelType !== UNIGRAM) throw unlikeT5(where, 'is not of type unigram');
  if (!model.spacesLeadWords) throw unlikeT5(where, 'does not write a space as ▁ before a word');
  const sentinels = Array.from({ length: extraIds }, (_, i) => `<extra_id_${extraIds - 1 - i}>`);
  const token = (content: string, id: number, special: boolean): AddedToken => ({
    content,
    id,
    special,
    stripLeft: false,
    stripRight: false,
  });
  return {
    pieces: [...pieces.map(piece => piece.text), ...sentinels],
    scores: [...pieces.map(piece => piece.score), ...sentinels.map(() => 0)],
    isNormal: [...pieces.map(piece => piece.type === NORMAL), ...sentinels.map(() => false)],
    unknownId,
    addedTokens: [
      ...pieces.flatMap((piece, id) => {
        const isAdded = piece.type === CONTROL || piece.type === USER_DEFINED || piece.type === UNKNOWN;
        return isAdded ? [token(piece.text, id, piece.type !== USER_DEFINED)] : [];
      }),
      ...sentinels.map((content, i) => token(content, pieces.length + i, true)),
    ],
    charsmap: model.charsmap,
    addPrefixSpace: model.addDummyPrefix,
    collapsed: model.removeExtraWhitespaces ? / +/g : undefined,
    byteFallback: model.byteFallback,
  };
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
    where,
    remedy: 'give the tokenizer.json of the checkpoint instead',
  });
}

function damaged(where: string, detail: string, cause?: unknown): InputError {
  return new InputError(`this is not a whole SentencePiece model: ${detail}`, {
    where,
    remedy: "copy the checkpoint's spiece.model again; it may be cut off",
    cause,
  });
}
