import { InputError } from '../core/errors.ts';
import type { Site } from '../core/site.ts';
import { createModule } from '../deltas/kinds.ts';
import type { ModuleRecord, Structure, StructureModel } from './structure-file.ts';

/** A place in a stack of layers: `E.3` is layer 3 of the encoder. */
function placeOf({ column }: Pick<ModuleRecord, 'column'>): { stack: string; layer: number } {
  const [stack = '', layer = '0'] = column.split('.');
  return { stack, layer: Number(layer) };
}

/** Layers of each stack that the columns name. */
function depths(columns: readonly Pick<ModuleRecord, 'column'>[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { stack, layer } of columns.map(placeOf)) found.set(stack, Math.max(found.get(stack) ?? 0, layer + 1));
  return found;
}

/**
 * Carries a structure over to another model, which may be deeper or wider: each of its sites takes the modules, with
 * what they are worth, their p and choice, of the same kind of position in the same stack at the nearest relative depth (0 the first
 * layer, 1 the last). The budget becomes the same share of the model. What is kept need not fit it any more: choose anew.
 * @throws InputError where not one position of the structure exists in the model
 */
export function mapStructure(structure: Structure, model: StructureModel): Structure {
  const [from, to] = [depths(structure.modules), depths(model.sites)];
  const relative = ({ stack, layer }: { stack: string; layer: number }, layers: ReadonlyMap<string, number>) =>
    layer / Math.max(1, layers.get(stack)! - 1);
  const groups = Map.groupBy(structure.modules, module => `${placeOf(module).stack} ${module.position}`);
  const modules = model.sites.flatMap(site => {
    const depth = relative(placeOf(site), to);
    const distance = (module: ModuleRecord) => Math.abs(relative(placeOf(module), from) - depth);
    const alike = groups.get(`${placeOf(site).stack} ${site.position}`) ?? [];
    return [...Map.groupBy(alike, module => module.kind).values()].map(modules =>
      moved(
        modules.reduce((best, module) => (distance(module) < distance(best) ? module : best)),
        site,
      ),
    );
  });
  if (modules.length === 0) {
    throw new InputError(`no position of ${structure.model.name}'s structure exists in ${model.name}`, {
      remedy: `search a structure on ${model.name}`,
    });
  }
  const { name, fingerprint, parameters } = model;
  // The product first: a quotient times its divisor may be a little less than it was, and rounded down, a parameter less.
  const budget =
    structure.budget && Math.max(1, Math.floor((structure.budget * parameters) / structure.model.parameters));
  return { ...structure, model: { name, fingerprint, parameters }, budget, modules };
}

/** The module at another site, where it has that site's number of parameters. */
function moved(record: ModuleRecord, site: Site): ModuleRecord {
  const { parameters, inert } = createModule(site, record.kind, record.options);
  return { ...record, site: site.name, parameters, inert, column: site.column };
}
