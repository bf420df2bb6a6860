import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { builtIn, type Catalogue } from '../../catalogue/catalogue.ts';
import { openPlugins } from '../../catalogue/open-plugins.ts';
import { parseSettings, withAbsolutePaths } from '../../config/parse-settings.ts';
import type { Settings } from '../../config/settings.ts';
import { sourceOf } from '../../jobs/trials.ts';
import { packageVersion } from '../../library/provenance.ts';
import { runFolder } from '../../runs/run-folder.ts';
import { mappings } from '../../structure/map-structure.ts';
import { readStructure } from '../../structure/structure-file.ts';
import { type Cell, filesBefore } from '../cell.ts';
import { hashPlace, namedPlaces, type Place } from './places.ts';

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
    ...(given.prior && { prior: given.prior }),
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
  const own = derive === undefined ? [settings.structure].filter(file => file !== undefined) : filesBefore(derive);
  const files = [...own, ...(settings.prior ?? [])];
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
  const hashed = (value: unknown) => (Array.isArray(value) ? value.map(hashOf) : hashOf(String(value)));
  const computed = Object.entries(settings)
    .filter(([key]) => !notComputed.includes(key) && !places.some(place => place.key === key))
    .map(([key, value]) => [key, readsInput(key) ? hashed(value) : value])
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

/** Settings whose paths are those of inputs. */
function readsInput(key: string): boolean {
  return key === 'structure' || key === 'prior';
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
