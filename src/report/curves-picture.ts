import type { MetricsLine } from '../runs/metrics-log.ts';
import { curvesSvg } from './curve-svg.ts';
import { stageCurves } from './sections.ts';
import { element, type Markup, picture } from './svg.ts';

const cell = { width: 420, height: 200 };
const columns = 2;

/** The curves of all stages in one picture: loss to the left, validation score to the right. */
export function curvesPicture(metrics: readonly MetricsLine[], title: string): string {
  const curves = stageCurves(metrics);
  const rows = Math.ceil(curves.length / columns);
  return picture(
    columns * cell.width,
    Math.max(1, rows) * cell.height,
    title,
    curves.map(({ title, series }, index) => {
      const place = [(index % columns) * cell.width, Math.floor(index / columns) * cell.height];
      return element('g', { transform: `translate(${place})` }, [curvesSvg(title, [series]) as Markup]);
    }),
  );
}
