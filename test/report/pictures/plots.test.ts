import assert from 'node:assert/strict';
import { test } from 'node:test';
import { categoryPlotSvg, logarithmicTicks, scorePlotSvg } from '../../../src/report/pictures/plots-svg.ts';
import { seriesStyle } from '../../../src/report/series.ts';

const marks = (svg: string) => [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, says]) => says!);
const number = (svg: string, says: string, key: string) =>
  Number(new RegExp(`${key}="([\\d.]+)"[^>]*><title>${says}`).exec(svg)?.[1]);

const series = [
  {
    name: 'found',
    points: [
      { parameters: 10_000, mean: 70, sd: 2 },
      { parameters: 1000, mean: 60, sd: null },
    ],
  },
  { name: 'a <b>', points: [{ parameters: 100_000, mean: 65, sd: 0.5 }] },
];

test('scores stand against parameters on a logarithmic scale, every point named, text escaped', () => {
  const svg = scorePlotSvg('rte', 'accuracy', series);
  assert.ok(!svg.includes('<b>'));
  const x = ['found, 1,000 parameters', 'found, 10,000 parameters'].map(says => number(svg, says, 'cx'));
  const y = ['found, 1,000 parameters', 'found, 10,000 parameters'].map(says => number(svg, says, 'cy'));
  assert.ok(x[1]! > x[0]! && y[1]! < y[0]!, `${x} ${y}`);
  assert.ok(marks(svg).includes('a &lt;b&gt;, 100,000 parameters: 65.00'));
  assert.match(svg, /<polyline/);
  assert.ok(!/NaN|Infinity/.test(svg));
});

test('a single seed has the interval of its score for whiskers, several their sd', () => {
  const bars = (point: object) =>
    scorePlotSvg('rte', 'accuracy', [{ name: 'one', points: [{ parameters: 5, mean: 60, sd: null, ...point }] }]).split(
      'stroke-width="1.2"',
    ).length - 1;
  assert.deepEqual([{}, { interval: { low: 55, high: 65 } }, { sd: 1 }].map(bars), [0, 3, 3]);
});

test('a single point is drawn, too', () => {
  const svg = scorePlotSvg('rte', 'accuracy', [{ name: 'one', points: [{ parameters: 5, mean: 0, sd: null }] }]);
  assert.ok(!/NaN|Infinity/.test(svg));
  assert.ok(marks(svg).includes('one, 5 parameters: 0.00'));
});

test('ticks are round numbers inside the axis, which is said to be logarithmic', () => {
  assert.deepEqual(logarithmicTicks(2.1, 5.2), [1000, 10_000, 100_000]);
  assert.deepEqual(logarithmicTicks(3.1, 4.2), [2000, 5000, 10_000]);
  for (const low of [0, 0.69, 2.31, 3.5, 4.85]) {
    const ticks = logarithmicTicks(low, low + 0.3);
    assert.ok(ticks.length > 0, String(low));
    assert.ok(
      ticks.every(tick => Math.log10(tick) >= low && Math.log10(tick) <= low + 0.3),
      String(low),
    );
  }
  assert.match(scorePlotSvg('rte', 'accuracy', series), />trainable parameters, logarithmic</);
});

test('the commonest label is a line, and every seed a dot', () => {
  const points = [{ parameters: 100, mean: 61, sd: 1, scores: [60, 61, 62] }];
  const svg = scorePlotSvg('rte', 'accuracy', [{ name: 'found', points }], { name: 'always no', value: 50 });
  assert.equal(svg.split('class="seed"').length - 1, 3);
  assert.match(svg, /class="baseline"/);
  assert.match(svg, />always no</);
  assert.doesNotMatch(scorePlotSvg('rte', 'accuracy', series), /class="baseline"/);
});

test('categories stand side by side, with what is missing left out', () => {
  const svg = categoryPlotSvg(
    'global and local',
    ['rte', 'mrpc'],
    [
      {
        name: 'global',
        values: [
          { mean: 60, sd: 1, scores: [59, 61] },
          { mean: 80, sd: 2, scores: [82, 78, Number.NaN] },
        ],
      },
      { name: 'local', values: [{ mean: 58, sd: 1 }, null] },
    ],
  );
  assert.deepEqual(
    marks(svg).filter(says => says.includes(': ')),
    ['rte, global: 60.00', 'mrpc, global: 80.00', 'rte, local: 58.00'],
  );
  // A dot a seed, none for a score that is not defined.
  assert.equal(svg.split('class="seed"').length - 1, 4);
  assert.ok(!/NaN|Infinity/.test(svg));
});

test('series differ in colour or shape', () => {
  const styles = Array.from({ length: 14 }, (_, i) => {
    const { colour, mark } = seriesStyle(i);
    return `${colour} ${mark(0, 0, '')}`;
  });
  assert.equal(new Set(styles).size, styles.length);
});
