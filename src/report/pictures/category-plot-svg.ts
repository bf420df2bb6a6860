import { errorBar, gridLines, legend, scoreAxis, seedDots, seriesStyle } from '../series.ts';
import { element, type Markup, picture, text } from './svg.ts';

interface CategoryScore {
  readonly mean: number;
  readonly sd: number | null;
  /** One a seed, drawn as small dots. */
  readonly scores?: readonly number[];
}

/** A series of scores, one a category; null where it has none there. */
export interface CategorySeries {
  readonly name: string;
  readonly values: readonly (CategoryScore | null)[];
}

const left = 56;
const top = 40;
const bottom = 300;
const markWidth = 13;
const gap = 26;

/**
 * Scores side by side, a group a category (a task): the form of the paper's figure 8. Whiskers are ± one sd, small dots
 * the seeds.
 */
export function categoryPlotSvg(
  title: string,
  categories: readonly string[],
  series: readonly CategorySeries[],
): string {
  const given = series.flatMap(({ values }) => values.flatMap(value => value ?? []));
  const { y, ticks } = scoreAxis(
    given.flatMap(({ mean, sd, scores = [] }) => [mean - (sd ?? 0), mean + (sd ?? 0), ...scores]),
    bottom,
    top,
  );
  const groupWidth = Math.max(series.length * markWidth, 8 * Math.max(...categories.map(name => name.length))) + gap;
  const right = left + categories.length * groupWidth;
  const names = series.map(({ name }) => name);
  const width = right + 44 + 7 * Math.max(...names.map(name => name.length));
  const middle = (category: number) => left + (category + 0.5) * groupWidth;
  const place = (category: number, index: number) => middle(category) + (index - (series.length - 1) / 2) * markWidth;
  return picture(width, Math.max(bottom + 32, top + 18 * names.length + 12), title, [
    element('text', { x: left, y: 20, 'font-size': 13, 'font-weight': 600 }, [text(title)]),
    ...gridLines(ticks, y, left, right),
    ...categories.map((name, category) =>
      element('text', { x: middle(category), y: bottom + 18, 'text-anchor': 'middle' }, [text(name)]),
    ),
    ...series.flatMap(({ name, values }, index) =>
      values.flatMap((value, category): Markup[] => {
        if (value === null) return [];
        const { colour, mark } = seriesStyle(index);
        const x = place(category, index);
        const bar = errorBar(x, y(value.mean - (value.sd ?? 0)), y(value.mean + (value.sd ?? 0)), colour);
        return [
          ...bar,
          ...seedDots(x, value.scores, y, colour),
          mark(x, y(value.mean), `${categories[category]}, ${name}: ${value.mean.toFixed(2)}`),
        ];
      }),
    ),
    ...legend(names, right + 20, top + 6),
  ]);
}
