import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Settings } from '../../config/settings.ts';
import { rememberedHash } from '../../files/checkpoint-files.ts';
import { parseRepository } from '../../hub/connection.ts';
import { builtInModel } from '../../models/built-in.ts';
import { chooseModelFiles, findModel } from '../../models/load-model.ts';
import { dataFolder, defaultDataFolder, isTaskFile } from '../../tasks/task-places.ts';
import { loadTask } from '../../tasks/tasks.ts';

/** What a cell reads that does not travel with it: every worker has it, or gets it from the Hub. */
export interface Place {
  readonly key: 'model' | 'task' | 'data' | 'plugins';
  /** As the submitter names it; absent for the folder that data lie in where none is named. */
  readonly given?: string | undefined;
  /** Of all that is read there. */
  readonly hash: string;
}

type Named = Pick<Place, 'key' | 'given'>;

/** The places that settings name. */
export function namedPlaces({ model, task, data, plugins = [] }: Settings): Named[] {
  return [
    ...plugins.map((given): Named => ({ key: 'plugins', given })),
    { key: 'model', given: model },
    ...(isTaskFile(task!) ? [{ key: 'task', given: task } as const] : []),
    { key: 'data', given: data },
  ];
}

/**
 * Hash of what a cell with these settings reads at a place; of the same content it is the same on every machine.
 * @throws InputError where it is not there
 */
export async function hashPlace({ key, given }: Named, { task }: Settings, catalogue: Catalogue): Promise<string> {
  if (key === 'model') {
    const { folder } = await findModel(given!);
    return hashFiles(folder, chooseModelFiles(await readdir(folder), folder));
  }
  if (key !== 'data') return hashFiles(dirname(given!), [basename(given!)]);
  const reader = await loadTask(task!, catalogue);
  const folder = await dataFolder(reader, given ?? defaultDataFolder(), {});
  const found = reader.find(folder);
  // A task that brings its data has it from a package of one version.
  if (found === undefined) return hashFiles('.', []);
  if ((await stat(found)).isDirectory()) return hashFiles(found, await filesBelow(found));
  const own = [dirname(task!), folder].find(place => isWithin(found, place)) ?? dirname(found);
  return hashFiles(own, (await filesBelow(own)).filter(reader.mayRead));
}

async function hashFiles(folder: string, paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths.toSorted()) hash.update(JSON.stringify([path, await rememberedHash(join(folder, path))]));
  return hash.digest('hex');
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile() && !entry.name.startsWith('.'))
    .map(entry => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
}

/** What a worker lets cells read. */
export interface Allowed {
  /** Cells may name what lies in these, by its path or by any end of its path in them. */
  readonly folders: readonly string[];
  /** Whether they may name models and data sets of the Hub. */
  readonly hub: boolean;
}

/**
 * What a place is on this machine: the name to give instead, or why there is none. Nothing outside of what is allowed
 * is opened.
 */
export async function findPlace(
  place: Place,
  settings: Settings,
  allowed: Allowed,
  catalogue: Catalogue,
): Promise<{ readonly here: string | undefined } | { readonly lacks: string }> {
  const { key, given, hash } = place;
  const what = given === undefined ? 'the data of the task' : `${key} ${given}`;
  let found = false;
  for (const here of await candidates(place, allowed)) {
    found = true;
    const actual = await hashPlace({ key, given: here }, settings, catalogue).catch(() => undefined);
    if (actual === hash) return { here };
  }
  const folder = allowed.folders.length > 0 ? `one of ${allowed.folders.join(', ')}` : 'a folder, named by --allow';
  const hub = !allowed.hub && isHubName(place) ? ', or start the worker without --no-hub' : '';
  return {
    lacks: found
      ? `${what} is another here: its files have other hashes`
      : `${what} is not here, or not allowed: put it into ${folder}${hub}`,
  };
}

async function candidates({ key, given }: Place, { folders, hub }: Allowed): Promise<(string | undefined)[]> {
  if (given === undefined || (key === 'model' && builtInModel(given) !== undefined)) return [given];
  const parts = resolve(given).split(sep).filter(Boolean);
  // The nearest first: `films/task.yaml` is rather meant than any `task.yaml`.
  const ends = parts.map((_, from) => join(...parts.slice(from)));
  const names = [resolve(given), ...folders.flatMap(folder => ends.map(end => join(folder, end)))];
  const roots = await Promise.all(folders.map(folder => realpath(folder).catch(() => undefined)));
  const inside: string[] = [];
  for (const name of new Set(names)) {
    const real = await realpath(name).catch(() => undefined);
    if (real !== undefined && roots.some(root => root !== undefined && isWithin(real, root))) inside.push(name);
  }
  return hub && isHubName({ key, given }) ? [...inside, given] : inside;
}

/** Whether a place can be one of the Hub: what lies here by that name is meant before. */
function isHubName({ key, given }: Named): boolean {
  if (given === undefined || (key !== 'model' && key !== 'data') || existsSync(given)) return false;
  return parseRepository(given, key === 'model' ? 'model' : 'dataset') !== undefined;
}

function isWithin(path: string, folder: string): boolean {
  const [inner, outer] = [resolve(path), resolve(folder)];
  return inner === outer || inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}
