import { mean } from '../../core/statistics.ts';
import { errorBar, gridLines, scoreAxis, seriesStyle } from '../series.ts';
import type { Spread } from '../spread.ts';
import { element, picture, text } from './svg.ts';

const area = { left: 56, top: 40, bottom: 260 };
const columnWidth = 34;

/**
 * A dot a structure, in the order of their scores: its mean test score over the seeds, with whiskers from the worst
 * seed to the best. The dashed line is the mean of all.
 */
export function spreadPlotSvg({ task, budget, metric, structures, test }: Spread): string {
  const title = `Random structures at ${budget} on ${task}`;
  const sorted = structures.toSorted((a, b) => mean(a.tests) - mean(b.tests));
  const right = area.left + columnWidth * Math.max(6, sorted.length);
  const { y, ticks } = scoreAxis(
    sorted.flatMap(({ tests }) => tests),
    area.bottom,
    area.top,
  );
  const { colour, mark } = seriesStyle(0);
  const label = (content: string, x: number, at: number, anchor: string) =>
    element('text', { x, y: at, 'text-anchor': anchor, 'font-size': 10 }, [text(content)]);
  return picture(right + 24, area.bottom + 48, title, [
    element('text', { x: area.left, y: 20, 'font-size': 13, 'font-weight': 600 }, [text(title)]),
    ...gridLines(ticks, y, area.left, right),
    label(`test ${metric}`, 10, area.top - 6, 'start'),
    label('structure', (area.left + right) / 2, area.bottom + 36, 'middle'),
    ...(test === undefined
      ? []
      : [
          element('line', {
            ...{ x1: area.left, x2: right, y1: y(test.mean), y2: y(test.mean) },
            ...{ stroke: '#57606a', 'stroke-dasharray': '5 4' },
          }),
        ]),
    ...sorted.flatMap(({ structure, tests, parameters }, index) => {
      const x = area.left + columnWidth * (index + 0.5);
      const says = `structure ${structure}, ${parameters} parameters: ${tests.map(each => each.toFixed(2)).join(', ')}`;
      return [
        ...errorBar(x, y(Math.min(...tests)), y(Math.max(...tests)), colour),
        mark(x, y(mean(tests)), says),
        label(String(structure), x, area.bottom + 16, 'middle'),
      ];
    }),
  ]);
}
