import type { FileHandle } from 'node:fs/promises';

/** No system reads more at once than a little less than 2 GiB. */
const AT_ONCE = 2 ** 30;

/**
 * Fills bytes with what stands in a file from a position on.
 * @returns how many there were: fewer than asked for where the file ends before
 */
export async function readAt(handle: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < bytes.byteLength) {
    const most = Math.min(AT_ONCE, bytes.byteLength - done);
    const { bytesRead } = await handle.read(bytes, done, most, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
