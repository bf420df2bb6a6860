import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Place } from '../../src/core/site.ts';
import { type HeatMap, type HeatMapModule, heatMap } from '../../src/report/heat-map.ts';
import { heatMapLines } from '../../src/report/heat-map-terminal.ts';
import { differenceMapSvg, heatMapSvg, keptByText, sharedModules } from '../../src/report/pictures/heat-map-svg.ts';
import { ansi256, colourAt, keptColour } from '../../src/report/pictures/palette.ts';

function module(position: string, layer: string, kind: string, p: number, kept = false): HeatMapModule {
  return { site: `site.${position}.${layer}`, kind, position, layer, place: placeOf(layer), parameters: 100, p, kept };
}

/** `E.3`, or `3` of a model with one stack. */
function placeOf(layer: string): Place {
  return { stack: layer.startsWith('D') ? 'decoder' : 'encoder', layer: Number(layer.replace(/^[ED]\./, '')) };
}

const labels = ({ columns }: HeatMap) => columns.map(({ label }) => label);

const modules = [
  module('SelfAttn.Q', 'E.0', 'LoRA', 0.1),
  module('SelfAttn.Q', 'E.0', 'BitFit', 0.2),
  module('FFN.Wi', 'E.0', 'LoRA', 0.4, true),
  module('SelfAttn.Q', 'E.10', 'LoRA', 0),
  module('SelfAttn.Q', 'E.2', 'LoRA', 0.3),
  module('FFN.Wi', 'D.0', 'LoRA', 0.05),
];

test('rows are positions grouped by kind, columns the layers in order, holes where nothing can be', () => {
  const map = heatMap(modules);
  assert.deepEqual(map.rows, ['SelfAttn.Q LoRA', 'FFN.Wi LoRA', 'SelfAttn.Q BitFit']);
  assert.deepEqual(labels(map), ['E.0', 'E.2', 'E.10', 'D.0']);
  assert.equal(map.maximum, 0.4);
  assert.deepEqual(
    map.cells.map(row => row.map(cell => cell?.p)),
    [
      [0.1, 0.3, 0, undefined],
      [0.4, undefined, undefined, 0.05],
      [0.2, undefined, undefined, undefined],
    ],
  );
});

test('the decoder comes after the encoder even where a structure names it first', () => {
  const map = heatMap([module('A', 'D.1', 'LoRA', 1), module('A', 'E.0', 'LoRA', 1), module('A', 'D.0', 'LoRA', 1)]);
  assert.deepEqual(labels(map), ['E.0', 'D.0', 'D.1']);
});

test('no modules, an empty map, and nothing fails on it', () => {
  const map = heatMap([]);
  assert.deepEqual([map.rows, map.columns, map.cells, map.maximum], [[], [], [], 0]);
  assert.ok(heatMapLines(map, { colour: false }).length > 0);
  assert.match(heatMapSvg(map, 'empty'), /^<svg /);
});

test('without colour the lines are plain text: darker shades for larger p, a dot where kept', () => {
  const lines = heatMapLines(heatMap(modules), { colour: false });
  assert.deepEqual(lines, lines.map(stripVTControlCharacters));
  const row = (label: string) => lines.find(line => line.startsWith(label))!.slice('SelfAttn.Q BitFit'.length + 2);
  assert.equal(row('FFN.Wi LoRA'), '█●    · ');
  assert.equal(row('SelfAttn.Q LoRA'), '░ ▓ ·   ');
  assert.match(lines.at(-1)!, /0\.40.*kept/);
});

test('above the cells stand the stacks and the last digits of the layers; a single stack has no letter', () => {
  const width = 'SelfAttn.Q BitFit'.length;
  const header = (map: HeatMap, count: number) =>
    heatMapLines(map, { colour: false })
      .slice(0, count)
      .map(line => line.slice(width + 2));
  assert.deepEqual(header(heatMap(modules), 2), ['E     D', '0 2 100']);
  const decoder = ['0', '1', '11'].map(layer => ({
    ...module('SelfAttn.Q', layer, 'BitFit', 0.5),
    place: { stack: 'decoder' as const, layer: Number(layer) },
  }));
  const lines = heatMapLines(heatMap(decoder), { colour: false });
  assert.deepEqual(header(heatMap(decoder), 1), ['0 1 11']);
  assert.equal(lines.length, 3);
  const svg = heatMapSvg(heatMap(decoder), 'one stack');
  assert.match(svg, />11<\/text>/);
  assert.doesNotMatch(svg, /rotate|[ED]\.\d/);
  assert.match(heatMapSvg(heatMap(modules), 'E.10 is wide'), /rotate/);
});

