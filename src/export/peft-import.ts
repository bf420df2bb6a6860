import { join } from 'node:path';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import { biasName, type DeltaModule, type Site, weightShape } from '../core/site.ts';
import { deltaOf, type PeftHost, type ReadFromPeft } from '../deltas/delta.ts';
import { deltas as builtInDeltas, createModule, type Deltas } from '../deltas/kinds.ts';
import { initialDelta } from '../deltas/layout.ts';
import { readCheckedHeader } from '../files/content-hash.ts';
import { isThere } from '../files/regular-file.ts';
import { readJson } from '../files/text-files.ts';
import { tensorAsWeight } from '../models/kit/find-weights.ts';
import type { Model } from '../models/model.ts';
import { readWeight } from '../models/read-weight.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';
import { descriptionFile, holdsExport, readDescription } from './description.ts';
import { peftConfigs } from './peft-format.ts';

const pattern = z.record(z.string(), z.number().positive()).nullish();
/** What has to be off, as it changes what an adapter computes in ways that no kind of module here does. */
const unsupported = [
  ...['use_dora', 'use_qalora', 'lora_bias', 'fan_in_fan_out', 'layer_replication', 'target_parameters'],
  ...['trainable_token_indices', 'use_bdlora', 'alora_invocation_tokens', 'megatron_config'],
] as const;

const adapterConfig = z.looseObject({
  peft_type: z.string(),
  base_model_name_or_path: z.string().nullish(),
  lora_alpha: z.number().positive().nullish(),
  alpha_pattern: pattern,
  use_rslora: z.boolean().nullish(),
});
type AdapterConfig = z.output<typeof adapterConfig>;

type HostTensors = PeftHost['tensors'];
type ReadTensor = HostTensors[string];

/** A module with its trained parameters by name. */
interface ReadModule {
  readonly module: DeltaModule;
  readonly parameters: Readonly<Record<string, Float32Array>>;
}

/** Where PEFT's tensors say that the model's modules are. */
const PREFIX = /^base_model\.model\./;
const CONFIG = 'adapter_config.json';
const TENSORS = 'adapter_model.safetensors';

/** Of the files of an adapter's repository those that are read. */
export const chooseAdapterFiles = (paths: readonly string[]): readonly string[] =>
  paths.filter(path => [CONFIG, TENSORS, descriptionFile].includes(path));

/**
 * An adapter of Hugging Face PEFT, LoRA or IA3, with what it saves whole (`modules_to_save`): its modules at the sites
 * of
 * a model, and their parameters and those of its heads in the layout of both. Ranks are those of its tensors.
 * `doubt` says in a sentence why it may be of other weights of the same shapes.
 * @throws InputError where files are missing or damaged, the adapter is of another kind, or made for another model
 */
export async function readPeftAdapter(
  folder: string,
  model: Model,
  { deltas }: { readonly deltas: Deltas } = { deltas: builtInDeltas },
): Promise<{ readonly structure: Structure; readonly delta: Float32Array; readonly doubt?: string }> {
  const config = await readConfig(join(folder, CONFIG));
  const doubt = await doubtOf(folder, config, model);
  const byHost = await readTensors(join(folder, TENSORS));
  const sites = new Map(model.sites.map(site => [site.name, site]));
  const heads = new Map(model.heads.map(head => [head.name, head]));
  const read: ReadModule[] = [];
  const missing = new Set(heads.keys());
  const headValues = new Map<string, HostTensors>();
  for (const [host, tensors] of byHost) {
    const site = sites.get(host);
    if (heads.has(host)) {
      missing.delete(host);
      headValues.set(host, tensors);
    } else if (site) {
      read.push(...(await modulesAt(site, tensors, config, model, { where: join(folder, TENSORS), deltas })));
    } else throw otherBase(folder, `${model.name} has no ${host}`);
  }
  if (missing.size > 0) {
    throw new InputError(`the adapter holds no ${[...missing].join(', ')}, which the task needs trained`, {
      code: 'wrong-tensor',
      where: folder,
      remedy: 'give an adapter that was trained for such a task, with the head in its modules_to_save',
    });
  }
  const modules = read.map(({ module }) => module);
  const layout = model.layout(modules);
  const delta = initialDelta(layout, 0, model.heads);
  for (const [i, { parameters }] of layout.modules.entries()) {
    for (const { name, offset } of parameters) delta.set(read[i]!.parameters[name]!, offset);
  }
  for (const { name: head, parameters } of layout.heads) {
    for (const { name, shape, offset } of parameters) {
      const tensor = headValues.get(head)?.[name];
      if (tensor?.shape.join() !== shape.join()) {
        throw otherBase(folder, `its ${head}.${name} is [${tensor?.shape ?? ''}], and the task needs [${shape}]`);
      }
      delta.set(tensor.values, offset);
    }
  }
  const space = config.peft_type.toLowerCase();
  const kept = modules.map(() => true);
  return {
    structure: createStructure(model, { space, budget: null }, modules, { kept }),
    delta,
    ...(doubt !== undefined && { doubt }),
  };
}

