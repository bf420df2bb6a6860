import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadTokenizer } from '../../../src/data/tokenizer/load-tokenizer.ts';
import { plainToken } from '../../../src/data/tokenizer/special-tokens.ts';
import { splitterAt } from '../../../src/data/tokenizer/tokenizer.ts';

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));

interface Case {
  readonly name: string;
  readonly vocabulary: string;
  readonly files: Readonly<Record<string, unknown>>;
  readonly rows: readonly { readonly text: string; readonly ids: readonly number[]; readonly decoded: string }[];
}

for (const { name, vocabulary, files, rows } of JSON.parse(
  await readFile(join(fixtures, 'added-tokens.json'), 'utf8'),
) as Case[]) {
  test(`added tokens are those of transformers: ${name}`, async t => {
    const folder = await mkdtemp(join(tmpdir(), 's3delta-added-'));
    t.after(() => rm(folder, { recursive: true }));
    await cp(join(fixtures, 'tiny-t5', vocabulary), join(folder, vocabulary));
    for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), JSON.stringify(content));
    const { encode, decode } = await loadTokenizer(folder);
    for (const { text, ids, decoded } of rows) {
      assert.deepEqual(encode(text), ids, JSON.stringify(text));
      assert.equal(decode(ids), decoded, JSON.stringify(text));
    }
  });
}

const token = (content: string, id: number, more: object = {}) => ({ ...plainToken(content, true), id, ...more });

test('the leftmost token is matched, of those the longest', () => {
  const split = splitterAt([token('ab', 1), token('abc', 2), token('bcd', 3)]);
  assert.deepEqual(split('xabcdabd'), [
    { start: 0, text: 'x' },
    { start: 1, text: 'abc', id: 2 },
    { start: 4, text: 'd' },
    { start: 5, text: 'ab', id: 1 },
    { start: 7, text: 'd' },
  ]);
});

test('a whole word is none beside a letter, a digit, a mark or a joiner of any script', () => {
  const split = splitterAt([token('cat', 1, { singleWord: true })]);
  const isFound = (text: string) => split(text).some(section => section.id === 1);
  for (const text of ['cat', ' cat.', '(cat)', '-cat-', '🐈cat🐈', 'cat\u0085']) assert.ok(isFound(text), text);
  for (const text of ['cats', 'acat', 'cat1', 'cat_', 'écat', 'cat\u0301', '𝐚cat', 'cat\u200d', '猫cat']) {
    assert.ok(!isFound(text), text);
  }
});

test('white space that tokens take is walked once', () => {
  const split = splitterAt([token('<a>', 1, { lstrip: true, rstrip: true })]);
  const blanks = '\u0085 \u3000\n'.repeat(500_000);
  const started = performance.now();
  const sections = split(`x${blanks}<a>${blanks}y${blanks}`);
  assert.deepEqual(
    sections.map(section => [section.start, section.text.length, section.id]),
    [
      [0, 1, undefined],
      [1, 2 * blanks.length + 3, 1],
      [2 * blanks.length + 4, blanks.length + 1, undefined],
    ],
  );
  // Quadratic, it would take hours.
  assert.ok(performance.now() - started < 60_000);
});
