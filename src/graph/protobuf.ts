import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * A message in protobuf's wire format, field by field: what the library's writer leaves out is a tag before each value.
 */
export class ProtobufWriter {
  readonly #writer = new BinaryWriter();

  /** Integers of up to 64 bits; negative ones as two's complement. */
  varint(field: number, value: number | bigint): this {
    this.#writer.tag(field, WireType.Varint).int64(value);
    return this;
  }

  float(field: number, value: number): this {
    this.#writer.tag(field, WireType.Bit32).float(value);
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#writer.tag(field, WireType.LengthDelimited).bytes(value);
    return this;
  }

  string(field: number, value: string): this {
    this.#writer.tag(field, WireType.LengthDelimited).string(value);
    return this;
  }

  /**
   * A message inside this one: `write` is given this same writer, whose fields are the inner one's until it returns.
   */
  message(field: number, write: (writer: ProtobufWriter) => void): this {
    this.#writer.tag(field, WireType.LengthDelimited).fork();
    write(this);
    this.#writer.join();
    return this;
  }

  finish(): Uint8Array {
    return this.#writer.finish();
  }
}
