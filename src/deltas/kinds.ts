import { elementCount } from '../core/arrays.ts';
import { unknownName } from '../core/checked-values.ts';
import { InputError } from '../core/errors.ts';
import type { DeltaModule, DeltaOptions, Site } from '../core/site.ts';
import { adapter } from './adapter.ts';
import { bitfit } from './bitfit.ts';
import type { Delta } from './delta.ts';
import { fineTuning } from './fine-tuning.ts';
import { ia3 } from './ia3.ts';
import { lnfit } from './lnfit.ts';
import { lora } from './lora.ts';
import { lowRankAdapter } from './low-rank-adapter.ts';

/** Kinds of delta by their names. */
export type Deltas = Readonly<Record<string, Delta>>;

/** Every kind of delta that comes with the package. A new kind is a file beside this one and a word here. */
export const deltas: Deltas = Object.fromEntries(
  [lora, bitfit, lnfit, adapter, lowRankAdapter, fineTuning, ia3].map(delta => [delta.kind, delta]),
);

/** The delta of that name, or an InputError with the nearest and all of them. */
export function deltaNamed(kind: string, known: Deltas = deltas): Delta {
  if (!Object.hasOwn(known, kind)) throw unknownName('delta kind', kind, Object.keys(known));
  return known[kind]!;
}

/**
 * A candidate module at a site, its parameters counted.
 * @throws InputError where the kind is none of those known, cannot attach there, or has not such an option
 */
export function createModule(
  site: Site,
  kind: string,
  options: DeltaOptions = {},
  known: Deltas = deltas,
): DeltaModule {
  const delta = deltaNamed(kind, known);
  if (!delta.hosts(site))
    throw new InputError(`${kind} cannot attach at ${site.name}, a ${site.host} host (${site.role})`, {
      code: 'no-such-site',
    });
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(delta.defaults, name))
      throw new InputError(`${kind} has no option "${name}"`, { code: 'bad-delta-option', where: site.name });
    if (!(value > 0) || !Number.isFinite(value))
      throw new InputError(`${kind}: ${name} must be positive, got ${value}`, {
        code: 'bad-delta-option',
        where: site.name,
      });
  }
  const merged = { ...delta.defaults, ...options };
  const shapes = delta.parameters(site, merged).map(({ shape }) => shape);
  if (!shapes.flat().every(Number.isInteger)) {
    throw new InputError(
      `${kind}: ${JSON.stringify(options)} must be whole numbers, as they are extents of its matrices`,
      { code: 'bad-delta-option', where: site.name },
    );
  }
  const parameters = shapes.reduce((sum, shape) => sum + elementCount(shape), 0);
  return { id: `${site.name}:${kind}`, site, kind, delta, options: merged, parameters, inert: delta.inert(site) };
}
