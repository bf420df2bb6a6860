import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

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
