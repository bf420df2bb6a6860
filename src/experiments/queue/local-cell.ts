import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { builtIn, type Catalogue } from '../../catalogue/catalogue.ts';
import { openPlugins } from '../../catalogue/open-plugins.ts';
import type { Settings } from '../../config/settings.ts';
import { packageVersion } from '../../library/provenance.ts';
import { type Cell, type Derivation, filesBefore } from '../cell.ts';
import type { Statements } from './database.ts';
import { type Allowed, findPlace, type PackedCell, packedCell, settingsOf } from './packed-cell.ts';
import { restoreInput, type Translate } from './run-pieces.ts';

/** A structure that is made of others lies in the run folder, so that it is brought back with it. */
export const derivedFile = 'derived-structure.json';

/** A cell on a worker: what it names lies on this machine. */
export interface LocalCell {
  readonly cell: Cell;
  /** From this machine's paths to the submitter's, for files that are stored. */
  readonly outward: Translate;
  /** And back, for those that are restored. */
  readonly inward: Translate;
}

/** What cannot be a cell, whoever looks at it. */
export class PoisonError extends Error {}

/** What this worker lacks for a cell; another may have it. */
export class LackError extends Error {}

/** What one path is called on both sides. */
interface Pair {
  readonly given: string;
  readonly absolute: string;
  readonly here: string;
}

/** Reads what the queue holds of a cell. Throws a PoisonError for what is none. */
export function readPacked(content: unknown): PackedCell {
  const parsed = packedCell.safeParse(content);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new PoisonError(`this is no cell: ${path.join('.') || 'content'}: ${message}`);
}

/**
 * Makes sure that everything a cell names is here, the same by its hash, and allowed, and writes its inputs.
 * @param folder of the cell on this machine; the run goes into `run` in it
 * @throws LackError where something is missing here, PoisonError where the settings are none
 */
export async function unpackCell(
  packed: PackedCell,
  folder: string,
  allowed: Allowed,
  statements: Statements,
  known: Catalogue = builtIn,
): Promise<LocalCell> {
  if (packed.program !== packageVersion()) {
    throw new LackError(`it is a cell of s3delta ${packed.program}, and this worker is ${packageVersion()}`);
  }
  requireListed(packed);
  const pairs: Pair[] = [];
  let settings = packed.settings as Settings;
  let catalogue = known;
  for (const place of packed.places) {
    const found = await findPlace(place, settings, allowed, catalogue);
    if ('lacks' in found) throw new LackError(found.lacks);
    const { here } = found;
    if (place.given === undefined || here === undefined || here === place.given) continue;
    pairs.push({ given: place.given, absolute: place.given, here });
    // inputs.json names each file that was read there.
    if (place.key === 'task')
      pairs.push({ given: dirname(place.given), absolute: dirname(place.given), here: dirname(here) });
    const plugins = settings.plugins?.map(file => (file === place.given ? here : file));
    settings = place.key === 'plugins' ? { ...settings, plugins } : { ...settings, [place.key]: here };
  }
  catalogue = openPlugins(settings.plugins, known);
  for (const { given, absolute, hash } of packed.inputs) {
    const here = join(folder, 'inputs', `${hash}.json`);
    await restoreInput(statements, hash, here);
    pairs.push({ given, absolute, here });
  }
  const run = join(folder, 'run');
  const { derive } = packed;
  if (derive !== undefined)
    pairs.push({ given: derive.to, absolute: resolve(derive.to), here: join(run, derivedFile) });
  const here = (path: string) => pairs.find(({ given }) => given === path)?.here ?? path;
  const { structure } = settings;
  const local: PackedCell = {
    ...packed,
    settings: {
      ...settings,
      ...(structure !== undefined && { structure: here(structure) }),
    } as PackedCell['settings'],
  };
  const cell: Cell = {
    ...labelsOf(local),
    folder: run,
    job: packed.job,
    settings: checkedSettings(local, catalogue),
    ...(derive && { derive: derivationHere(derive, here) }),
  };
  return { cell, outward: outward(pairs), inward: inward(pairs) };
}

function derivationHere(derive: NonNullable<PackedCell['derive']>, here: (path: string) => string): Derivation {
  const to = here(derive.to);
  if (derive.by === 'draw') return { ...derive, to };
  const { map, from, ...rest } = derive;
  return { ...rest, from: from.map(group => group.map(here)), ...(map && { map }), to };
}

/** Nothing is read but what is listed with a hash: a path that is not would be opened unseen. */
function requireListed({ settings, places, inputs, derive }: PackedCell): void {
  const { structure, model, data, task, plugins = [] } = settings as Settings;
  const isInput = (path: string) => inputs.some(({ given }) => given === path);
  const isPlace = (key: string, path: string | undefined) =>
    places.some(place => place.key === key && place.given === path);
  const listed =
    isPlace('model', model) &&
    isPlace('data', data) &&
    typeof task === 'string' &&
    (!/\.ya?ml$/i.test(task) || isPlace('task', task)) &&
    plugins.every(file => isPlace('plugins', file)) &&
    (derive === undefined
      ? structure === undefined || isInput(structure)
      : structure === derive.to && filesBefore(derive as Derivation).every(isInput)) &&
    !('out' in settings);
  if (!listed) throw new PoisonError('the cell names a path that it lists no hash of');
}

function checkedSettings(packed: PackedCell, catalogue: Catalogue): Settings {
  try {
    return settingsOf(packed, catalogue);
  } catch (error) {
    throw new PoisonError((error as Error).message);
  }
}

/** What tables would call it, for the executor, which shares sessions among cells that differ by their seed alone. */
function labelsOf({ settings, derive }: PackedCell): Omit<Cell, 'folder' | 'job' | 'settings' | 'derive'> {
  const { seed, ...others } = settings as Settings;
  const method = createHash('sha256')
    .update(JSON.stringify([others, derive]))
    .digest('hex');
  return { task: String(others.task), method, label: '', variant: '', budget: null, seed: seed ?? 0, isFound: false };
}

/** config.yaml has absolute paths, the others have them as they were given. */
function outward(pairs: readonly Pair[]): Translate {
  return (file, bytes) => {
    let text = bytes.toString();
    for (const { given, absolute, here } of pairs)
      text = exchange(text, here, file === 'config.yaml' ? absolute : given);
    return Buffer.from(text);
  };
}

function inward(pairs: readonly Pair[]): Translate {
  return (file, bytes) => {
    let text = bytes.toString();
    for (const { given, absolute, here } of pairs)
      text = exchange(text, file === 'config.yaml' ? absolute : given, here);
    return Buffer.from(text);
  };
}

/** Exchanges a path that is a whole string of JSON or the beginning of one, or a whole value of YAML, for another. */
function exchange(text: string, from: string, to: string): string {
  const plain = /^[\w./][\w./@%+-]*$/;
  const written = plain.test(to) ? to : JSON.stringify(to);
  return text
    .replaceAll(JSON.stringify(from), () => JSON.stringify(to))
    .replaceAll(`${JSON.stringify(from).slice(0, -1)}/`, () => `${JSON.stringify(to).slice(0, -1)}/`)
    .replaceAll(`: ${from}\n`, () => `: ${written}\n`)
    .replaceAll(`- ${from}\n`, () => `- ${written}\n`);
}
