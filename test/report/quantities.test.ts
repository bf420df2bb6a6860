import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Place } from '../../src/core/site.ts';
import { type HeatMapModule, heatMap } from '../../src/report/heat-map.ts';
import { explorationOf } from '../../src/report/heat-map-figure.ts';
import { heatMapLines } from '../../src/report/heat-map-terminal.ts';
import { heatMapSvg, structureSvg } from '../../src/report/pictures/heat-map-svg.ts';
import { coloured, type Judged, quantityOf, valuesAt } from '../../src/report/quantities.ts';
import { structurePanel } from '../../src/report/sections.ts';

function modulesOf(judged: readonly Judged[]): HeatMapModule[] {
  return judged.map((each, layer) => {
    const place: Place = { stack: 'encoder', layer };
    return { site: `Q.${layer}`, kind: 'LoRA', position: 'Q', layer: `${layer}`, place, parameters: 100, ...each };
  });
}

// What the search `sensitivity` finds: no p, tiny numbers for worth, one candidate that no budget holds.
const ranked = modulesOf([
  { p: null, worth: 2.5e-9, kept: false },
  { p: null, worth: 4e-3, kept: true },
  { p: 0, worth: 0, kept: false },
  { p: null, worth: 2.5e-9, kept: false },
  { p: null, worth: 1e-6, kept: true },
]);
const probable = modulesOf([
  { p: 0.25, worth: 1, kept: false },
  { p: 0.5, worth: 2, kept: true },
]);
const byHand = modulesOf([
  { p: null, kept: true },
  { p: null, kept: true },
]);
const drawn = modulesOf([
  { p: null, kept: true },
  { p: null, kept: false },
  { p: 0, kept: false },
]);

const values = (modules: readonly HeatMapModule[]) => coloured(modules).map(({ value }) => value);
/** All that is read: between tags. */
const textsOf = (markup: string) => markup.replaceAll(/<[^>]*>/g, '\n');
const namesP = /(?<![\w&])p(?![\w;])/;

test('without p the ranks by worth are shown: least 0, most 1, equal ones alike, what can never be kept at 0', () => {
  assert.equal(quantityOf(ranked).name, 'rank of worth');
  assert.deepEqual(values(ranked), [0, 1, 0, 0, 0.5]);
  const all = ranked.map(module => ({ ...module, worth: 7 }));
  assert.deepEqual(values(all), [1, 1, 0, 1, 1], 'all are worth the most where all are worth the same');
  const unlikely = modulesOf([
    { p: 0, worth: 9, kept: false },
    { p: null, worth: -3, kept: true },
    { p: null, worth: -4, kept: false },
  ]);
  assert.deepEqual(values(unlikely), [0, 1, 0], 'closed ones take no rank from those that are open');
});

test('with p it is p, and where nothing was searched whether a module is kept', () => {
  assert.deepEqual([quantityOf(probable).name, values(probable)], ['p', [0.25, 0.5]]);
  for (const [modules, kept] of [
    [byHand, [1, 1]],
    [drawn, [1, 0, 0]],
  ] as const) {
    assert.deepEqual([quantityOf(modules).name, values(modules)], ['kept or not', kept]);
  }
  assert.equal(quantityOf([]).name, 'p');
});

test('a moment of a search is coloured as its end: by the ranks of what it told then', () => {
  assert.deepEqual(valuesAt({ worth: [9, 1, 99, 5, 1], kept: [0, 3] }, ranked), [1, 0, 0, 0.5, 0]);
  assert.deepEqual(valuesAt({ p: [0.1, 0.9], kept: [1] }, probable), [0.1, 0.9]);
  assert.deepEqual(valuesAt({ worth: [1, 2], kept: [1] }, probable), [0, 1], 'worths are no probabilities');
  const moments = [{ step: 5, worth: [9, 1, 99, 5, 1], kept: [0, 3] }];
  const exploration = explorationOf(ranked, moments);
  assert.deepEqual(exploration.moments, [{ step: 5, values: [1, 0, 0, 0.5, 0], kept: [0, 3] }]);
  assert.deepEqual([exploration.quantity, exploration.maximum, exploration.isFound], ['rank of worth', 1, true]);
  assert.deepEqual(
    exploration.modules.map(({ value, worth }) => [value, worth]),
    ranked.map(({ worth }, i) => [values(ranked)[i], worth]),
  );
  assert.equal(explorationOf(ranked, moments, false).isFound, false);
});

