import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { curvesSvg } from '../../../src/report/pictures/curve-svg.ts';
import { ansi256, colourAt, hex, isDark } from '../../../src/report/pictures/palette.ts';
import { element, escapeMarkup, text } from '../../../src/report/pictures/svg.ts';

test('no text can open a tag, leave an attribute or break the document', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), content => {
      const escaped = escapeMarkup(content);
      assert.doesNotMatch(escaped, /[<>"']/);
      assert.doesNotMatch(escaped.replace(/&(amp|lt|gt|quot|#39);/g, ''), /&/);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML forbids them
      assert.doesNotMatch(escaped, /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/);
    }),
  );
});

test('elements escape what they are given', () => {
  assert.equal(element('a', { title: '"<&>"' }, [text('<b>')]), '<a title="&quot;&lt;&amp;&gt;&quot;">&lt;b&gt;</a>');
  assert.equal(element('rect', { x: 1 / 3 }), '<rect x="0.33"/>');
});

test('the palette goes from light to dark without turning back', () => {
  const luminance = ([red, green, blue]: readonly number[]) => 0.299 * red! + 0.587 * green! + 0.114 * blue!;
  const values = Array.from({ length: 50 }, (_, index) => luminance(colourAt(index / 49)));
  for (let index = 1; index < values.length; index++) assert.ok(values[index]! < values[index - 1]!);
  assert.deepEqual(colourAt(-1), colourAt(0));
  assert.deepEqual(colourAt(2), colourAt(1));
  assert.equal(hex([255, 0, 10]), '#ff000a');
  assert.equal(isDark(colourAt(1)), true);
  assert.equal(isDark(colourAt(0)), false);
});

test('terminal colours are those of the 6 × 6 × 6 cube', () => {
  assert.equal(ansi256([0, 0, 0]), 16);
  assert.equal(ansi256([255, 255, 255]), 231);
  assert.equal(ansi256([255, 0, 0]), 196);
});

test('a curve has a point for each number, leaves out what is none, and bears equal values', () => {
  const points = [
    { step: 10, value: 2 },
    { step: 20, value: Number.NaN },
    { step: 30, value: 1 },
  ];
  const svg = curvesSvg('loss', [{ name: '', points }]);
  assert.equal(svg.split('<circle').length - 1, 2);
  assert.ok(svg.includes('step 30: 1.000'));
  for (const points of [
    [],
    [{ step: 5, value: 3 }],
    [
      { step: 0, value: 3 },
      { step: 9, value: 3 },
    ],
  ]) {
    assert.doesNotMatch(curvesSvg('flat', [{ name: '', points }]), /NaN|Infinity/);
  }
});
