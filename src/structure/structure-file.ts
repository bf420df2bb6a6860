import { z } from 'zod';
import { atPlace, InputError } from '../core/errors.ts';
import type { DeltaModule, Site } from '../core/site.ts';
import { deltas as builtInDeltas, createModule, type Deltas } from '../deltas/kinds.ts';
import { readNotedJson } from '../files/noted-hashes.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { sitePosition, upgradedModule } from './site-records.ts';

const FORMAT = 's3delta-structure';
const VERSION = 2;

const moduleRecord = z.object({
  /** The checkpoint's name of the host, e.g. `encoder.block.3.layer.0.SelfAttention.q`. */
  site: z.string(),
  kind: z.string(),
  options: z.record(z.string(), z.number()),
  parameters: z.int().positive(),
  /** What the search thinks it is worth, the larger the sooner kept; null where nothing was searched. */
  worth: z.number().nullable(),
  /** Probability to be kept, 0 where it must not be; null where the search has no such. */
  p: z.number().min(0).max(1).nullable(),
  kept: z.boolean(),
  inert: z.boolean(),
  ...sitePosition,
});

const finalistRecord = z.object({
  /** What it is, for people. */
  name: z.string(),
  /** Of the last short training that it reached. */
  steps: z.int().positive(),
  /** Validation loss after it; null where it diverged. */
  loss: z.number().nullable(),
  /** Whether this structure is it. */
  found: z.boolean(),
});

const structureFile = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  model: z.object({ name: z.string(), fingerprint: z.string(), parameters: z.int().positive() }),
  /** Search space, or manual method, that the candidates come from. */
  space: z.string(),
  /** Parameters that could be spent; null where there was no limit. */
  budget: z.number().positive().nullable(),
  /** The plugin that brings each kind of its modules that the package has not. */
  plugins: z.record(z.string(), z.string()).optional(),
  /** What each of these kinds is called in tables and pictures. */
  labels: z.record(z.string(), z.string()).optional(),
  modules: z.array(moduleRecord),
  /** Structures that were trained for short before this one was found, the best first. */
  finalists: z.array(finalistRecord).optional(),
  /** Where it was found, for a structure that was carried over from other runs. */
  source: z.object({ tasks: z.array(z.string()), files: z.array(z.string()) }).optional(),
});

/** One candidate in a structure file: where it attaches, what it costs and was worth, and whether it is kept. */
export type ModuleRecord = z.infer<typeof moduleRecord>;
/** A structure that a search trained for short at its end, and how it fared. */
export type FinalistRecord = z.infer<typeof finalistRecord>;
/** Tasks that a structure was found on, and the structure files it was made of. */
export type StructureSource = NonNullable<Structure['source']>;
/** The content of `structure.json`: every candidate, and which were kept. */
export type Structure = z.infer<typeof structureFile>;

/** What a structure has to know of the model it belongs to. */
export interface StructureModel {
  readonly name: string;
  readonly fingerprint: string;
  readonly parameters: number;
  readonly sites: readonly Site[];
}

/** What was found out about the candidates, one element each. Without their worth: a structure not searched. */
export interface Choice {
  readonly kept: readonly boolean[];
  readonly worth?: ArrayLike<number>;
  /** Of each to be kept, where the search has such. */
  readonly probabilities?: ArrayLike<number>;
  /** Which must not be kept, at any budget. */
  readonly closed?: readonly boolean[];
  readonly finalists?: readonly FinalistRecord[];
}

/** A structure from candidates and the choice among them. */
export function createStructure(
  model: StructureModel,
  { space, budget }: Pick<Structure, 'space' | 'budget'>,
  modules: readonly DeltaModule[],
  { kept, worth, probabilities, closed, finalists }: Choice,
): Structure {
  const records = modules.map(({ site, kind, options, parameters, inert }, i) => ({
    site: site.name,
    kind,
    options: { ...options },
    parameters,
    worth: worth?.[i] ?? null,
    p: closed?.[i] ? 0 : (probabilities?.[i] ?? null),
    kept: kept[i]!,
    inert,
    role: site.role,
    place: site.place,
  }));
  const { name, fingerprint, parameters } = model;
  const brought = modules.flatMap(({ kind, delta: { plugin } }) => (plugin === undefined ? [] : [[kind, plugin]]));
  return {
    format: FORMAT,
    version: VERSION,
    model: { name, fingerprint, parameters },
    space,
    budget,
    ...(brought.length > 0 && { plugins: Object.fromEntries(brought), labels: labelsOf(modules) }),
    modules: records,
    ...(finalists && { finalists: [...finalists] }),
  };
}

/** What the kinds that plugins bring are called, by their names. */
export function labelsOf(modules: readonly DeltaModule[]): Record<string, string> {
  const brought = modules.filter(({ delta }) => delta.plugin !== undefined);
  return Object.fromEntries(brought.map(({ kind, delta }) => [kind, delta.label]));
}

