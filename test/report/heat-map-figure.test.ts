import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Script } from 'node:vm';
import type { Place } from '../../src/core/site.ts';
import { exploreText, finalRanks, keptWords, neighbour } from '../../src/report/explore.ts';
import type { HeatMapModule } from '../../src/report/heat-map.ts';
import { explorationOf, heatMapFigure } from '../../src/report/heat-map-figure.ts';
import { text } from '../../src/report/pictures/svg.ts';
import { searchMoments } from '../../src/report/run-view.ts';

function module(position: string, layer: string, p: number, kept = false): HeatMapModule {
  const place: Place = { stack: 'encoder', layer: Number(layer.at(-1)) };
  return { site: `${position}.${layer}`, kind: 'LoRA', position, layer, place, parameters: 100, p, kept };
}

// Drawn row by row they come as Q E.0, Q E.1, V E.0, V E.1.
const modules = [
  module('Q', 'E.0', 0.1),
  module('V', 'E.0', 0.2, true),
  module('Q', 'E.1', 0.3),
  module('V', 'E.1', 0.4),
];

test('modules and moments follow the cells as they are drawn', () => {
  const { modules: drawn, moments } = explorationOf(modules, [{ step: 5, p: [1, 0.5, 0.25, 0], kept: [0, 1] }]);
  assert.deepEqual(
    drawn.map(({ site, layer, row, column }) => [site, layer, row, column]),
    [
      ['Q.E.0', 'E.0', 0, 0],
      ['Q.E.1', 'E.1', 0, 1],
      ['V.E.0', 'E.0', 1, 0],
      ['V.E.1', 'E.1', 1, 1],
    ],
  );
  assert.deepEqual(moments, [{ step: 5, values: [1, 0.25, 0.5, 0], kept: [0, 2] }]);
  const titles = [...heatMapFigure(modules, 1, 'p', text('')).matchAll(/<title>(\S+) LoRA: p/g)].map(
    ([, site]) => site,
  );
  assert.deepEqual(
    titles,
    drawn.map(({ site }) => site),
  );
});

test('one scale, that of the structure found, serves all moments, as it does in the terminal', () => {
  assert.equal(explorationOf(modules).maximum, 0.4);
  assert.equal(explorationOf(modules, [{ step: 5, p: [0.9, 0, 0, 0], kept: [] }]).maximum, 0.4);
  assert.equal(explorationOf([]).maximum, 0);
});

test('moments are those of the modules shown, kept by falling p within the budget', () => {
  const candidates = modules.map(({ site, place, parameters }) => {
    return { site, kind: 'lora', role: 'pooler' as const, place, parameters, inert: false };
  });
  const history = { budget: 250, keepInert: false, candidates, lines: [{ step: 5, p: [0.1, 0.2, 0.3, 0.05] }] };
  assert.deepEqual(searchMoments(history, modules), [{ step: 5, p: [0.1, 0.2, 0.3, 0.05], kept: [1, 2] }]);
  const worth = [-2, 30, 7, 7];
  const untold = { ...history, lines: [{ step: 5, worth }] };
  assert.deepEqual(searchMoments(untold, modules), [{ step: 5, worth, kept: [1, 2] }]);
  assert.deepEqual(searchMoments(history, modules.slice(1)), []);
  assert.deepEqual(searchMoments(history, modules.toReversed()), []);
});

test('a module that is not kept says why: inert, too large for what was left, or below the cut', () => {
  const given = [{}, { inert: true }, {}, {}];
  const [inert, large, below] = [
    'no: it cannot change the output here',
    'no: too large for what was left of the budget',
    'no: below the cut',
  ];
  assert.deepEqual(keptWords(given, [0.9, 0.8, 0.7, 0.1], [2]), [large, inert, 'yes', below]);
  // What was chosen by hand, or drawn, has no rank.
  assert.deepEqual(keptWords(given, [1, 0, 0, 1], [0, 3]), ['yes', inert, 'no', 'yes']);
  assert.deepEqual(keptWords(given, [0.9, 0.8, 0.7, 0.1], []), [below, inert, below, below]);
});

test('by worth where all have one, for what is shown may tie', () => {
  assert.deepEqual(
    finalRanks([
      { value: 1, worth: 20 },
      { value: 1, worth: 30 },
    ]),
    [20, 30],
  );
  assert.deepEqual(finalRanks([{ value: 0.5 }, { value: 0.25, worth: 3 }]), [0.5, 0.25]);
});

test('a step in a direction goes to the next cell there, over holes, and stays where there is none', () => {
  // . . c
  // a . b
  // . d .
  const [a, b, c, d] = [0, 1, 2, 3];
  const places = [
    { row: 1, column: 0 },
    { row: 1, column: 2 },
    { row: 0, column: 2 },
    { row: 2, column: 1 },
  ];
  assert.equal(neighbour(places, a, 0, 1), b);
  assert.equal(neighbour(places, b, 0, -1), a);
  assert.equal(neighbour(places, b, -1, 0), c);
  // Nothing is below b or left of d in line: the nearest beside it.
  assert.equal(neighbour(places, b, 1, 0), d);
  assert.equal(neighbour(places, d, 0, -1), a);
  for (const [from, rows, columns] of [
    [a, 0, -1],
    [c, -1, 0],
    [d, 1, 0],
    [c, 0, 1],
  ] as const) {
    assert.equal(neighbour(places, from, rows, columns), from);
  }
});

test('the functions that a report carries need nothing but each other', () => {
  const run = new Script(`${exploreText}\nneighbour([{ row: 0, column: 0 }, { row: 0, column: 4 }], 0, 0, 1)`);
  assert.equal(run.runInNewContext({}), 1);
  assert.doesNotMatch(exploreText, /<\/script|\bimport\b|\bexport\b/);
});
