import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Layout } from '../../src/core/program.ts';
import type { DeltaModule, DeltaOptions } from '../../src/core/site.ts';
import { createModule } from '../../src/deltas/kinds.ts';
import { readSafetensors } from '../../src/files/safetensors-arrays.ts';
import type { Model } from '../../src/models/model.ts';
import { example, type TextToText } from '../encoded.ts';

/** Numbers of the second witness, plain PyTorch and Hugging Face's T5: written by tools/fixtures. */

export type Numbers = ReadonlyMap<string, ArrayLike<number> & Iterable<number>>;

/** Rows as the fixtures hold them. */
export type Batch = readonly { readonly source: readonly number[]; readonly target: readonly number[] }[];

export const examplesOf = (batch: Batch): TextToText[] => batch.map(({ source, target }) => example(source, target));

export interface ModuleDescription {
  readonly site: string;
  readonly kind: string;
  readonly options: DeltaOptions;
}

export const fixturePath = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

export async function readDocument<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(fixturePath(`${name}.json`), 'utf8')) as T;
}

export async function readNumbers(name: string): Promise<Numbers> {
  const { tensors } = await readSafetensors(fixturePath(`${name}.safetensors`));
  return new Map([...tensors].map(([key, { data }]) => [key, data]));
}

export function numbersOf(numbers: Numbers, key: string): Float32Array {
  const found = numbers.get(key);
  if (!found) throw new Error(`the fixture has no "${key}"`);
  return Float32Array.from(found);
}

/** The modules of a fixture, at the model's own sites. */
export function describedModules(model: Model, descriptions: readonly ModuleDescription[]): DeltaModule[] {
  const sites = new Map(model.sites.map(site => [site.name, site]));
  return descriptions.map(({ site, kind, options }) => {
    const found = sites.get(site);
    if (!found) throw new Error(`${model.name} has no site ${site}`);
    return createModule(found, kind, options);
  });
}

/** A flat delta vector from the values saved as `<prefix><module>.<parameter>`. */
export function deltaVector(layout: Layout, numbers: Numbers, prefix: string): Float32Array {
  const delta = new Float32Array(layout.size);
  for (const { module, parameters } of layout.modules) {
    for (const { name, offset } of parameters) delta.set(numbersOf(numbers, `${prefix}${module.id}.${name}`), offset);
  }
  return delta;
}

/** ‖actual − expected‖ of two vectors; Infinity where their lengths differ or a number is not finite. */
export function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < expected.length; i++) sum += (actual[i]! - expected[i]!) ** 2;
  return Number.isFinite(sum) ? Math.sqrt(sum) : Number.POSITIVE_INFINITY;
}

export function length(vector: ArrayLike<number>): number {
  return distance(vector, new Float32Array(vector.length));
}

export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
