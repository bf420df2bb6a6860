import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../core/errors.ts';
import { sourceOf } from '../jobs/trials.ts';
import { runFolder } from '../runs/run-folder.ts';
import { readStructure, type Structure } from '../structure/structure-file.ts';

export interface FoundFile {
  readonly file: string;
  readonly structure: Structure;
}

/**
 * Searched structures, by the task they were found on.
 *
 * @param paths structure files, run folders, and folders that hold runs at any depth; of the latter the structures of
 * the space are taken that a search has made, not those that were carried over
 * @throws InputError where a path holds none, or a structure does not say its task
 */
export async function findStructures(paths: readonly string[], space: string): Promise<Map<string, FoundFile[]>> {
  const byTask = new Map<string, FoundFile[]>();
  for (const path of paths) {
    for (const file of await structureFiles(path, space)) {
      const structure = await readStructure(file);
      const { tasks } = await sourceOf(file, structure);
      if (tasks.length === 0) {
        throw new InputError('this structure does not say which task it was found on', {
          code: 'structure-source-unknown',
          where: file,
          remedy: 'give the run folder it lies in, with its result.json',
        });
      }
      const task = tasks.join('+');
      byTask.set(task, [...(byTask.get(task) ?? []), { file, structure }]);
    }
  }
  return byTask;
}

async function structureFiles(path: string, space: string): Promise<string[]> {
  if (!existsSync(path)) {
    throw new InputError('there is no such file or folder', {
      code: 'missing-file',
      where: path,
      remedy: 'give a structure.json or a run folder',
    });
  }
  if (!statSync(path).isDirectory()) return [path];
  const own = runFolder(path).structure;
  if (existsSync(own)) return [own];
  const below = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter(name => /(^|[\\/])structure\.json$/.test(name))
    .sort()
    .map(name => join(path, name));
  const searched: string[] = [];
  for (const file of below) {
    const { space: own, source, modules } = await readStructure(file);
    if (own === space && source === undefined && modules.some(({ worth }) => worth !== null)) searched.push(file);
  }
  if (searched.length > 0) return searched;
  throw new InputError(`no run in this folder has searched a structure in the space ${space}`, {
    code: 'no-structure-found',
    where: path,
    remedy: 'give folders of `s3delta search` or `s3delta compare`, or another --space',
  });
}
