import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/core/errors.ts';
import { readSealedJson, sealedJson } from '../../src/files/noted-hashes.ts';

const folder = mkdtempSync(join(tmpdir(), 's3delta-sealed-'));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'a.json');

test('any document is read back as it was, however it is laid out', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async document => {
      const meant = JSON.parse(JSON.stringify(document));
      writeFileSync(file, sealedJson(document));
      assert.deepEqual(await readSealedJson(file), meant);
      writeFileSync(file, JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))).replaceAll('\n', '\r\n'));
      assert.deepEqual(await readSealedJson(file), meant);
    }),
    { numRuns: 100 },
  );
  writeFileSync(file, sealedJson({ score: Number.NaN, left: undefined }));
  assert.deepEqual(await readSealedJson(file), { score: null });
});

test('any changed letter is found, or leaves the content as it is', async () => {
  const document = { model: 'mini', rows: [{ test: { mean: 92.43, sd: null } }], labels: ['ham', 'spam'] };
  const text = sealedJson(document);
  const remaining = [];
  for (let at = 0; at < text.length; at++) {
    const changed = Buffer.from(text);
    changed[at]! ^= 1;
    writeFileSync(file, changed);
    try {
      remaining.push(await readSealedJson(file));
    } catch (error) {
      assert.ok(error instanceof InputError && error.where === file && error.remedy, String(error));
    }
  }
  // Blanks do not count; under another name the hash is one more key, which no reader knows.
  for (const content of remaining) assert.deepEqual({ ...(content as object), ...document }, content);
});

test('a document of an earlier version, and what is no document, are read as they are', async () => {
  for (const content of [{ rows: [1] }, [1, 2], 'text', null]) {
    writeFileSync(file, JSON.stringify(content));
    assert.deepEqual(await readSealedJson(file), content);
  }
});
