import type { MetricsLine } from '../../runs/metrics-log.ts';
import { type StageCurves, stageCurves } from '../sections.ts';
import { curvesSize, curvesSvg } from './curve-svg.ts';
import { element, type Markup, picture } from './svg.ts';

const columns = 2;

/** The curves of all stages in one picture: loss to the left, validation score to the right. */
export function curvesPicture(metrics: readonly MetricsLine[], title: string): string {
  const curves = stageCurves(metrics);
  const rows = Array.from({ length: Math.ceil(curves.length / columns) }, (_, row) =>
    curves.slice(row * columns, (row + 1) * columns),
  );
  const heights = rows.map(row => Math.max(...row.map(({ series }) => curvesSize(series.length).height)));
  const top = (row: number) => heights.slice(0, row).reduce((sum, height) => sum + height, 0);
  const { width, height: least } = curvesSize(1);
  const drawn = rows.flatMap((row, index) => row.map((each, column) => at(each, column * width, top(index))));
  return picture(columns * width, Math.max(least, top(rows.length)), title, drawn);
}

function at({ title, series }: StageCurves, x: number, y: number): Markup {
  return element('g', { transform: `translate(${x},${y})` }, [curvesSvg(title, series) as Markup]);
}
