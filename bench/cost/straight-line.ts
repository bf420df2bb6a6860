export interface StraightLine {
  readonly intercept: number;
  readonly slope: number;
  /** The largest distance of a value from the line, in parts of the value. */
  readonly deviation: number;
}

/** The line of least relative squares through (x, y): a small value counts as much as a large one. */
export function straightLine(points: readonly { readonly x: number; readonly y: number }[]): StraightLine {
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
  for (const { x, y } of points) {
    const weight = 1 / y ** 2;
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  const slope = (w * wxy - wx * wy) / (w * wxx - wx ** 2);
  const intercept = (wy - slope * wx) / w;
  const deviation = Math.max(...points.map(({ x, y }) => Math.abs(intercept + slope * x - y) / y));
  return { intercept, slope, deviation };
}
