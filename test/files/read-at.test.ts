import assert from 'node:assert/strict';
import type { FileHandle } from 'node:fs/promises';
import { test } from 'node:test';
import { readAt } from '../../src/files/regular-file.ts';

/** A file that gives no more than some bytes at once, as every file does above 2 GiB. */
function stingyFile(content: Uint8Array, atOnce: number): FileHandle {
  const read = async (bytes: Uint8Array, offset: number, length: number, position: number) => {
    const piece = content.subarray(position, position + Math.min(length, atOnce));
    bytes.set(piece, offset);
    return { bytesRead: piece.length, buffer: bytes };
  };
  return { read } as unknown as FileHandle;
}

const content = Uint8Array.from({ length: 20 }, (_, i) => i);

test('bytes come whole, however few a read gives', async () => {
  const bytes = new Uint8Array(9);
  assert.equal(await readAt(stingyFile(content, 4), bytes, 3), 9);
  assert.deepEqual(bytes, content.subarray(3, 12));
});

test('where the file ends, there are fewer', async () => {
  const bytes = new Uint8Array(9);
  assert.equal(await readAt(stingyFile(content, 4), bytes, 15), 5);
  assert.deepEqual(bytes.subarray(0, 5), content.subarray(15));
});
