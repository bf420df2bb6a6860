import { GGMLQuantizationType } from '@huggingface/gguf';
import { widen } from '../../src/files/safetensors-arrays.ts';

/** How llama.cpp stores the numbers of a tensor: in blocks of so many numbers, each block in so many bytes. */
export interface BlockFormat {
  readonly numbers: number;
  readonly bytes: number;
  /** Writes the numbers of the block that begins at a byte of the source to where they belong. */
  read(source: DataView, at: number, target: Float32Array, to: number): void;
}

const BLOCK = 32;

/** A block's halves, low four bits first: x = scale · q + minimum, in float32 as llama.cpp computes it. */
const q4Block: BlockFormat = {
  numbers: BLOCK,
  bytes: 2 + 2 + BLOCK / 2,
  read(source, at, target, to) {
    const [scale, minimum] = halves(source, at);
    for (let i = 0; i < BLOCK / 2; i++) {
      const pair = source.getUint8(at + 4 + i);
      target[to + i] = Math.fround(scale! * (pair & 15)) + minimum!;
      target[to + BLOCK / 2 + i] = Math.fround(scale! * (pair >> 4)) + minimum!;
    }
  },
};

const q8Block: BlockFormat = {
  numbers: BLOCK,
  bytes: 2 + BLOCK,
  read(source, at, target, to) {
    const [scale] = halves(source, at);
    for (let i = 0; i < BLOCK; i++) target[to + i] = scale! * source.getInt8(at + 2 + i);
  },
};

const float32: BlockFormat = {
  numbers: 1,
  bytes: 4,
  read(source, at, target, to) {
    target[to] = source.getFloat32(at, true);
  },
};

/** The formats that are read, by the number of the type in the file. */
export const blockFormats: ReadonlyMap<GGMLQuantizationType, BlockFormat> = new Map([
  [GGMLQuantizationType.F32, float32],
  [GGMLQuantizationType.Q4_1, q4Block],
  [GGMLQuantizationType.Q8_0, q8Block],
]);

/** @returns the tensor's numbers, in the order of the file */
export function dequantize(source: DataView, format: BlockFormat, count: number): Float32Array {
  const target = new Float32Array(count);
  for (let block = 0; block * format.numbers < count; block++) {
    format.read(source, block * format.bytes, target, block * format.numbers);
  }
  return target;
}

/** Two float16 in a row: a scale, and what follows it. */
function halves(source: DataView, at: number): Float32Array {
  const bytes = new Uint8Array(4);
  bytes.set(new Uint8Array(source.buffer, source.byteOffset + at, 4));
  return widen(bytes, 'float16');
}
