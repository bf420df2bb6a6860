import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { type HeatMapModule, heatMap } from '../../src/report/heat-map.ts';
import { heatMapLines } from '../../src/report/heat-map-terminal.ts';
import { heatMapSvg } from '../../src/report/pictures/heat-map-svg.ts';
import { keptColour } from '../../src/report/pictures/palette.ts';

function module(position: string, column: string, kind: string, p: number, kept = false): HeatMapModule {
  return { site: `site.${position}.${column}`, kind, position, column, parameters: 100, p, kept };
}

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
  assert.deepEqual(map.columns, ['E.0', 'E.2', 'E.10', 'D.0']);
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
  assert.deepEqual(map.columns, ['E.0', 'D.0', 'D.1']);
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

test('the picture has a titled cell for each module and an outline for each kept one', () => {
  const svg = heatMapSvg(heatMap(modules), 'p <of> "everything"');
  for (const { site, kind } of modules) assert.ok(svg.includes(`<title>${site} ${kind}: p = `), site);
  // One outline in the map and one in the legend.
  assert.equal(svg.split(`stroke="${keptColour}"`).length - 1, 2);
  assert.ok(svg.includes('p &lt;of&gt; &quot;everything&quot;'));
  assert.ok(!svg.includes('NaN') && !svg.includes('undefined'));
});
