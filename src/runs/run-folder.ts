import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { InputError, StorageError } from '../core/errors.ts';
import { shellWord } from '../core/format.ts';
import { makeFolder } from '../files/folders.ts';
import { NOTES } from '../files/noted-hashes.ts';
import { isThere } from '../files/regular-file.ts';

/** Where everything of a run lies. Making one of these touches no file. */
export interface RunFolder {
  readonly path: string;
  /** Resolved settings with versions (`config.yaml`). */
  readonly config: string;
  /** Task, data and model that it was begun with (`inputs.json`). */
  readonly inputs: string;
  /** A line an evaluation (`metrics.jsonl`). */
  readonly metrics: string;
  /** How the search came to its structure (`search-history.jsonl`). */
  readonly history: string;
  /** Every candidate with what it is worth, p and whether it is kept (`structure.json`). */
  readonly structure: string;
  /** Trained parameters of the kept modules (`delta.safetensors`). */
  readonly delta: string;
  /** Scores and resources (`result.json`). */
  readonly result: string;
  /** How its last process has ended (`outcome.json`). */
  readonly outcome: string;
  /** State to resume from, removed when the run is done (`checkpoint/`). */
  readonly checkpoint: string;
  /** What its job will do, beside that state (`checkpoint/stages.json`). */
  readonly stages: string;
  /** The process that writes here, while one does (`lock.json`). */
  readonly lock: string;
  readonly report: string;
  readonly heatmap: string;
  readonly curves: string;
}

/** @throws InputError for a text that no path can be */
export function runFolder(path: string): RunFolder {
  if (path.includes('\0')) {
    throw new InputError('a path cannot hold a NUL character', {
      code: 'bad-path',
      where: '--out',
      remedy: 'give another --out',
    });
  }
  return {
    path,
    config: join(path, 'config.yaml'),
    inputs: join(path, 'inputs.json'),
    metrics: join(path, 'metrics.jsonl'),
    history: join(path, 'search-history.jsonl'),
    structure: join(path, 'structure.json'),
    delta: join(path, 'delta.safetensors'),
    result: join(path, 'result.json'),
    outcome: join(path, NOTES),
    checkpoint: join(path, 'checkpoint'),
    stages: join(path, 'checkpoint', 'stages.json'),
    lock: join(path, 'lock.json'),
    report: join(path, 'report.html'),
    heatmap: join(path, 'heatmap.svg'),
    curves: join(path, 'curves.svg'),
  };
}

function holdsRun(folder: RunFolder): boolean {
  return [folder.config, folder.metrics, folder.structure, folder.delta, folder.result, folder.checkpoint].some(file =>
    isThere(file),
  );
}

/**
 * Makes sure that a new run can be written there. Touches no file.
 * @throws InputError where the folder holds a run already, cannot be written, or is no folder
 */
export function requireFreshFolder(folder: RunFolder): void {
  requireWritableFolder(resolve(folder.path));
  if (holdsRun(folder)) {
    throw new InputError('this folder already holds a run', {
      code: 'folder-in-use',
      where: folder.path,
      remedy: `give another --out, or go on with that run: --resume --out ${folder.path}`,
    });
  }
}

/** The folder, or the nearest one above it that exists, must be one to write in. */
function requireWritableFolder(path: string): void {
  if (!existsSync(path)) {
    requireWritableFolder(dirname(path));
    return;
  }
  if (!statSync(path).isDirectory()) {
    throw new InputError('this is a file, a run needs a folder', {
      code: 'not-a-folder',
      where: path,
      remedy: 'give another --out',
    });
  }
  try {
    accessSync(path, constants.W_OK);
  } catch (cause) {
    throw new InputError('this folder cannot be written', {
      code: 'folder-not-writable',
      where: path,
      remedy: 'give another --out',
      cause,
    });
  }
}

/** What the runs of an experiment's folder have in common: settings that a command can be given again. */
export function experimentFile(out: string): string {
  return join(out, 'matrix.yaml');
}

/** @throws InputError where the folder holds no run that this program has begun */
export function requireRun(folder: RunFolder): void {
  if (isThere(folder.config)) return;
  if (isThere(experimentFile(folder.path))) {
    throw new InputError('this folder holds the runs of a comparison, sweep, spread or transfer, and is none itself', {
      code: 'not-a-run',
      where: folder.path,
      remedy:
        'to go on with all of them give the command that began them once more, as it was: what is done is not done ' +
        `again; for one of them give its folder (\`s3delta status ${shellWord(folder.path)} --json\` lists them)`,
    });
  }
  throw new InputError('this folder holds no run: there is no config.yaml in it', {
    code: 'not-a-run',
    where: folder.path,
    remedy: 'give the folder that `s3delta search` or `s3delta train` has written (its --out)',
  });
}

/**
 * Creates the folder. A full disk is a StorageError.
 * @throws InputError where the folder cannot be, whatever one frees
 */
export async function createRunFolder(folder: RunFolder): Promise<void> {
  try {
    await makeFolder(folder.path);
  } catch (cause) {
    if (cause instanceof StorageError && ['ENOSPC', 'EDQUOT', 'EIO'].includes(cause.code)) throw cause;
    throw new InputError('this folder cannot be made', {
      code: 'folder-not-writable',
      where: folder.path,
      remedy: 'give another --out',
      cause,
    });
  }
}
