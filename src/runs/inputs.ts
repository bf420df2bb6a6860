import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { isThereIfNoted, readNotedJson } from '../files/noted-hashes.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { RunFolder } from './run-folder.ts';

const exampleSet = z.object({ rows: z.number(), sha256: z.string() });

const runInputs = z.object({
  version: z.literal(1),
  /** Settings that its numbers hang on, by key: those of `config.yaml` but places, and how it computes. */
  settings: z.record(z.string(), z.unknown()).optional(),
  /** The task as it was resolved, and the text of its file where it has one. */
  task: z.looseObject({
    name: z.string(),
    metric: z.string(),
    labels: z.array(z.string()).optional(),
    words: z.array(z.string()).optional(),
    file: z.object({ path: z.string(), text: z.string() }).optional(),
  }),
  /** The examples of each set as they were read and drawn, and the files that they came from. */
  data: z.object({
    train: exampleSet,
    validation: exampleSet,
    test: exampleSet,
    files: z.array(z.object({ path: z.string(), bytes: z.number(), sha256: z.string() })),
  }),
  /** SHA-256 of every file of the model. */
  model: z.object({ name: z.string(), files: z.record(z.string(), z.string()) }),
});

/** The content of `inputs.json`: what a run was made from, to the last bit. */
export type RunInputs = Readonly<z.infer<typeof runInputs>>;

/** @throws InputError where the file is none of this version's, or is not as it was left */
export async function readRunInputs({ inputs: file }: RunFolder): Promise<RunInputs | undefined> {
  if (!isThereIfNoted(file)) return undefined;
  const parsed = runInputs.safeParse(await readNotedJson(file));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new InputError(`not the inputs of a run: ${path.join('.') || 'content'}: ${message}`, {
    code: 'damaged-file',
    where: file,
    remedy: 'copy the run folder again from where it is whole; or remove the file, and nothing is compared any more',
  });
}

export function writeRunInputs({ inputs }: RunFolder, content: RunInputs): Promise<void> {
  return writeFileWhole(inputs, `${JSON.stringify(content, null, 2)}\n`);
}

/** Files of a model that are not as they were, in words. */
export function changedModelFiles(then: RunInputs['model'], now: Readonly<Record<string, string>>): string[] {
  const names = new Set([...Object.keys(then.files), ...Object.keys(now)]);
  return [...names].flatMap(name => {
    if (then.files[name] === now[name]) return [];
    if (now[name] === undefined) return [`${name} is gone`];
    return [then.files[name] === undefined ? `${name} is new` : `${name} has changed`];
  });
}

/** Sets whose examples are not as they were, in words, with the files that have changed. */
export function changedData(then: RunInputs['data'], now: RunInputs['data']): string[] {
  const sets = (['train', 'validation', 'test'] as const).filter(set => then[set].sha256 !== now[set].sha256);
  if (sets.length === 0) return [];
  const before = new Map(then.files.map(({ path, sha256 }) => [path, sha256]));
  const files = now.files.filter(({ path, sha256 }) => before.get(path) !== sha256).map(({ path }) => path);
  const counts = sets.map(set => {
    const [rows, rowsNow] = [then[set].rows, now[set].rows];
    return `${set} (${rows === rowsNow ? `${rows} rows, others than then` : `${rows} rows then, ${rowsNow} now`})`;
  });
  return [`examples of ${counts.join(', ')}${files.length === 0 ? '' : `: ${files.join(', ')}`}`];
}

/** What a built-in task says of itself, and a file says in words of its own. */
export function changedTask(then: RunInputs['task'], now: RunInputs['task']): string[] {
  const said = ['metric', 'labels', 'words', 'numbers'] as const;
  return said.flatMap(key => changeOf(key, then[key], now[key]));
}

/**
 * Settings that are not as they were, in words. A key that a later version has added says nothing.
 * @param now those of `config.yaml`
 * @param given keys that are given in their place
 */
export function changedSettings(
  then: RunInputs['settings'],
  now: Readonly<Record<string, unknown>>,
  given: readonly string[] = [],
): string[] {
  const said = Object.entries(then ?? {}).filter(([key]) => !given.includes(key));
  return said.flatMap(([key, value]) => changeOf(`config.yaml's ${key}`, value, now[key]));
}

/** `labels: "x" then, "y" now`; nothing where they are the same. */
export function changeOf(key: string, then: unknown, now: unknown): string[] {
  const [before, after] = [then, now].map(value => JSON.stringify(value) ?? 'none');
  return before === after ? [] : [`${key}: ${before} then, ${after} now`];
}

/** @throws InputError naming what has changed between a run's beginning and its going on */
export function requireSameInputs(changes: readonly string[], folder: RunFolder): void {
  if (changes.length === 0) return;
  throw new InputError(`what this run was begun with has changed: ${changes.join('; ')}`, {
    code: 'other-inputs',
    where: folder.path,
    remedy: 'put it back as it was and resume, or begin another run with another --out',
  });
}
