import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readJsonLines, readLastJsonLines, sampleJsonLines } from '../../src/files/json-lines.ts';

const file = join(mkdtempSync(join(tmpdir(), 's3delta-lines-')), 'log.jsonl');

/** So many lines of about so many bytes, and one that was cut short. */
function write(lines: number, bytes: number): void {
  const text = 'ü'.repeat(bytes / 2);
  writeFileSync(file, `${Array.from({ length: lines }, (_, n) => JSON.stringify({ n, text })).join('\n')}\n{"n": 1`);
}
const numbers = (values: readonly unknown[]) => values.map(value => (value as { n: number }).n);

test('a short file is read whole, a long one at even distances, its first and last lines included', async () => {
  write(50, 100);
  assert.deepEqual(await sampleJsonLines(file, 10), readJsonLines(file));
  // Lines of several to a piece, and of a piece to several lines.
  for (const [lines, bytes] of [
    [60_000, 100],
    [40, 300_000],
    [5, 2_500_000],
  ] as const) {
    write(lines, bytes);
    const chosen = numbers(await sampleJsonLines(file, 20));
    assert.deepEqual([chosen[0], chosen.at(-1)], [0, lines - 1]);
    assert.deepEqual(
      chosen,
      chosen.toSorted((a, b) => a - b),
    );
    assert.equal(new Set(chosen).size, chosen.length);
    assert.ok(chosen.length >= Math.min(lines, 18) && chosen.length <= Math.min(lines, 22), `${chosen}`);
    const gaps = chosen.slice(1, -1).map((n, index) => n - chosen[index]!);
    assert.ok(Math.max(...gaps) <= 2 * Math.ceil(lines / 20), `${gaps}`);
  }
});

test('the end of a file is read without what comes before it, whole lines alone', () => {
  write(1000, 100);
  assert.deepEqual(numbers(readLastJsonLines(file, 350)), [998, 999]);
  assert.equal(readLastJsonLines(file, 1e9).length, 1000);
  assert.deepEqual(readLastJsonLines(`${file}.none`, 100), []);
});
