import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { sourceOf } from '../jobs/trials.ts';
import { drawStructure } from '../library/structures.ts';
import type { Model } from '../models/model.ts';
import { atBudget, meanStructure } from '../search/choose-structure.ts';
import { parseBudget } from '../structure/budget.ts';
import { type Mapping, mapStructure } from '../structure/map-structure.ts';
import { readStructure, type Structure, writeStructure } from '../structure/structure-file.ts';

/** How a structure is made before it is trained. Plain data, so that another process can do it. */
export type Derivation = MeanDerivation | DrawDerivation;

/** One drawn at random from a space. */
interface DrawDerivation {
  readonly by: 'draw';
  readonly space: string;
  /** As a user writes it. */
  readonly budget: string;
  readonly keepInert: boolean;
  readonly seed: number;
  /** Number of the draw: a seed has as many as are asked for. */
  readonly draw: number;
  /** The structure file to write. */
  readonly to: string;
}

/** One made of others: the mean of their p, and what fits a budget of it. */
interface MeanDerivation {
  readonly by: 'mean';
  /** Structure files in groups (a task's seeds): p is averaged within a group, then over the groups. */
  readonly from: readonly (readonly string[])[];
  /** As a user writes it. */
  readonly budget: string;
  readonly keepInert: boolean;
  /** Carry it over to the model that is to be trained, where it was found on another. */
  readonly map?: Mapping;
  /** The structure file to write. */
  readonly to: string;
}

/** Files that have to be there before the structure can be made. */
export function filesBefore(derivation: Derivation): readonly string[] {
  return 'from' in derivation ? derivation.from.flat() : [];
}

/**
 * Makes the structure in memory.
 * @param model the one that is to be trained
 * @throws InputError for files that are no structures or do not go together, and a budget that holds no module
 */
export function derivedStructure(derivation: Derivation, model: Model, catalogue?: Catalogue): Promise<Structure> {
  return derivation.by === 'draw' ? drawn(derivation, model, catalogue) : meanOf(derivation, model, catalogue);
}

async function drawn(
  { seed, draw, space, budget, keepInert }: DrawDerivation,
  model: Model,
  catalogue?: Catalogue,
): Promise<Structure> {
  return drawStructure(model, { space, budget, 'keep-inert': keepInert, seed }, draw, catalogue);
}

async function meanOf(
  { from, budget, keepInert, map }: MeanDerivation,
  model: Model,
  catalogue?: Catalogue,
): Promise<Structure> {
  const groups = await Promise.all(from.map(files => Promise.all(files.map(readStructure))));
  const sources = await Promise.all(
    groups.flatMap((group, i) => group.map((structure, j) => sourceOf(from[i]![j]!, structure))),
  );
  const mean = meanStructure(groups.map(meanStructure));
  const carried = map === undefined ? mean : mapStructure(mean, model, catalogue);
  const tasks = [...new Set(sources.flatMap(source => source.tasks))];
  const chosen = atBudget(carried, parseBudget(budget, model.parameters), keepInert);
  return { ...chosen, source: { tasks, files: sources.flatMap(source => source.files) } };
}

/** Makes the structure and writes it, once. */
export async function deriveStructure(derivation: Derivation, model: Model, catalogue?: Catalogue): Promise<void> {
  if (existsSync(derivation.to)) return;
  const structure = await derivedStructure(derivation, model, catalogue);
  await mkdir(dirname(derivation.to), { recursive: true });
  await writeStructure(derivation.to, structure);
}
