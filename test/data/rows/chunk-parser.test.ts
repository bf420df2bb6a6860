import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { csvCutter, parseCsv } from '../../../src/data/rows/csv.ts';
import { type Cutter, cutStream, lineCutter, rowCutter } from '../../../src/data/rows/cutters.ts';
import { parseTsv, tsvCutter } from '../../../src/data/rows/tsv.ts';

/** What a cutter makes of a text in pieces, or what it throws. */
function inPieces<T>(cutter: Cutter<T>, text: string, places: readonly number[]): T[] | string {
  const cuts = [0, ...places.map(place => Math.floor(place * text.length)).sort((a, b) => a - b), text.length];
  try {
    const found = cuts.slice(1).flatMap((cut, i) => [...cutter(text.slice(cuts[i], cut), false)]);
    return [...found, ...cutter('', true)];
  } catch (error) {
    return (error as Error).message;
  }
}

function whole<T>(parse: () => T): T | string {
  try {
    return parse();
  } catch (error) {
    return (error as Error).message;
  }
}

const tableText = fc
  .array(
    fc.constantFrom('"', '""', ',', '\t', '\n', '\r', '\r\n', 'a', 'bc', '"x"', '"x,\n"', 'a,b\n', '1,"2"\n', '\u2028'),
  )
  .map(parts => parts.join(''));
const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

test('a csv in pieces is that in one, faults and their lines included', () => {
  fc.assert(
    fc.property(tableText, places, (text, cuts) => {
      assert.deepEqual(
        inPieces(rowCutter(csvCutter('f.csv'), 'f.csv'), text, cuts),
        whole(() => parseCsv(text, 'f.csv')),
      );
    }),
    { numRuns: 2000 },
  );
});

test('a tsv in pieces is that in one', () => {
  fc.assert(
    fc.property(tableText, places, (text, cuts) => {
      assert.deepEqual(
        inPieces(rowCutter(tsvCutter(), 'f.tsv'), text, cuts),
        whole(() => parseTsv(text, 'f.tsv')),
      );
    }),
    { numRuns: 1000 },
  );
});

test('lines end in \\n or \\r\\n and nowhere else, wherever the pieces end', () => {
  const text = 'a\u2028b\rc\r\n\n\nd\r\ne\r';
  for (let cut = 0; cut <= text.length; cut++) {
    assert.deepEqual(inPieces(lineCutter(), text, [cut / text.length]), [
      { line: 1, text: 'a\u2028b\rc' },
      { line: 2, text: '' },
      { line: 3, text: '' },
      { line: 4, text: 'd' },
      { line: 5, text: 'e' },
    ]);
  }
  assert.deepEqual(inPieces(lineCutter(), '', []), []);
});

test('a very long cell in many pieces takes no more than its length', () => {
  const cutter = csvCutter('f.csv');
  const [piece, count] = ['a""b,\n'.repeat(10_000), 400];
  const lines = [...cutter('x\n"', false)];
  const started = performance.now();
  for (let i = 0; i < count; i++) lines.push(...cutter(piece, false));
  assert.deepEqual(lines, [{ line: 1, cells: ['x'] }]);
  const [row] = [...cutter('"', true)];
  assert.equal(row!.cells[0]!.length, count * 50_000);
  assert.ok(performance.now() - started < 20_000);
});

test('a fault far from the end is told before the end is read', () => {
  const cutter = csvCutter('f.csv');
  const begin = `a,b\n"1"x,2\n${'3,4\n'.repeat(20_000)}`;
  assert.throws(() => [...cutter(begin, false)], /^InputError: f\.csv:2: text follows a closing quote/);
});

test('a stream may cut characters, too, and begin with a mark', async () => {
  const bytes = Buffer.from('\uFEFFä,b\nö,"€,\n"\n');
  const rows = [];
  const stream = Readable.from([...bytes].map(byte => Buffer.of(byte)));
  for await (const { line, fields } of cutStream(stream, 'f', rowCutter(csvCutter('f'), 'f'), undefined))
    rows.push([line, fields]);
  assert.deepEqual(rows, [[2, { ä: 'ö', b: '€,\n' }]]);
  assert.ok(stream.destroyed);
});
