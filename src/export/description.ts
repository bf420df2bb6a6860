import { statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { hashFile } from '../files/check-once.ts';
import { readSealedJson, sealedJson } from '../files/noted-hashes.ts';
import { isThere } from '../files/regular-file.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import type { Codec } from '../models/codec.ts';
import { fromTemplates, templatesOf } from '../tasks/segments.ts';
import { type Task, tasks } from '../tasks/tasks.ts';

/** Its name. */
export const descriptionFile = 's3delta.json';
const VERSION = 1;

const count = z.int().nonnegative();
/** File names only: a description from elsewhere must not make us open other files. */
const fileName = z.string().regex(/^[\w.-]+$/);
/** Of a file in the folder or one below it. */
const pathWithin = z.string().regex(/^(?!\.\.?\/)[\w.-]+(\/(?!\.\.?(\/|$))[\w.-]+)*$/);
const graph = z.looseObject({ file: fileName });
const named = <Value extends z.ZodType>(value: Value) => z.record(fileName, value);

const description = z.looseObject({
  /** A name in the list of `formats.ts`. */
  format: z.string(),
  version: z.literal(VERSION),
  /** Version of the program that wrote it. */
  s3delta: z.string(),
  /** The backbone, and how many modules and parameters were trained for it. */
  model: z.looseObject({ name: z.string(), fingerprint: z.string(), parameters: count }),
  trained: z.looseObject({ modules: count, parameters: count }),
  task: z.looseObject({
    name: z.string(),
    /** Whether it comes with the program, and so may be more than its template. */
    builtIn: z.boolean(),
    metric: z.string(),
    /** Answers to choose from and what they stand for, in the task's order; null where answers are free text. */
    labels: z
      .array(z.looseObject({ answer: z.string(), name: z.string() }))
      .min(1)
      .nullable(),
    /** What the model reads, with {field} where a field's text belongs; null where it is more than that. */
    template: z.string().nullable(),
    /** The same as what the task gives to read, before a model writes it in its own form; absent in older exports. */
    segments: z.array(z.looseObject({ name: z.string().optional(), text: z.string() })).optional(),
    /** Whether answers are numbers, and whether each example gives its own to choose among. */
    numbers: z.boolean().optional(),
    choices: z.boolean().optional(),
    /** Longest source, in tokens, the end of sequence included. */
    maxLength: z.int().min(2),
    /**
     * Longest free-text answer, in tokens, without a sentinel and the end of sequence; absent where the task does not
     * say.
     */
    maxTargetLength: z.int().positive().optional(),
    /** Of a model that answers in text: whether sources end in the first sentinel, and answers begin with it. */
    sentinel: z.boolean().optional(),
  }),
  /** Every file of the folder: nothing else in it is ours to replace. */
  files: z.array(z.string()),
  /** SHA-256 of those that are no weights, by their paths: config and tokenizer, which carry none themselves. */
  sha256: z.record(pathWithin, z.string()).optional(),
  /** Test score of the run, 0 to 100. */
  score: z.looseObject({ metric: z.string(), test: z.number().nullable() }).optional(),
  /** Of the format `onnx`. */
  onnx: z
    .looseObject({
      /** How the graphs are asked, and what has to be known for it (`onnx-forms.ts`). */
      form: z.string(),
      facts: named(count),
      /** By the names that other programs know them by. */
      graphs: named(graph),
      /** Of graphs and weights, by their names. */
      sha256: named(z.string()),
    })
    .optional(),
});

/**
 * `s3delta.json`: what an exported model is for, and how it is asked. Other programs read it: fields are added, never
 * renamed.
 */
export type ExportDescription = z.infer<typeof description>;

export type DescribedTask = ExportDescription['task'];

/** Writes `s3delta.json` into an export's folder. */
export async function writeDescription(
  folder: string,
  content: Omit<ExportDescription, 'version'> & Readonly<Record<string, unknown>>,
): Promise<void> {
  const { format, ...rest } = content;
  await writeFileWhole(join(folder, descriptionFile), sealedJson({ format, version: VERSION, ...rest }));
}

/** Whether a folder holds an exported model. */
export function holdsExport(folder: string): boolean {
  return isThere(join(folder, descriptionFile));
}

/** Files larger than this are weights, which carry hashes of their own. */
const SMALL = 32 * 2 ** 20;

/** SHA-256 of what a folder holds beside weights, to be described. */
export async function hashSmallFiles(folder: string, files: readonly string[]): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const file of files) {
    const path = join(folder, file);
    if (isThere(path) && statSync(path).size <= SMALL) hashes[file] = await hashFile(path);
  }
  return hashes;
}

