import { dirname } from 'node:path';
import { InputError } from '../core/errors.ts';
import { makeFolder } from '../files/folders.ts';
import { isThere } from '../files/regular-file.ts';
import { withDamageRemedy } from '../files/safetensors.ts';
import { type NumberArray, readSafetensors, writeSafetensors } from '../files/safetensors-arrays.ts';

/** Everything a run needs to go on: named arrays, and a JSON value for the rest. */
export interface CheckpointState {
  readonly arrays: Readonly<Record<string, NumberArray>>;
  readonly meta: unknown;
}

/** Where a run's state is kept. `save` replaces the former state whole or, where it fails, not at all. */
export interface CheckpointStore {
  /** Names the store in messages. */
  readonly where?: string;
  /** Keeps a state in place of the last one: all of it or nothing. */
  save(state: CheckpointState): Promise<void>;
  /** The last state saved, or undefined where there is none. */
  load(): Promise<CheckpointState | undefined>;
}

const META_KEY = 's3delta.checkpoint';

const BEGIN_ANEW = 'remove the file: the stage then begins anew';
const DAMAGED = `the file has been damaged; ${BEGIN_ANEW} with --resume`;

/** A store in one safetensors file; its folder is made at the first save. */
export function checkpointFile(path: string): CheckpointStore {
  async function save({ arrays, meta }: CheckpointState): Promise<void> {
    const tensors = Object.entries(arrays).map(([name, data]) => [name, { data, shape: [data.length] }] as const);
    await makeFolder(dirname(path));
    await writeSafetensors(path, { metadata: { [META_KEY]: JSON.stringify(meta) }, tensors: new Map(tensors) });
  }

  async function load(): Promise<CheckpointState | undefined> {
    if (!isThere(path)) return undefined;
    const { metadata, tensors } = await withDamageRemedy(DAMAGED, () => readSafetensors(path));
    const arrays = Object.fromEntries([...tensors].map(([name, { data }]) => [name, data]));
    return { arrays, meta: parseMeta(metadata[META_KEY], path) };
  }

  return { where: path, save, load };
}

function parseMeta(text: string | undefined, path: string): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch (cause) {
    throw new InputError('this is not a checkpoint of s3delta', {
      code: 'unreadable-state',
      where: path,
      remedy: BEGIN_ANEW,
      cause,
    });
  }
}
