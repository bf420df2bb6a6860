import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../src/core/errors.ts';
import { decodeUtf8, decodeUtf8Stream } from '../../src/files/text-files.ts';

const refused = (message: string) => (error: unknown) => {
  assert.ok(error instanceof InputError, String(error));
  assert.equal(error.message, message);
  assert.ok(error.remedy);
  return true;
};

/** What a stream that is cut at some places gives, and what it throws. */
async function inPieces(bytes: Buffer, places: readonly number[]): Promise<{ text: string; message?: string }> {
  const cuts = [0, ...places.map(place => Math.floor(place * bytes.length)).sort((a, b) => a - b), bytes.length];
  const chunks = async function* () {
    for (const [i, cut] of cuts.slice(1).entries()) yield bytes.subarray(cuts[i], cut);
  };
  let text = '';
  try {
    for await (const piece of decodeUtf8Stream(chunks(), 'f')) text += piece;
    return { text };
  } catch (error) {
    return { text, message: (error as Error).message };
  }
}

const places = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 8 });

test('UTF-8 is read, with a byte-order mark and without, wherever a stream cuts it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), places, async (text, cuts) => {
      const bytes = Buffer.from(`\uFEFF${text}`);
      assert.equal(decodeUtf8(bytes, 'f'), `\uFEFF${text}`);
      assert.deepEqual(await inPieces(bytes, cuts), { text: `\uFEFF${text}` });
    }),
  );
});

test('bytes that are no UTF-8 are refused with their line; a stream gives the lines before it', async () => {
  const part = fc.constantFrom('a', 'é', '€', '😀', '\n', '\r\n');
  const fault = fc.constantFrom([0xe4], [0xe4, 0x41], [0x80], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0xff]);
  const text = fc.array(part).map(parts => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, fault, text, places, async (before, wrong, after, cuts) => {
      const bytes = Buffer.concat([Buffer.from(before), Buffer.from(wrong), Buffer.from(after)]);
      const message = `f:${before.split('\n').length}: this line is not UTF-8`;
      assert.throws(() => decodeUtf8(bytes, 'f'), refused(message));
      const found = await inPieces(bytes, cuts);
      assert.equal(found.message, message);
      assert.ok(before.startsWith(found.text));
      assert.ok(found.text.length > before.lastIndexOf('\n'));
    }),
    { numRuns: 500 },
  );
});

test('UTF-16 is told as such where its mark says so', async () => {
  const little = Buffer.from('\uFEFFä\tb\n', 'utf16le');
  for (const bytes of [little, Buffer.from(little).swap16()]) {
    assert.throws(() => decodeUtf8(bytes, 'f'), refused('f: this is UTF-16, not UTF-8'));
    assert.equal((await inPieces(bytes, [])).message, 'f: this is UTF-16, not UTF-8');
  }
});

test('a workbook or a picture under the name of a table is told as what it is not', async () => {
  const told = 'f: this is no text in UTF-8: it holds bytes of zero, as workbooks, pictures and archives do';
  for (const begin of ['PK\u0003\u0004', 'PNG\r\n\u001a\n']) {
    const bytes = Buffer.concat([Buffer.from(begin), Buffer.from([0xff, 0x00, 0x10, 0x0a, 0x00])]);
    assert.throws(() => decodeUtf8(bytes, 'f'), refused(told));
    assert.equal((await inPieces(bytes, [])).message, told);
  }
});

test('what is too large for one text is refused as such', () => {
  const bytes = Buffer.alloc(constants.MAX_STRING_LENGTH + 1);
  assert.throws(() => decodeUtf8(bytes, 'f'), refused('f: this file is too large to be read as one text'));
});
