/** Largest magnitude of a rounded number. −128 is left out, so that the scale is the same on both sides of 0. */
const LARGEST = 127;
/**
 * A row or column in which nothing is larger is rounded to 0. No weight is so small; its unit would near float32's
 * subnormal numbers.
 */
export const SMALLEST_SCALED = 2 ** -100;

/**
 * Scales of a matrix W [rows, columns] by which its columns, and those of its transpose, use the whole range of an
 * int8.
 */
export interface Scales {
  /** [columns]. */
  readonly columns: Float32Array;
  /** [rows]. */
  readonly rows: Float32Array;
}

export function scalesOf(weight: Float32Array, columns: number): Scales {
  const rows = weight.length / columns;
  const scales = { columns: new Float32Array(columns), rows: new Float32Array(rows) };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const magnitude = Math.abs(weight[row * columns + column]!);
      if (magnitude > scales.rows[row]!) scales.rows[row] = magnitude;
      if (magnitude > scales.columns[column]!) scales.columns[column] = magnitude;
    }
  }
  const scale = (magnitude: number) => (magnitude > SMALLEST_SCALED ? magnitude / LARGEST : 1);
  return { columns: scales.columns.map(scale), rows: scales.rows.map(scale) };
}

/** The nearest integer, several times as fast as `Math.round`, which keeps the sign of a zero. */
const nearest = (x: number): number => Math.floor(x + 0.5);

/** W [rows, columns] in units of the scales of its columns, rounded. */
export function quantized(weight: Float32Array, { columns }: Scales): Int8Array {
  const values = new Int8Array(weight.length);
  for (let i = 0, column = 0; i < weight.length; i++) {
    values[i] = nearest(weight[i]! / columns[column]!);
    column = column + 1 === columns.length ? 0 : column + 1;
  }
  return values;
}

/** Wᵀ [columns, rows] in units of the scales of W's rows, rounded. */
export function quantizedTranspose(weight: Float32Array, { rows, columns }: Scales): Int8Array {
  const values = new Int8Array(weight.length);
  for (let row = 0; row < rows.length; row++) {
    const scale = rows[row]!;
    for (let column = 0; column < columns.length; column++) {
      values[column * rows.length + row] = nearest(weight[row * columns.length + column]! / scale);
    }
  }
  return values;
}