/**
 * Why the adapter may be of another base, which fits by its shapes alone: by the weights' fingerprint where this
 * program has written the adapter, else by what PEFT has noted.
 */
async function doubtOf(folder: string, config: AdapterConfig, model: Model): Promise<string | undefined> {
  if (holdsExport(folder)) {
    const { name, fingerprint } = (await readDescription(folder)).model;
    if (fingerprint === model.fingerprint) return undefined;
    return `the adapter was trained on ${name}, and the weights of ${model.name} are others: its answers may be wrong`;
  }
  const noted = config.base_model_name_or_path;
  if (!noted || lastPart(noted) === lastPart(model.name) || lastPart(noted) === lastPart(model.folder))
    return undefined;
  return `the adapter says it was trained on ${noted}, and is read for ${model.name}: check that they are the same`;
}

const lastPart = (path: string) => path.split(/[/\\]/).findLast(part => part !== '');

async function readConfig(where: string): Promise<AdapterConfig> {
  const parsed = adapterConfig.safeParse(await readJson(where));
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new InputError(`not the configuration of an adapter: ${path.join('.') || 'content'}: ${message}`, {
      code: 'unreadable-export',
      where,
      remedy: 'give the folder that PEFT has saved the adapter in',
    });
  }
  const config = parsed.data;
  if (!Object.hasOwn(peftConfigs, config.peft_type)) throw notRead(where, `an adapter of type ${config.peft_type}`);
  const set = unsupported.find(key => config[key] !== undefined && config[key] !== null && config[key] !== false);
  if (set !== undefined) throw notRead(where, `an adapter with ${set}`);
  return config;
}

function notRead(where: string, what: string): InputError {
  return new InputError(`${what} cannot be read`, {
    code: 'unsupported-config',
    where,
    remedy:
      `give an adapter of type ${Object.keys(peftConfigs).join(' or ')}, or merge it into its model ` +
      'with PEFT first',
  });
}

function otherBase(where: string, what: string): InputError {
  return new InputError(`the adapter is made for another model or task: ${what}`, {
    code: 'other-model',
    where,
    remedy: 'give the --model that it was trained on, and a task with as many labels',
  });
}

/**
 * Tensors by their host and their names below it: `lora_A.weight`, `ia3_l`, or of a host that is saved `weight`,
 * `bias`.
 */
async function readTensors(where: string): Promise<ReadonlyMap<string, HostTensors>> {
  if (!isThere(where)) {
    throw new InputError('there is no adapter', {
      code: 'missing-file',
      where,
      remedy: 'give the folder that PEFT has saved an adapter in; one of adapter_model.bin is to be saved again',
    });
  }
  const byHost = new Map<string, Record<string, ReadTensor>>();
  const { tensors } = await readCheckedHeader(where);
  for (const [name, entry] of tensors) {
    // Where all biases are trained PEFT saves those of a module that is saved whole thrice.
    if (/\.(modules_to_save|original_module)\./.test(name)) continue;
    const weight = await tensorAsWeight(entry, name, entry.shape, where);
    // The bias of a host that is adapted stands in what the adapter has put around it.
    const [, host, part] =
      /^(.*?)(?:\.base_layer)?\.(lora_[A-Za-z_]+(?:\.weight)?|ia3_l|weight|bias)$/.exec(name.replace(PREFIX, '')) ?? [];
    if (host === undefined || part === undefined) throw notRead(where, `tensor ${name}`);
    const values = await readWeight(weight);
    requireFinite(values, name, where);
    byHost.set(host, { ...byHost.get(host), [part]: { shape: entry.shape, values } });
  }
  return byHost;
}

