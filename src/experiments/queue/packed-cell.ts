import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { builtIn, type Catalogue } from '../../catalogue/catalogue.ts';
import { openPlugins } from '../../catalogue/open-plugins.ts';
import { parseSettings, withAbsolutePaths } from '../../config/parse-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { rememberedHash } from '../../files/checkpoint-files.ts';
import { parseRepository } from '../../hub/connection.ts';
import { sourceOf } from '../../jobs/trials.ts';
import { packageVersion } from '../../library/provenance.ts';
import { builtInModel } from '../../models/built-in.ts';
import { chooseModelFiles, findModel } from '../../models/load-model.ts';
import { runFolder } from '../../runs/run-folder.ts';
import { mappings } from '../../structure/map-structure.ts';
import { readStructure } from '../../structure/structure-file.ts';
import { dataFolder, defaultDataFolder, isTaskFile } from '../../tasks/task-places.ts';
import { loadTask } from '../../tasks/tasks.ts';
import { type Cell, filesBefore } from '../cell.ts';

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
function namedPlaces({ model, task, data, plugins = [] }: Settings): Named[] {
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
async function hashPlace({ key, given }: Named, { task }: Settings, catalogue: Catalogue): Promise<string> {
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

const text = z.string().min(1).max(4096);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const natural = z.int().nonnegative();
/** What is said of every structure that is made; `to` is the file that the submitter's other cells find it in. */
const made = { budget: text, keepInert: z.boolean(), to: text };

/**
 * A cell as it travels: names and hashes, no paths that are opened unseen, no code, no secrets. A worker believes
 * nothing that this schema does not say.
 */
export const packedCell = z.strictObject({
  /** The version of s3delta that its numbers are those of. */
  program: text,
  /** In words. */
  name: text,
  job: z.enum(['search', 'train']),
  /** With paths as the submitter has them: of these only what `places` and `inputs` list is read. */
  settings: z.record(text, z.json()),
  derive: z
    .discriminatedUnion('by', [
      z.strictObject({
        by: z.literal('mean'),
        from: z.array(z.array(text).min(1)).min(1),
        map: z.enum(mappings).optional(),
        ...made,
      }),
      z.strictObject({ by: z.literal('draw'), space: text, seed: natural, draw: natural, ...made }),
    ])
    .optional(),
  places: z.array(
    z.strictObject({ key: z.enum(['model', 'task', 'data', 'plugins']), given: text.optional(), hash: sha256 }),
  ),
  /** Files that travel with the cell, by their paths at the submitter. */
  inputs: z.array(z.strictObject({ given: text, absolute: text, hash: sha256 })),
});

export type PackedCell = z.infer<typeof packedCell>;

/** A cell ready to be submitted. */
export interface Submission {
  /** A UUID, of what the cell computes: equal for equal cells, whoever submits them. */
  readonly id: string;
  readonly content: PackedCell;
  /** Bytes of the inputs, by their hash. */
  readonly inputs: ReadonlyMap<string, Uint8Array>;
}

/** Settings that say how a run computes or where it writes, not what. */
const notComputed: readonly string[] = ['threads', 'out', 'plugins'];

/**
 * Packs a cell for workers that share no folder with this machine.
 * @param hashes of places, kept from cell to cell: thousands name the same
 * @throws InputError where a file that it names is not there
 */
export async function packCell(
  cell: Cell,
  name: string,
  known: Catalogue = builtIn,
  hashes: Map<string, string> = new Map(),
): Promise<Submission> {
  const { job, derive } = cell;
  const { out: _, ...given } = cell.settings;
  const settings = {
    ...withAbsolutePaths(given),
    ...(given.structure && { structure: given.structure }),
  };
  const catalogue = openPlugins(settings.plugins, known);
  const places: Place[] = [];
  for (const place of namedPlaces(settings)) {
    const asked = JSON.stringify([place, settings.task, settings.plugins]);
    const hash = hashes.get(asked) ?? (await hashPlace(place, settings, catalogue));
    hashes.set(asked, hash);
    places.push({ ...place, hash });
  }
  // Where a structure is made, its file is not there yet.
  const files = derive === undefined ? [settings.structure].filter(file => file !== undefined) : filesBefore(derive);
  const inputs = new Map<string, Uint8Array>();
  const listed: PackedCell['inputs'] = [];
  for (const given of new Set(files)) {
    const bytes = await structureBytes(given);
    const hash = createHash('sha256').update(bytes).digest('hex');
    inputs.set(hash, bytes);
    listed.push({ given, absolute: resolve(given), hash });
  }
  const content: PackedCell = {
    program: packageVersion(),
    name,
    job,
    settings: settings as PackedCell['settings'],
    ...(derive && { derive: structuredClone(derive) as PackedCell['derive'] }),
    places,
    inputs: listed,
  };
  return { id: idOf(content), content, inputs };
}

/** The structure file that a path means, itself or in a run folder; where it comes from is written into it. */
async function structureBytes(path: string): Promise<Uint8Array> {
  const file = /\.json$/i.test(path) ? path : runFolder(path).structure;
  const structure = await readStructure(file);
  if (structure.source !== undefined) return readFile(file);
  return Buffer.from(JSON.stringify({ ...structure, source: await sourceOf(file, structure) }));
}

/** A UUID of all that a cell's numbers depend on: files by their content, not by their paths. */
export function idOf({ program, job, settings, derive, places, inputs }: Omit<PackedCell, 'name'>): string {
  const hashOf = (path: string) => inputs.find(({ given }) => given === path)?.hash ?? path;
  const computed = Object.entries(settings)
    .filter(([key]) => !notComputed.includes(key) && !places.some(place => place.key === key))
    .map(([key, value]) => [key, key === 'structure' ? hashOf(String(value)) : value])
    .filter(([key]) => !(key === 'structure' && derive !== undefined))
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  const made = derive && {
    ...derive,
    ...('from' in derive && { from: derive.from.map(group => group.map(hashOf)) }),
    to: null,
  };
  const hash = createHash('sha256')
    .update(JSON.stringify([program, job, computed, made ?? null, places.map(({ key, hash }) => [key, hash])]))
    .digest('hex');
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    `8${hash.slice(13, 16)}`,
    `8${hash.slice(17, 20)}`,
    hash.slice(20, 32),
  ].join('-');
}

/** What a worker must have: cells of one group are done by the same workers. */
export function groupOf({ program, places }: PackedCell): string {
  return createHash('sha256')
    .update(JSON.stringify([program, places.map(({ hash }) => hash)]))
    .digest('hex')
    .slice(0, 32);
}

/** The settings of a packed cell, checked as those of a user's are. Throws InputError. */
export function settingsOf({ settings, name }: PackedCell, catalogue: Catalogue): Settings {
  return parseSettings(settings, key => `${name}: ${key}`, catalogue);
}
