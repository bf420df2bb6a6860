import { dirname, join } from 'node:path';
import { builtIn, type Catalogue } from '../catalogue/catalogue.ts';
import { InputError } from '../core/errors.ts';
import type { Model } from '../models/model.ts';
import { readResult } from '../runs/result.ts';
import { atBudget } from '../search/choose-structure.ts';
import { readGivenStructure } from '../structure/authors-structure.ts';
import { mapStructure } from '../structure/map-structure.ts';
import { keptModules, type Structure, type StructureSource } from '../structure/structure-file.ts';

/**
 * The structure in a file that `train` was told to tune.
 * @param how.isMapped whether it is another model's, to be carried over to this one's places
 * @throws InputError where the file does not fit the model, or keeps nothing
 */
export async function givenStructure(
  model: Model,
  file: string,
  { isMapped, keepInert }: { readonly isMapped: boolean; readonly keepInert: boolean },
  catalogue: Catalogue = builtIn,
): Promise<Structure> {
  const read = await readGivenStructure(file, model);
  const source = await sourceOf(file, read);
  const structure = {
    ...(isMapped ? carriedOver(read, model, keepInert, catalogue) : read),
    source,
  };
  keptModules(structure, model, file, catalogue);
  requireKept(structure, file);
  return structure;
}

/** @throws InputError where there is nothing to train */
export function requireKept({ modules }: Structure, file: string): void {
  if (modules.some(({ kept }) => kept)) return;
  throw new InputError('this structure keeps no module, so there is nothing to train', {
    code: 'nothing-kept',
    where: file,
    remedy: 'search again, with a larger --budget, or by `--objective l0` with a smaller --l0-weight',
  });
}

/** Another model's structure on this one, at the same share of the backbone. */
function carriedOver(structure: Structure, model: Model, keepInert: boolean, catalogue: Catalogue): Structure {
  const mapped = mapStructure(structure, model, catalogue);
  return mapped.budget === null ? mapped : atBudget(mapped, mapped.budget, keepInert);
}

/** Where a structure file comes from: what it says itself, else the task of the run whose folder it lies in. */
export async function sourceOf(file: string, structure: Structure): Promise<StructureSource> {
  if (structure.source !== undefined) return structure.source;
  const result = await readResult(join(dirname(file), 'result.json'));
  return { tasks: result === undefined ? [] : [result.task], files: [file] };
}
