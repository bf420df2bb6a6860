import { InputError } from '../core/errors.ts';
import type { Place, Site, Stack } from '../core/site.ts';
import { deltas as builtInDeltas, createModule, type Deltas } from '../deltas/kinds.ts';
import type { ModuleRecord, Structure, StructureModel } from './structure-file.ts';

/** How a structure may be carried over: relative, each module to the same place at the same relative depth. */
export const mappings = ['relative'] as const;
export type Mapping = (typeof mappings)[number];

/** Layers of each stack that the places name. */
function depths(places: readonly Place[]): Map<Stack, number> {
  const found = new Map<Stack, number>();
  for (const { stack, layer } of places) found.set(stack, Math.max(found.get(stack) ?? 0, layer + 1));
  return found;
}

/**
 * Carries a structure over to another model, which may be deeper or wider: each of its sites takes the modules, with
 * what they are worth, their p and choice, of the same role in the same stack at the nearest relative depth (0 the
 * first layer, 1 the last). The budget becomes the same share of the model. What is kept need not fit it any more:
 * choose anew.
 * @throws InputError where the model has no site of a role that the structure names
 */
export function mapStructure(
  structure: Structure,
  model: StructureModel,
  { deltas }: { readonly deltas: Deltas } = { deltas: builtInDeltas },
): Structure {
  const from = depths(structure.modules.map(({ place }) => place));
  const to = depths(model.sites.map(({ place }) => place));
  const relative = ({ stack, layer }: Place, layers: ReadonlyMap<Stack, number>) =>
    layer / Math.max(1, layers.get(stack)! - 1);
  const groups = Map.groupBy(structure.modules, positionOf);
  const modules = model.sites.flatMap(site => {
    const depth = relative(site.place, to);
    const distance = ({ place }: ModuleRecord) => Math.abs(relative(place, from) - depth);
    const alike = groups.get(positionOf(site)) ?? [];
    return [...Map.groupBy(alike, module => module.kind).values()].map(modules =>
      moved(
        modules.reduce((best, module) => (distance(module) < distance(best) ? module : best)),
        site,
        deltas,
      ),
    );
  });
  if (modules.length === 0) {
    const [wanted, had] = [structure.modules, model.sites].map(list => [...new Set(list.map(positionOf))].join(', '));
    throw new InputError(`${model.name} has no site like those of ${structure.model.name}'s structure: ${wanted}`, {
      code: 'no-such-site',
      remedy: `search a structure on ${model.name}, which has: ${had}`,
    });
  }
  const { name, fingerprint, parameters } = model;
  // The product first: a quotient times its divisor may be a little less than it was, and rounded down, a parameter
  // less.
  const budget =
    structure.budget && Math.max(1, Math.floor((structure.budget * parameters) / structure.model.parameters));
  const { finalists: _, ...rest } = structure;
  return { ...rest, model: { name, fingerprint, parameters }, budget, modules };
}

/** What is alike in models of other sizes. */
const positionOf = ({ place, role }: Pick<Site, 'place' | 'role'>): string => `${place.stack} ${role}`;

/** The module at another site, where it has that site's number of parameters. */
function moved(record: ModuleRecord, site: Site, deltas: Deltas): ModuleRecord {
  const { parameters, inert } = createModule(site, record.kind, record.options, deltas);
  return { ...record, site: site.name, parameters, inert, place: site.place };
}
