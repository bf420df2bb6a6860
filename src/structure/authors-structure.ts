import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import type { DeltaModule, DeltaOptions } from '../core/site.ts';
import { createModule } from '../deltas/kinds.ts';
import { readJson } from '../files/text-files.ts';
import { createStructure, readStructure, type Structure, type StructureModel } from './structure-file.ts';

/** Modules by the order in which their code attaches them, sites by names or ends of names, kinds by theirs. */
const authorsFile = z.array(
  z.record(
    z.string(),
    z.strictObject({
      parallel: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
      sequential: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
    }),
  ),
);

/** Their kinds and options by our names. */
const kinds: Readonly<Record<string, { readonly kind: string; readonly options: Readonly<Record<string, string>> }>> = {
  Lora: { kind: 'lora', options: { lora_r: 'rank', lora_alpha: 'alpha' } },
  BitFitParallel: { kind: 'bitfit', options: {} },
  LNFit: { kind: 'lnfit', options: {} },
  LowRankAdapter: { kind: 'low-rank-adapter', options: {} },
  Adapter: { kind: 'adapter', options: { bottleneck_dim: 'bottleneck' } },
};

/** Space or method of a structure that is to be trained; undefined for one of the authors', which names none. */
export async function spaceOfGiven(path: string): Promise<string | undefined> {
  return Array.isArray(await readJson(path)) ? undefined : (await readStructure(path)).space;
}

/**
 * A structure that is given to be trained: a structure.json, or a file of the authors' code (`structure_config` of
 * thunlp/S3Delta), whose names then must be of this model.
 * @throws InputError as `readStructure`, and for sites that the model has not, and kinds and options that are not known
 */
export async function readGivenStructure(path: string, model: StructureModel): Promise<Structure> {
  const content = await readJson(path);
  if (!Array.isArray(content)) return readStructure(path);
  const parsed = authorsFile.safeParse(content);
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!;
    throw unreadable(path, `${at.join('.')}: ${message}`);
  }
  const modules = new Map<string, DeltaModule>();
  for (const [name, { parallel = {}, sequential = {} }] of parsed.data.flatMap(each => Object.entries(each))) {
    const sites = model.sites.filter(site => site.name === name || site.name.endsWith(`.${name}`));
    if (sites.length === 0) throw unreadable(path, `${model.name} has no ${name}`);
    for (const [theirs, given] of [...Object.entries(parallel), ...Object.entries(sequential)]) {
      const { kind, options } = knownKind(theirs, given, path);
      for (const site of sites) {
        const module = createModule(site, kind, options);
        modules.set(module.id, module);
      }
    }
  }
  const list = [...modules.values()];
  return createStructure(model, { space: 'given', budget: null }, list, { kept: list.map(() => true) });
}

function knownKind(theirs: string, given: Readonly<Record<string, unknown>>, path: string) {
  if (!Object.hasOwn(kinds, theirs)) throw unreadable(path, `modules of the kind ${theirs} are not known`);
  const { kind, options: names } = kinds[theirs]!;
  const options: DeltaOptions = Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      if (Object.hasOwn(names, name) && typeof value === 'number') return [names[name]!, value];
      throw unreadable(path, `${theirs} has ${name} = ${JSON.stringify(value)}, which is not known`);
    }),
  );
  return { kind, options };
}

function unreadable(where: string, what: string): InputError {
  return new InputError(`this structure of the authors' code cannot be read: ${what}`, {
    code: 'unreadable-structure',
    where,
    remedy: 'give the --model that it was made for, and modules of LoRA, BitFit, LNFit, adapters and low-rank adapters',
  });
}
