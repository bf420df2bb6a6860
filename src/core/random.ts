import { InputError } from './errors.ts';

/**
 * Counter-based random numbers: each is a pure function of (seed, stream, step, index), so a run that goes on from a
 * checkpoint needs to remember its step and nothing else. A stream is a name for one use, e.g. `search/u`.
 *
 * The stream's 64-bit hash is the Philox key; seed and step are counter words, so no two of them ever collide.
 */

export type FloatArray = Float32Array | Float64Array;

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** 64-bit FNV-1a of the name's UTF-8 bytes, as two words. */
export function streamKey(stream: string): PhiloxKey {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(stream)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * FNV_PRIME);
  }
  return [Number(hash & 0xffffffffn), Number(hash >> 32n)];
}

/** The function from block index to four random words of one (seed, stream, step). */
function blocks(seed: number, stream: string, step: number): (block: number) => [number, number, number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InputError(`a seed must be a whole number from 0 to 2^53 - 1, not ${seed}`, {
      code: 'unknown-value',
      remedy: 'give for example --seed 1',
    });
  }
  const key = streamKey(stream);
  const seedLow = seed >>> 0;
  const seedHigh = Math.floor(seed / 2 ** 32);
  return block => philox4x32([block, step >>> 0, seedLow, seedHigh], key);
}

/**
 * A word to the open interval (0, 1). 23 bits and a half: exact in float32 too, so that rounding never gives 0 or 1
 * and a value does not depend on the array that holds it.
 */
function toUniform(word: number): number {
  return ((word >>> 9) + 0.5) / 2 ** 23;
}

/** Fills `out` with independent draws from U(0, 1), both ends excluded. Returns `out`. */
export function fillUniform<T extends FloatArray>(out: T, seed: number, stream: string, step = 0): T {
  const draw = blocks(seed, stream, step);
  for (let start = 0; start < out.length; start += 4) {
    const words = draw(start / 4);
    const count = Math.min(4, out.length - start);
    for (let i = 0; i < count; i++) out[start + i] = toUniform(words[i]!);
  }
  return out;
}

/** Fills `out` with independent draws from N(0, 1), by Box and Muller's transform. Returns `out`. */
export function fillNormal<T extends FloatArray>(out: T, seed: number, stream: string, step = 0): T {
  const draw = blocks(seed, stream, step);
  for (let start = 0; start < out.length; start += 2) {
    const words = draw(start / 2);
    const radius = Math.sqrt(-2 * Math.log(toUniform(words[0])));
    // The angle comes from a word of its own; the two last words stay unused, to keep one block a pair.
    const angle = 2 * Math.PI * toUniform(words[1]);
    out[start] = radius * Math.cos(angle);
    if (start + 1 < out.length) out[start + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** A uniformly drawn order of 0 … length − 1 (Fisher and Yates). */
export function permutation(length: number, seed: number, stream: string, step = 0): Uint32Array {
  const draw = blocks(seed, stream, step);
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let last = length - 1; last > 0; last--) {
    // 53 random bits make the bias of a plain product immeasurable.
    const words = draw(last);
    const fraction = (words[0] * 2 ** 21 + (words[1] >>> 11)) / 2 ** 53;
    const chosen = Math.floor(fraction * (last + 1));
    const held = order[last]!;
    order[last] = order[chosen]!;
    order[chosen] = held;
  }
  return order;
}

/**
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): a keyed bijection of 128-bit
 * counters that turns any counter into four independent random words, with no state to carry or to save.
 */

export type PhiloxCounter = readonly [number, number, number, number];
export type PhiloxKey = readonly [number, number];

const MULTIPLIER_0 = 0xd2511f53;
const MULTIPLIER_1 = 0xcd9e8d57;
const WEYL_0 = 0x9e3779b9;
const WEYL_1 = 0xbb67ae85;
const ROUNDS = 10;

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  // Every intermediate stays below 2^53, so that plain numbers hold it exactly.
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const carry = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(carry / 0x10000)) >>> 0;
}

/** Four random unsigned 32-bit words for a counter (four words) under a key (two words). */
export function philox4x32(counter: PhiloxCounter, key: PhiloxKey): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0);
    const low0 = Math.imul(MULTIPLIER_0, c0);
    const high1 = multiplyHigh(MULTIPLIER_1, c2);
    const low1 = Math.imul(MULTIPLIER_1, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + WEYL_0) >>> 0;
    k1 = (k1 + WEYL_1) >>> 0;
  }
  return [c0, c1, c2, c3];
}
