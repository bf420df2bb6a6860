import { createWriteStream, openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { BlobReader, configure, type FileEntry, ZipReader } from '@zip.js/zip.js';
import { BackboneError } from './backbone-error.ts';

configure({ useWebWorkers: false });

/** The files of a zip archive (a wheel and a jar are such), by their paths in it. */
export type Archive = ReadonlyMap<string, FileEntry>;

/** Opens an archive that lies in one file, or cut into several that follow each other. */
export async function openArchive(...parts: readonly string[]): Promise<Archive> {
  const blob = new Blob(await Promise.all(parts.map(part => openAsBlob(part))));
  try {
    const entries = await new ZipReader(new BlobReader(blob), { checkSignature: true }).getEntries();
    return new Map(entries.filter(entry => !entry.directory).map(entry => [entry.filename, entry]));
  } catch (cause) {
    throw new BackboneError(`no zip archive: ${(cause as Error).message}`, { where: parts.join(', '), cause });
  }
}

/** Writes a file of an archive into a folder, under its own name or another; returns where. */
export async function extract(archive: Archive, path: string, folder: string, name = path): Promise<string> {
  const entry = archive.get(path);
  if (entry === undefined) {
    throw new BackboneError(`the archive has no file ${path}, but ${[...archive.keys()].join(', ')}`);
  }
  const target = join(folder, name.slice(name.lastIndexOf('/') + 1));
  // The two declarations of a stream, Node's and the browser's, differ in nothing that is used here.
  await entry.getData(Writable.toWeb(createWriteStream(target)) as WritableStream<Uint8Array>);
  return target;
}
