import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alignSeries } from '../../../src/page/figures.ts';
import { style } from '../../../src/report/html-document.ts';
import { curveColours, curveLine, curvesSvg, darkCurveColours } from '../../../src/report/pictures/curve-svg.ts';
import { curvesPicture, stageCurves } from '../../../src/report/sections.ts';
import type { MetricsLine } from '../../../src/runs/metrics-log.ts';

function line(stage: MetricsLine['stage'], step: number, score: number, trial?: string): MetricsLine {
  const known = { stage, step, steps: 20, loss: 1 / score, learningRate: 1e-3, score, best: score, seconds: step };
  return { ...known, ...(trial !== undefined && { trial }) };
}

const tried = [
  ...[line('retrain', 10, 50, 'lr-1'), line('retrain', 20, 60, 'lr-1')],
  ...[line('retrain', 10, 70, 'lr-3'), line('retrain', 20, 80, 'lr-3')],
];

test('each attempt of a stage is a curve of its own, on the page too', () => {
  const [loss, score] = stageCurves(tried);
  assert.deepEqual([loss!.title, score!.title], ['Training: loss', 'Training: validation score']);
  assert.deepEqual(
    score!.series.map(({ name, points }) => [name, ...points.map(({ value }) => value)]),
    [
      ['lr-1', 50, 60],
      ['lr-3', 70, 80],
    ],
  );
  assert.deepEqual(alignSeries(score!.series), [
    [10, 20],
    [50, 60],
    [70, 80],
  ]);
  const svg = curvesSvg(score!.title, score!.series);
  assert.equal(svg.split('<polyline').length - 1, 2);
  for (const name of ['lr-1', 'lr-3']) assert.ok(svg.includes(`>${name}</text>`), name);
});

test('a random structure is trained beside the one found: in the same chart, each by its name', () => {
  const [loss, score, ...others] = stageCurves([...tried.slice(0, 2), line('random', 10, 40), line('random', 20, 45)]);
  assert.deepEqual(
    score!.series.map(({ name, points }) => [name, points.length]),
    [
      ['this structure, lr-1', 2],
      ['random structure', 2],
    ],
  );
  assert.deepEqual([loss!.title, others], ['Training: loss', []]);
});

test('a stage of a single attempt is one curve without a name', () => {
  const [loss] = stageCurves([line('search', 10, 50), line('search', 20, 60)]);
  assert.deepEqual(
    loss!.series.map(({ name, points }) => [name, points.length]),
    [['', 2]],
  );
});

test('in one picture of all stages no row lies over the legend of the one above, and none is cut off', () => {
  const picture = curvesPicture([...tried, line('search', 10, 40), line('search', 20, 45)], 'all');
  const [whole, ...parts] = [...picture.matchAll(/<svg [^>]*? width="(\d+)" height="(\d+)"/g)].map(([, ...size]) =>
    size.map(Number),
  );
  const places = [...picture.matchAll(/translate\((\d+),(\d+)\)/g)].map(([, ...place]) => place.map(Number));
  assert.deepEqual([parts.length, places.length], [4, 4]);
  const below = (index: number) => places[index]![1]! + parts[index]![1]!;
  assert.deepEqual([places[0]![1], places[1]![1], places[2]![1], places[3]![1]], [0, 0, below(0), below(0)]);
  assert.deepEqual(whole, [places[1]![0]! + parts[1]![0]!, below(3)]);
  assert.ok(parts[2]![1]! > parts[0]![1]!, 'a legend takes its place');
});

test('a search that validates nothing on its way has a curve of its loss, in a row of its own', () => {
  const searched = [10, 20].map(step => {
    const { score: _, best: __, ...unscored } = line('search', step, 50);
    return unscored;
  });
  const titles = stageCurves([...searched, ...tried]).map(({ title }) => title);
  assert.deepEqual(titles, ['Search: loss', 'Training: loss', 'Training: validation score']);
  const picture = curvesPicture([...searched, ...tried], 'all');
  const places = [...picture.matchAll(/translate\((\d+),(\d+)\)/g)].map(([, ...place]) => place.map(Number));
  assert.deepEqual(
    places.map(([x, y]) => [x! > 0, y! > 0]),
    [
      [false, false],
      [false, true],
      [true, true],
    ],
  );
  assert.doesNotMatch(picture, /NaN|undefined/);
});

test('thirty-six curves differ in colour or dashes', () => {
  const lines = Array.from({ length: 36 }, (_, index) => JSON.stringify(curveLine(index)));
  assert.equal(new Set(lines).size, 36);
});

/** Relative luminance of WCAG 2. */
function luminance(colour: string): number {
  const channels = [1, 3, 5].map(place => Number.parseInt(colour.slice(place, place + 2), 16) / 255);
  const [red, green, blue] = channels.map(value =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4,
  );
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

test('every curve stands out from its ground at 3:1, on light and on dark', () => {
  const grounds = [...style.matchAll(/--panel: (#\w+);/g)].map(([, colour]) =>
    colour === '#fff' ? '#ffffff' : colour!,
  );
  const [light, dark] = [...new Set(grounds)];
  for (const [colours, ground] of [
    [curveColours, light!],
    [darkCurveColours, dark!],
  ] as const) {
    for (const colour of colours) {
      const [low, high] = [luminance(colour), luminance(ground)].sort((a, b) => a - b);
      assert.ok((high! + 0.05) / (low! + 0.05) >= 3, `${colour} on ${ground}`);
      assert.ok(style.includes(`: ${colour};`), colour);
    }
  }
});
