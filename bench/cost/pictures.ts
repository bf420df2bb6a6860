import { type CurvePoint, curvesSvg } from '../../src/report/pictures/curve-svg.ts';
import { straightLine } from './straight-line.ts';

export interface MeasuredPoint {
  /** How far along its axis the point lies. */
  readonly x: number;
  /** Processor time of one loss with its gradients, the least of the turns. */
  readonly seconds: number;
  /** The same in units of the base point's over the same turns. */
  readonly time: number;
  /** Operations of the matrix products in units of the base point's. */
  readonly products: number;
  readonly nodes: number;
  /** Runs of the graph that the batch is split into. */
  readonly runs: number;
  readonly peakBytes: number;
}

/** Both pictures of an axis, by the name of their file. */
export function pictures(axis: string, points: readonly MeasuredPoint[]): Record<string, string> {
  const curve = (y: (point: MeasuredPoint) => number) => points.map(point => ({ step: point.x, value: y(point) }));
  const [time, memory] = [curve(({ time }) => time), curve(({ peakBytes }) => peakBytes / 1e9)];
  return {
    [`${axis}-time.svg`]: curvesSvg(
      `time against ${axis}, base point = 1`,
      [
        withName('time, measured', time),
        straight(time),
        withName(
          'operations of products',
          curve(p => p.products),
        ),
      ],
      axis,
    ),
    [`${axis}-memory.svg`]: curvesSvg(
      `peak memory against ${axis}, GB`,
      [withName('memory, measured', memory), straight(memory)],
      axis,
    ),
  };
}

const withName = (name: string, points: readonly CurvePoint[]) => ({ name, points });

/** The line through the points, drawn from the first to the last. */
function straight(points: readonly CurvePoint[]) {
  const { intercept, slope } = straightLine(points.map(({ step, value }) => ({ x: step, y: value })));
  const ends = [points[0]!, points.at(-1)!];
  return withName(
    'nearest straight line',
    ends.map(({ step }) => ({ step, value: intercept + slope * step })),
  );
}
