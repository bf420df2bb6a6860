/**
 * Little-endian numbers of 16 or 32 bits as float32: every one of them is a float32, so nothing is rounded.
 * @param bytes aligned to 4
 */
export function widen(bytes: Uint8Array, dtype: 'float32' | 'float16' | 'bfloat16'): Float32Array {
  if (dtype === 'float32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  if (dtype === 'float16') return Float32Array.from(halves, fromHalf);
  // A bfloat16 is the upper half of a float32.
  return new Float32Array(Uint32Array.from(halves, bits => bits << 16).buffer);
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Numbers rounded to the nearest IEEE 754 binary16, of two equally near the even one; above 65504 it is infinite. */
export function toHalves(values: Float32Array): Uint16Array {
  return Uint16Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length), toHalf);
}

/** By the bits of a float32. */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 and above round to infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2⁻¹⁴ the steps are 2⁻²⁴ wide: the significand, its hidden bit included, is shifted to them.
  const isSmall = magnitude < 0x38800000;
  const shift = isSmall ? Math.min(126 - (magnitude >>> 23), 25) : 13;
  const whole = isSmall ? (magnitude & 0x7fffff) | 0x800000 : magnitude - 0x38000000;
  const half = whole >>> shift;
  const rest = whole & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (half + Number(rest > middle || (rest === middle && (half & 1) === 1)));
}
