import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Model } from '../../models/model.ts';
import { atBudget, meanStructure } from '../../search/derive-structure.ts';
import { parseBudget } from '../../structure/budget.ts';
import { mapStructure } from '../../structure/map-structure.ts';
import { readStructure, type Structure, type StructureModel, writeStructure } from '../../structure/structure-file.ts';
import { sourceOf } from '../given-structure.ts';

/** How a structure is made of others: the mean of their p, and what fits a budget of it. */
export interface Derivation {
  /** Structure files. */
  readonly from: readonly string[];
  /** As a user writes it. */
  readonly budget: string;
  readonly keepInert: boolean;
  /** The structure file to write. */
  readonly to: string;
}

/**
 * Makes the structure in memory.
 * @param model the one to carry it over to, where it was found on another
 * @throws InputError for files that are no structures or do not go together, and a budget that holds no module
 */
export async function derivedStructure(
  { from, budget, keepInert }: Omit<Derivation, 'to'>,
  model?: StructureModel,
): Promise<Structure> {
  const structures = await Promise.all(from.map(readStructure));
  const sources = await Promise.all(structures.map((structure, i) => sourceOf(from[i]!, structure)));
  const mean = meanStructure(structures);
  const carried =
    model === undefined || model.fingerprint === mean.model.fingerprint ? mean : mapStructure(mean, model);
  const tasks = [...new Set(sources.flatMap(source => source.tasks))];
  const chosen = atBudget(carried, parseBudget(budget, carried.model.parameters), keepInert);
  return { ...chosen, source: { tasks, files: sources.flatMap(source => source.files) } };
}

/** Makes the structure and writes it, once. */
export async function deriveStructure(derivation: Derivation, model?: Model): Promise<void> {
  if (existsSync(derivation.to)) return;
  const structure = await derivedStructure(derivation, model);
  await mkdir(dirname(derivation.to), { recursive: true });
  await writeStructure(derivation.to, structure);
}