test('the terminal calls the scale by what it is', () => {
  const legend = (modules: readonly HeatMapModule[]) =>
    heatMapLines(heatMap(modules), { colour: false }).at(-1)!.trim();
  assert.equal(legend(ranked), 'rank of worth: 0 ·░▒▓█ 1.0   ● kept');
  assert.equal(legend(probable), 'p: 0 ·░▒▓█ 0.50   ● kept');
  assert.equal(legend(byHand), 'kept or not: 0 ·░▒▓█ 1.0   ● kept');
  const [, row] = heatMapLines(heatMap(ranked), { colour: false });
  assert.equal(row, 'Q LoRA  · █●· · ▒●');
});

test('so does the picture: its title, its legend, and the title of each cell', () => {
  const svg = structureSvg(ranked, 'films on mini');
  assert.match(svg, />films on mini: rank of every candidate by worth</);
  assert.match(svg, />rank of worth: 0</);
  assert.match(svg, /<title>Q\.4 LoRA: rank of worth = 0\.5000, 100 parameters, kept<\/title>/);
  assert.doesNotMatch(textsOf(svg), namesP);
  assert.doesNotMatch(svg, /probab|NaN|undefined|null/);
  const usual = structureSvg(probable, 'films on mini');
  assert.match(usual, />films on mini: probability p of every candidate</);
  assert.match(usual, /<title>Q\.0 LoRA: p = 0\.2500, 100 parameters<\/title>/);
  assert.match(heatMapSvg(heatMap(probable), 'several', { quantity: 'mean p' }), /LoRA: mean p = 0\.2500/);
  for (const [modules, title] of [
    [byHand, 'modules of the structure'],
    [drawn, 'which candidates are kept'],
  ] as const) {
    const picture = structureSvg(modules, 'films on mini');
    assert.match(picture, new RegExp(`>films on mini: ${title}<`));
    assert.match(picture, />kept or not: 0</);
    assert.match(picture, /<title>Q\.0 LoRA: 100 parameters, kept<\/title>/);
    assert.doesNotMatch(textsOf(picture), namesP);
  }
});

test('so does the panel of page and report: its sentence, what is read aloud, and its table', () => {
  const panelOf = (modules: readonly HeatMapModule[]) => structurePanel({ modules, moments: [] }, 1);
  const columnsOf = (panel: string) => /aria-label="Table: (module, layer[^"]*)"/.exec(panel)![1];
  const panel = panelOf(ranked);
  assert.match(panel, /coloured by its rank by worth to the search: 0 is the least, .*; 1 is the most\./);
  assert.match(panel, /aria-label="Rank of every candidate by worth\. Arrow keys/);
  assert.equal(columnsOf(panel), 'module, layer, site, parameters, worth, rank of worth, kept');
  assert.match(panel, />0\.0040000<[^>]*>[^>]*>1\.0000<[^>]*>[^>]*>yes</);
  assert.doesNotMatch(textsOf(panel), namesP);
  assert.doesNotMatch(panel, /probab/i);

  const usual = panelOf(probable);
  assert.match(usual, /coloured by the probability p that it is kept; outlined ones are kept\./);
  assert.equal(columnsOf(usual), 'module, layer, site, parameters, worth, p, kept');

  assert.match(panelOf(byHand), /A cell is a module that is trained\. Nothing was searched/);
  assert.match(panelOf(drawn), /A cell is a candidate; outlined ones are kept\./);
  for (const modules of [byHand, drawn]) {
    assert.equal(columnsOf(panelOf(modules)), 'module, layer, site, parameters, worth, kept');
    assert.doesNotMatch(textsOf(panelOf(modules)), namesP);
    assert.equal(explorationOf(modules).quantity, undefined);
  }
});
