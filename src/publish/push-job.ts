import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, hostname, tmpdir, userInfo } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { builtIn, type WithCatalogue } from '../catalogue/catalogue.ts';
import type { Settings } from '../config/settings.ts';
import { InputError } from '../core/errors.ts';
import { exporterOf } from '../export/formats.ts';
import { isThere } from '../files/regular-file.ts';
import { parseYaml, readTextFile } from '../files/text-files.ts';
import { parseRepository, type Repository } from '../hub/connection.ts';
import { requireUpload, type Uploaded, upload } from '../hub/upload.ts';
import { runExportJob } from '../jobs/export-job.ts';
import type { JobContext } from '../jobs/job-events.ts';
import { loadTuned } from '../jobs/load-tuned.ts';
import { readRun, readRunView } from '../jobs/report-job.ts';
import type { ExportOutcome } from '../library/export-model.ts';
import { asInterrupted } from '../library/run-to-end.ts';
import { structureSvg } from '../report/pictures/heat-map-svg.ts';
import { shownModules } from '../report/run-view.ts';
import { modelCard, pictureFile } from './model-card.ts';

export interface PushOptions extends Pick<JobContext, 'signal' | 'onEvent'>, WithCatalogue {
  /** Name of an exporter (default: the first one, which holds any module). */
  readonly format?: string;
  readonly dtypes?: readonly string[];
  readonly isPrivate?: boolean;
  /** Whether the repository may be there already. */
  readonly mayUpdate?: boolean;
  /** The base's licence (default: what its card says). */
  readonly licence?: string;
  /** A folder to write in place of an upload. */
  readonly dryRun?: string;
}

/** What was pushed, or would be. */
export interface PushOutcome extends Pick<ExportOutcome, 'files' | 'bytes' | 'format'> {
  readonly repository: string;
  /** Absent of a dry run, which has left `folder`. */
  readonly uploaded?: Uploaded;
  readonly folder?: string;
}

/**
 * Puts what a run has trained on the Hub, with a model card: exported into a folder of its own, looked over for what is
 * private, and uploaded as one commit.
 * @param name `org/name`
 * @throws InputError where the run has trained nothing, the licence is not known, something private is in it, or the
 * Hub refuses
 */
export function pushRun(
  path: string,
  name: string,
  options: PushOptions = {},
  changes: Pick<Settings, 'model' | 'task' | 'plugins'> = {},
): Promise<PushOutcome> {
  const { catalogue = builtIn, dtypes, signal, dryRun, isPrivate = false, mayUpdate = false } = options;
  const format = options.format ?? Object.keys(catalogue.exporters)[0]!;
  return asInterrupted(signal, async () => {
    const repository = repositoryOf(name);
    if (dryRun === undefined) requireUpload(repository);
    const card = await describe(path, name, format, options, changes);
    const parent = dryRun === undefined ? await mkdtemp(join(tmpdir(), 's3delta-push-')) : undefined;
    const folder = dryRun ?? join(parent!, 'model');
    try {
      const { beside, source, paths } = card;
      const outcome = await runExportJob(
        path,
        { format, source, beside, out: folder, ...(dtypes && { dtypes }), ...(signal && { signal }) },
        changes,
      );
      const { files, bytes } = outcome;
      await requireNothingPrivate(folder, [...paths, ...(dryRun === undefined ? [] : [dryRun])]).catch(async error => {
        await rm(folder, { recursive: true });
        throw error;
      });
      if (dryRun !== undefined) return { repository: name, format, files, bytes, folder };
      const uploaded = await upload({
        ...{ repository, folder, files, isPrivate, mayUpdate, signal },
        title: `Upload ${format} by s3delta`,
      });
      return { repository: name, format, files, bytes, uploaded };
    } finally {
      if (parent !== undefined) await rm(parent, { recursive: true, force: true });
    }
  });
}

