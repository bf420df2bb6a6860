/** One field of a protocol-buffer message: a number for varints, bytes for everything else. */
export interface ProtobufField {
  readonly number: number;
  readonly varint: number;
  readonly bytes: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

/**
 * The fields of a message, in file order. Varints beyond 2⁵³ lose digits; none of SentencePiece's fields is so large.
 * @throws RangeError where the message is cut off or has a wire type that does not exist.
 */
export function* protobufFields(message: Uint8Array): Generator<ProtobufField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++];
      if (byte === undefined || scale > 2 ** 63) throw new RangeError('a number is cut off');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > message.length) throw new RangeError('a field reaches past the end');
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (number === 0) throw new RangeError('a field without a number');
    if (wireType === 0) yield { number, varint: varint(), bytes: NO_BYTES };
    else if (wireType === 1) yield { number, varint: 0, bytes: take(8) };
    else if (wireType === 2) yield { number, varint: 0, bytes: take(varint()) };
    else if (wireType === 5) yield { number, varint: 0, bytes: take(4) };
    else throw new RangeError(`wire type ${wireType}`);
  }
}