/** Writes a structure as JSON, whole, one line a module. */
export async function writeStructure(path: string, { modules, ...rest }: Structure): Promise<void> {
  const head = JSON.stringify(rest, null, 2).replace(/\n}$/, '');
  const lines = modules.map(module => `    ${JSON.stringify(module)}`).join(',\n');
  await writeFileWhole(path, `${head},\n  "modules": [\n${lines}\n  ]\n}\n`);
}

/**
 * Reads and checks a structure file of this version or an earlier one.
 * @throws InputError that names the file and the field where it is none, and for a version that is not known
 */
export async function readStructure(path: string): Promise<Structure> {
  const parsed = structureFile.safeParse(upgraded(await readNotedJson(path), path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new InputError(`not a structure of s3delta: ${issue.path.join('.') || 'content'}: ${issue.message}`, {
    code: 'unreadable-structure',
    where: path,
    remedy: 'give the structure.json of a run folder',
    cause: parsed.error,
  });
}

/** What a file of an earlier version says, as this one would; what is no structure at all comes back as it is. */
function upgraded(content: unknown, where: string): unknown {
  const { format, version, modules } = (content ?? {}) as Readonly<Record<string, unknown>>;
  if (format !== FORMAT || version === VERSION) return content;
  if (version !== 1) {
    throw new InputError(`a structure of version ${JSON.stringify(version)}, where ${VERSION} and 1 can be read`, {
      code: 'unknown-version',
      where,
      remedy: 'use the version of s3delta that wrote it, or a later one',
    });
  }
  if (!Array.isArray(modules)) return { ...(content as object), version: VERSION };
  return {
    ...(content as object),
    version: VERSION,
    modules: modules.map(module => upgradedModule(module, where)),
  };
}

/**
 * The modules that a structure keeps, at the sites of a model. InputError where it was found on another model, or names
 * what the model or the catalogue does not have; `where` is the file it comes from.
 */
export function keptModules(
  structure: Structure,
  model: Pick<StructureModel, 'name' | 'fingerprint' | 'sites'>,
  where?: string,
  { deltas }: { readonly deltas: Deltas } = { deltas: builtInDeltas },
): DeltaModule[] {
  const sites = new Map(model.sites.map(site => [site.name, site]));
  if (structure.model.fingerprint !== model.fingerprint) {
    throw new InputError(`the structure was found on ${otherModel(structure.model.name, model.name)}`, {
      code: 'other-model',
      where,
      remedy:
        `give the --model it was found on, search a structure on ${model.name}, or carry it over: ` +
        `s3delta train --structure ${where ?? 'FILE'} --map relative`,
    });
  }
  for (const [kind, plugin] of Object.entries(structure.plugins ?? {})) {
    if (Object.hasOwn(deltas, kind)) continue;
    throw new InputError(`the structure has modules of the kind ${kind}, which the plugin ${plugin} brings`, {
      code: 'missing-plugin',
      where,
      remedy: `give the file of the plugin ${plugin}: --plugin FILE`,
    });
  }
  const known = { sites, deltas };
  const kept = structure.modules.filter(record => record.kept).map(record => keptModule(record, known, model, where));
  const ids = new Set<string>();
  for (const { id } of kept) {
    if (ids.has(id))
      throw new InputError(`the structure keeps ${id} twice`, {
        code: 'unreadable-structure',
        where,
        remedy: 'search again',
      });
    ids.add(id);
  }
  return kept;
}

function keptModule(
  { site: name, kind, options, parameters, role }: ModuleRecord,
  { sites, deltas }: { readonly sites: ReadonlyMap<string, Site>; readonly deltas: Deltas },
  model: Pick<StructureModel, 'name'>,
  where: string | undefined,
): DeltaModule {
  const remedy = 'the file was changed by hand or by another version: search again';
  const site = sites.get(name);
  if (!site)
    throw new InputError(`the structure names the site ${name}, which ${model.name} does not have`, {
      code: 'no-such-site',
      where,
      remedy,
    });
  if (site.role !== role)
    throw new InputError(`the structure says that ${name} is ${role}, which in ${model.name} is ${site.role}`, {
      code: 'unreadable-structure',
      where,
      remedy,
    });
  const module = atPlace(where, () => createModule(site, kind, options, deltas));
  if (module.parameters === parameters) return module;
  throw new InputError(`${module.id} has ${module.parameters} parameters, the structure says ${parameters}`, {
    code: 'unreadable-structure',
    where,
    remedy,
  });
}

/** Names a model that is not the one at hand, for messages: `t5-base, not on mini`. They may have one name. */
export function otherModel(then: string | undefined, now: string): string {
  return then === now ? `another ${now}, with other weights` : `${then ?? 'another model'}, not on ${now}`;
}
