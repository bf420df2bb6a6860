/** Number of elements of a tensor whose extents are known: their product, 1 for a scalar's shape []. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}