/** Card and picture of a run, and what in it is a path. */
async function describe(
  path: string,
  name: string,
  format: string,
  { licence, catalogue = builtIn }: PushOptions,
  changes: Pick<Settings, 'model' | 'task' | 'plugins'>,
) {
  const { folder, result, structure } = await readRun(path);
  const { config, model } = await loadTuned(path, { ...changes, device: 'cpu', precision: 'float32' });
  const source = config.settings.model;
  const { usage } = exporterOf(format, '--format', catalogue.exporters);
  const baseOnHub = isThere(source) ? undefined : parseRepository(source, 'model')?.name;
  const base = baseOnHub ?? model.name;
  const published = { repository: name, classifies: model.heads.length > 0, base };
  const modules = shownModules(structure);
  const { verdict } = await readRunView(folder);
  const known = licence ?? (await licenceOf(model.folder));
  if (known === undefined) {
    throw new InputError(`the card of ${base} says no licence`, {
      code: 'missing-licence',
      where: base,
      remedy: 'give --license NAME, as the Hub names it: apache-2.0, mit, other …',
    });
  }
  const readme = modelCard({
    ...{ ...published, baseOnHub, result, modules, verdict, format, licence: known },
    usage: usage?.(published) ?? [],
  });
  const picture = structureSvg(modules, `${result.task} on ${base}`);
  return {
    beside: { 'README.md': readme, [pictureFile]: picture },
    source: base,
    paths: [path, model.folder].map(each => resolve(each)),
  };
}

/** What the card beside a checkpoint says in its metadata. */
async function licenceOf(folder: string): Promise<string | undefined> {
  const file = join(folder, 'README.md');
  if (!isThere(file)) return undefined;
  const [, front] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(await readTextFile(file)) ?? [];
  if (front === undefined) return undefined;
  const { value } = parseYaml(front, file);
  const { license } = (value ?? {}) as { readonly license?: unknown };
  return typeof license === 'string' && license !== '' ? license : undefined;
}

/** @throws InputError where that is no name of a repository */
function repositoryOf(name: string): Repository {
  const repository = parseRepository(name, 'model');
  if (repository !== undefined && !name.includes('@')) return repository;
  throw new InputError(`\`${name}\` is no name of a repository`, {
    code: 'unknown-value',
    where: 'org/name',
    remedy: `write org/name, for example me/${basename(name).replaceAll(/[^\w.-]/g, '') || 'guestbook'}`,
  });
}

/** Shorter paths and names stand in any text. */
const shortest = 4;
/** What a name of a machine has and a word has not: one called `test` is nobody's secret. */
const unlikeWord = /[\d.-]/;

/** Files that this program writes or changes; a vocabulary holds any word, and weights hold none. */
const looked = /^(README\.md|s3delta\.json|structure\.svg|.*config\.json)$/;

const tokens = /\bhf_[A-Za-z0-9]{16,}/;
/** A value that is a path from the root, in a JSON file. */
const absolutePath = /"(?:\/[^"/\s]+){2,}\/?"|"[A-Za-z]:\\\\[^"]*"/;

/**
 * Looks over a folder that is to be published for what is nobody's business: a token, a path of this machine, its name
 * or its user's.
 * @param paths that the run was made with
 * @throws InputError naming the file, and what is in it
 */
export async function requireNothingPrivate(folder: string, paths: readonly string[]): Promise<void> {
  const words: [what: string, word: string][] = [
    ...[homedir(), process.cwd(), tmpdir(), ...paths].map((path): [string, string] => ['a path', resolve(path)]),
    ['the name of this machine', unlikeWord.test(hostname()) ? hostname() : ''],
    ['the name of a user', `/${userInfo().username}/`],
    ['the name of a user', `${userInfo().username}@`],
    ['a token', process.env.HF_TOKEN?.trim() ?? ''],
  ];
  for (const name of readdirSync(folder).filter(each => looked.test(each))) {
    const text = await readTextFile(join(folder, name));
    const [what] =
      words.find(([, word]) => word.length >= shortest && holdsWord(text, word)) ??
      (tokens.test(text) ? ['a token'] : name.endsWith('.json') && absolutePath.test(text) ? ['a path'] : []);
    if (what === undefined) continue;
    throw new InputError(`this would publish ${what}`, {
      code: 'private-content',
      where: name,
      remedy: 'take it out of the names of task and labels, the template, or the config.json of the base',
    });
  }
}

/** Whether a word stands there by itself: a folder `/data/film` is not told by `/data/films`. */
function holdsWord(text: string, word: string): boolean {
  const joins = (outer: string | undefined, inner: string | undefined) => /^\w\w$/.test(`${outer}${inner}`);
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    const end = at + word.length;
    if (!joins(text[at - 1], word[0]) && !joins(word.at(-1), text[end])) return true;
  }
  return false;
}