test('with colour the same cells stand in the same columns', () => {
  const [plain, coloured] = [false, true].map(colour => heatMapLines(heatMap(modules), { colour }));
  const visible = coloured!.map(stripVTControlCharacters);
  assert.notDeepEqual(visible, coloured);
  assert.deepEqual(
    visible.slice(0, -1).map(line => line.length),
    plain!.slice(0, -1).map(line => line.length),
  );
  assert.equal(visible.join('').split('●').length, plain!.join('').split('●').length);
});

test('bars along the edges are as long as what is spent there; where nothing is kept there are none', () => {
  const spending = [
    { ...module('A', 'E.0', 'LoRA', 1, true), parameters: 300 },
    { ...module('A', 'E.1', 'LoRA', 1, true), parameters: 100 },
    { ...module('B', 'E.0', 'LoRA', 0), parameters: 100 },
    { ...module('B', 'D.0', 'LoRA', 1, true), parameters: 200 },
  ];
  const bars = (svg: string, by: string, side: string) => {
    const [, group] = new RegExp(`<g class="spent" data-by="${by}"[^>]*>(.*?)</g>`).exec(svg) ?? ['', ''];
    return [...group!.matchAll(new RegExp(` ${side}="([\\d.]+)"`, 'g'))].map(([, length]) => Number(length));
  };
  const svg = heatMapSvg(heatMap(spending), 'spent');
  assert.deepEqual(bars(svg, 'row', 'width'), [24, 12]);
  assert.deepEqual(bars(svg, 'column', 'height'), [24, 8, 16]);
  assert.match(svg, />bars: parameters spent; E encoder, D decoder</);
  assert.match(svg, /<title>B LoRA: 200 parameters spent</);
  assert.doesNotMatch(heatMapSvg(heatMap(modules.map(each => ({ ...each, kept: false }))), 'sd'), /class="spent"/);
});

test('a model with an encoder alone has no columns of a decoder, and no letters to explain', () => {
  const map = heatMap(['0', '1'].map(layer => module('A', layer, 'LoRA', 1, true)));
  assert.deepEqual(labels(map), ['0', '1']);
  assert.doesNotMatch(heatMapSvg(map, 'encoder'), /decoder/);
});

test('what the marks mean is said in the words given, in the picture and in the terminal', () => {
  assert.match(heatMapSvg(heatMap(modules), 'mean', { kept: 'kept by both searches' }), />kept by both searches</);
  assert.match(heatMapLines(heatMap(modules), { colour: false, kept: 'kept by all' }).at(-1)!, /● kept by all$/);
});

test('two structures in one map: a half of a cell is filled for each that keeps the module', () => {
  const a = [module('A', 'E.0', 'LoRA', 1, true), module('B', 'E.0', 'LoRA', 1, true), module('C', 'E.0', 'LoRA', 0)];
  const b = [module('B', 'E.0', 'LoRA', 1, true), module('D', 'E.0', 'LoRA', 1, true)];
  const shared = sharedModules(a, b);
  assert.deepEqual(
    shared.map(each => [each.position, keptByText(each)]),
    [
      ['A', 'only A'],
      ['B', 'both'],
      ['C', 'neither'],
      ['D', 'only B'],
    ],
  );
  const svg = differenceMapSvg(shared, 'A: one, B: <two>');
  assert.match(svg, /<title>B LoRA, E\.0: kept by both<\/title>/);
  // Two of each in the map, and two in the legend.
  for (const hue of [0, 1]) assert.equal(svg.split(`class="filled-${hue}"`).length - 1, 4);
  for (const says of ['only A: 1', 'only B: 1', 'both: 1', 'A: one, B: &lt;two&gt;'])
    assert.ok(svg.includes(`>${says}<`), says);
});

test('the picture has a titled cell for each module and an outline for each kept one', () => {
  const svg = heatMapSvg(heatMap(modules), 'p <of> "everything"');
  for (const { site, kind } of modules) assert.ok(svg.includes(`<title>${site} ${kind}: p = `), site);
  // One outline in the map and one in the legend.
  assert.equal(svg.split(`stroke="${keptColour}"`).length - 1, 2);
  assert.ok(svg.includes('p &lt;of&gt; &quot;everything&quot;'));
  assert.ok(!svg.includes('NaN') && !svg.includes('undefined'));
});

test('on a dark ground what is near zero is dark, and on a light one light', () => {
  const map = heatMap(modules);
  const groundOf = (line: string) => [...line.matchAll(/48;5;(\d+)/g)].map(([, code]) => Number(code));
  const [dark, light] = [false, true].map(lightGround =>
    groundOf(heatMapLines(map, { colour: true, lightGround }).at(-1)!),
  );
  assert.deepEqual(dark, light!.toReversed());
  // The legend begins with zero: nearly black there, nearly white here.
  assert.deepEqual([dark![0], light![0]], [ansi256(colourAt(1)), ansi256(colourAt(0))]);
  assert.deepEqual(groundOf(heatMapLines(map, { colour: true }).at(-1)!), dark);
});
