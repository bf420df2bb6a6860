import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';

export const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/backbones/${name}`, import.meta.url));

/** Writes a zip archive of these files. */
export async function writeZip(path: string, files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  const zip = new ZipWriter(new Uint8ArrayWriter());
  for (const [name, content] of Object.entries(files)) {
    await zip.add(
      name,
      new Uint8ArrayReader(typeof content === 'string' ? new TextEncoder().encode(content) : content),
    );
  }
  writeFileSync(path, await zip.close());
}

/** What pip demands of a wheel beside its content. */
export const wheelFiles = {
  'tiny-1.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n',
  'tiny-1.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  'tiny-1.0.dist-info/RECORD': '',
};

export const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