function requireFinite(values: Float32Array, name: string, where: string): void {
  if (values.every(Number.isFinite)) return;
  throw new InputError(`${name} holds numbers that are not finite`, {
    code: 'not-finite',
    where,
    remedy: 'train the adapter again, at a lower learning rate',
  });
}

async function modulesAt(
  site: Site,
  tensors: HostTensors,
  config: AdapterConfig,
  model: Model,
  { where, deltas }: { readonly where: string; readonly deltas: Deltas },
): Promise<ReadModule[]> {
  const { weight, bias, ...own } = tensors;
  const alpha = alphaAt(site, config);
  const adapted = Object.keys(own).length > 0 ? [{ type: config.peft_type, tensors: own, alpha }] : [];
  const whole = { ...(weight && { weight }), ...(bias && { bias }) };
  const saved = Object.keys(whole).length > 0 ? [{ tensors: await changesOf(site, whole, model, where), alpha }] : [];
  return [...adapted, ...saved].map(host => {
    for (const delta of Object.values(deltas)) {
      const read = delta.hosts(site) ? delta.fromPeft?.(site, host) : undefined;
      if (read) return moduleOf(site, delta.kind, read, where, deltas);
    }
    throw notRead(where, `what it has at ${site.name} (${Object.keys(tensors).join(', ')})`);
  });
}

/** What a pair of matrices counts for, times its rank; the first pattern that fits counts. */
function alphaAt({ name }: Site, { lora_alpha, alpha_pattern, use_rslora }: AdapterConfig): PeftHost['alpha'] {
  const named = Object.entries(alpha_pattern ?? {}).find(([key]) => new RegExp(`^(?:.*\\.)?(?:${key})$`).test(name));
  const alpha = named?.[1] ?? lora_alpha ?? 8;
  // Rank-stabilised, a product counts for alpha / √rank.
  return rank => (use_rslora ? alpha * Math.sqrt(rank) : alpha);
}

/** What a host that is saved whole has become, less what it was. */
async function changesOf(site: Site, saved: HostTensors, model: Model, where: string): Promise<HostTensors> {
  const places = { weight: [site.name, weightShape(site)], bias: [biasName(site), [site.outFeatures]] } as const;
  const changes: Record<string, ReadTensor> = {};
  for (const [part, { shape, values }] of Object.entries(saved)) {
    const [name, expected] = places[part as keyof typeof places];
    const frozen = model.weights.get(name);
    if (!frozen || shape.join() !== expected.join()) {
      throw otherBase(where, `its ${name} is [${shape}], and ${model.name} has ${frozen ? `[${expected}]` : 'none'}`);
    }
    const own = await readWeight(frozen);
    changes[part] = { shape, values: values.map((value, i) => value - own[i]!) };
  }
  return changes;
}

/** @throws InputError where the site is of other sizes than what was trained, or no such module attaches there */
function moduleOf(
  site: Site,
  kind: string,
  { options, parameters: given }: ReadFromPeft,
  where: string,
  deltas: Deltas,
): ReadModule {
  const module = createModule(site, kind, options, deltas);
  for (const { name, shape } of deltaOf(module).parameters(site, module.options)) {
    const found = given[name];
    if (found?.shape.join() === shape.join()) continue;
    throw otherBase(where, `its ${name} at ${site.name} is [${found?.shape ?? ''}], and [${shape}] belongs there`);
  }
  const parameters = Object.fromEntries(Object.entries(given).map(([name, { values }]) => [name, values]));
  return { module, parameters };
}
