import { ProtobufWriter } from '../../../../src/graph/onnx.ts';

export interface PieceFixture {
  readonly text: string;
  readonly score: number;
  /** As in sentencepiece_model.proto: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. */
  readonly type?: number;
}

export const SPECIAL_PIECES: readonly PieceFixture[] = [
  { text: '<pad>', score: 0, type: 3 },
  { text: '</s>', score: 0, type: 3 },
  { text: '<unk>', score: 0, type: 2 },
];

export interface SpieceFixture {
  readonly pieces: readonly PieceFixture[];
  readonly modelType?: number;
  readonly byteFallback?: boolean;
  readonly charsmap?: Uint8Array;
  readonly removeExtraWhitespaces?: boolean;
  readonly whitespaceAsSuffix?: boolean;
  readonly escapeWhitespaces?: boolean;
}

/** Bytes of a spiece.model, as SentencePiece would write it. */
export function spieceModel(fixture: SpieceFixture): Uint8Array {
  const model = new ProtobufWriter();
  for (const piece of fixture.pieces) {
    model.message(1, message => {
      message.string(1, piece.text).float(2, piece.score);
      if (piece.type !== undefined) message.varint(3, piece.type);
    });
  }
  model.message(2, trainer => {
    trainer.varint(3, fixture.modelType ?? 1).varint(35, fixture.byteFallback ? 1 : 0);
    trainer.varint(24, fixture.whitespaceAsSuffix ? 1 : 0);
  });
  model.message(3, normalizer => {
    normalizer.string(1, 'custom');
    if (fixture.charsmap) normalizer.bytes(2, fixture.charsmap);
    normalizer.varint(4, fixture.removeExtraWhitespaces === false ? 0 : 1);
    normalizer.varint(5, fixture.escapeWhitespaces === false ? 0 : 1);
  });
  return model.finish();
}

/**
 * Compiled rules made by hand: `A` → `a`, and `e` followed by U+0301 → `é`, and `z` → nothing.
 * A unit's children stand at (its place XOR its offset XOR the byte); here offsets are multiples of 256, written in
 * the long form (bit 9 set: the stored number is shifted by 8 more bits).
 */
export function smallCharsmap(): Uint8Array {
  const units = new Uint32Array(256 * 6);
  const LONG = 0x200;
  const LEAF = 0x100;
  const unit = (place: number, label: number, page: number, leaf: boolean) => {
    // Offset = place's page XOR the wanted page, so that children of this unit land on `page`.
    const offset = (place >> 8) ^ page;
    units[place] = (offset << 10) | LONG | (leaf ? LEAF : 0) | label;
    return (place ^ (offset << 8)) >>> 0;
  };
  const child = (base: number, byte: number) => base ^ byte;
  const value = (place: number, number: number) => {
    units[place] = (0x80000000 | number) >>> 0;
  };
  const root = unit(0, 0, 1, false);
  value(unit(child(root, 0x41), 0x41, 2, true), 0);
  const afterE = unit(child(root, 0x65), 0x65, 3, false);
  const afterCC = unit(child(afterE, 0xcc), 0xcc, 4, false);
  value(unit(child(afterCC, 0x81), 0x81, 5, true), 2);
  value(unit(child(root, 0x7a), 0x7a, 2, true), 5);
  const replacements = Buffer.from('a\0é\0\0');
  const bytes = Buffer.alloc(4 + units.byteLength);
  bytes.writeUInt32LE(units.byteLength, 0);
  units.forEach((number, i) => {
    bytes.writeUInt32LE(number, 4 + 4 * i);
  });
  return Buffer.concat([bytes, replacements]);
}