/**
 * Makes sure that what an export was described with is there as it was.
 * @throws InputError naming the file that has changed, or is gone
 */
export async function requireFilesAsDescribed(folder: string, { sha256 = {} }: ExportDescription): Promise<void> {
  for (const [name, hash] of Object.entries(sha256)) {
    const where = join(folder, name);
    if (isThere(where) && (await hashFile(where)) === hash) continue;
    throw new InputError(`the export's file ${isThere(where) ? 'is not what was written' : 'is not there any more'}`, {
      code: 'damaged-file',
      where,
      remedy:
        'export the run again; if it was changed on purpose, remove its line from ' +
        `\`sha256\` and \`sha256OfThis\` in ${descriptionFile}`,
    });
  }
}

/** What an export's folder says of itself. @throws InputError where that cannot be read */
export async function readDescription(folder: string): Promise<ExportDescription> {
  const file = join(folder, descriptionFile);
  const parsed = description.safeParse(await readSealedJson(file));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new InputError(`not the description of an exported model: ${path.join('.') || 'content'}: ${message}`, {
    code: 'unreadable-export',
    where: file,
    remedy: 'export the run again',
    cause: parsed.error,
  });
}

/** What has to be known of a task to describe it. */
export type ExportedTask = Pick<Task, 'name' | 'metric' | 'labels'> &
  Partial<Pick<Task, 'words' | 'numbers' | 'choices' | 'segments' | 'rows' | 'maxTargetLength'>>;

/** What has to be known of a task to ask a model. */
export type InferenceTask = Omit<ExportedTask, 'metric'>;

/** A task as plain data, in the form in which a model reads and answers it. */
export function describeTask(
  { name, metric, labels, numbers, choices, segments, maxTargetLength }: ExportedTask,
  codec: Pick<Codec, 'read' | 'choice' | 'form'>,
  maxLength: number,
): DescribedTask {
  const templates = segments && templatesOf(segments);
  return {
    name,
    builtIn: tasks.some(task => task.name === name && task.segments === segments),
    metric,
    labels: codec.choice?.labels?.map(({ word, name }) => ({ answer: word, name })) ?? null,
    template: templates === undefined ? null : codec.read(templates).text,
    ...(templates && { segments: templates.map(({ name, text }) => ({ ...(name !== undefined && { name }), text })) }),
    ...(numbers && { numbers }),
    ...(choices && { choices }),
    ...(labels === undefined && maxTargetLength !== undefined && { maxTargetLength }),
    maxLength,
    ...codec.form,
  };
}

/**
 * The task that was described.
 * @throws InputError, naming the folder, where it is one of another version of this program
 */
export function taskOf(
  { name, builtIn, labels, numbers, choices, template, segments, maxTargetLength }: DescribedTask,
  folder: string,
): InferenceTask {
  if (builtIn) {
    const known = tasks.find(task => task.name === name);
    if (known !== undefined) return known;
    throw new InputError(`there is no task "${name}"`, {
      code: 'unknown-task',
      where: folder,
      remedy: 'give a task file with --task',
    });
  }
  const templates = segments ?? (template === null ? undefined : [{ text: template }]);
  return {
    name,
    labels: labels?.map(label => label.name),
    ...(labels && { words: labels.map(({ answer }) => answer) }),
    ...(numbers && { numbers }),
    ...(choices && { choices }),
    ...(templates && { segments: fromTemplates(templates) }),
    ...(maxTargetLength !== undefined && { maxTargetLength }),
  };
}
