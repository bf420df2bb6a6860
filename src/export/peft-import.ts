import { join } from 'node:path';
import { z } from 'zod';
import type { DeltaModule, DeltaOptions } from '../core/delta-module.ts';
import { InputError } from '../core/errors.ts';
import { biasName, type Site, weightShape } from '../core/site.ts';
import { deltaOf } from '../deltas/delta.ts';
import { createModule } from '../deltas/kinds.ts';
import { initialDelta } from '../deltas/layout.ts';
import { isThere } from '../files/regular-file.ts';
import { readSafetensorsHeader } from '../files/safetensors.ts';
import { readJson } from '../files/structured-text.ts';
import { tensorAsWeight } from '../models/kit/find-weights.ts';
import type { Model } from '../models/model.ts';
import { readWeight } from '../models/read-weight.ts';
import { createStructure, type Structure } from '../structure/structure-file.ts';

const pattern = z.record(z.string(), z.number().positive()).nullish();
/** What has to be off, as it changes what an adapter computes in ways that no kind of module here does. */
const unsupported = [
  ...['use_dora', 'use_qalora', 'lora_bias', 'fan_in_fan_out', 'layer_replication', 'target_parameters'],
  ...['trainable_token_indices', 'use_bdlora', 'alora_invocation_tokens', 'megatron_config'],
] as const;

const adapterConfig = z.looseObject({
  peft_type: z.string(),
  lora_alpha: z.number().positive().nullish(),
  alpha_pattern: pattern,
  use_rslora: z.boolean().nullish(),
  bias: z.string().nullish(),
});
type AdapterConfig = z.output<typeof adapterConfig>;

interface ReadTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
type HostTensors = Readonly<Record<string, ReadTensor>>;

/** A module with its trained parameters by name. */
interface ReadModule {
  readonly module: DeltaModule;
  readonly parameters: Readonly<Record<string, Float32Array>>;
}

/** Where PEFT's tensors say that the model's modules are. */
const PREFIX = /^base_model\.model\./;
const CONFIG = 'adapter_config.json';
const TENSORS = 'adapter_model.safetensors';

/**
 * An adapter of Hugging Face PEFT, LoRA or IA3, with what it saves whole (`modules_to_save`): its modules at the sites of
 * a model, and their parameters and those of its heads in the layout of both. Ranks are those of its tensors.
 * @throws InputError where files are missing or damaged, the adapter is of another kind, or made for another model
 */
export async function readPeftAdapter(
  folder: string,
  model: Model,
): Promise<{ readonly structure: Structure; readonly delta: Float32Array }> {
  const config = await readConfig(join(folder, CONFIG));
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
      read.push(...(await modulesAt(site, tensors, config, model, join(folder, TENSORS))));
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
  return { structure: createStructure(model, { space, budget: null }, modules, { kept }), delta };
}

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
  if (!Object.hasOwn(readers, config.peft_type)) throw notRead(where, `an adapter of type ${config.peft_type}`);
  const set = unsupported.find(key => config[key] !== undefined && config[key] !== null && config[key] !== false);
  if (set !== undefined) throw notRead(where, `an adapter with ${set}`);
  if ((config.bias ?? 'none') !== 'none') throw notRead(where, `an adapter that trains biases (bias: ${config.bias})`);
  return config;
}

function notRead(where: string, what: string): InputError {
  return new InputError(`${what} cannot be read`, {
    code: 'unsupported-config',
    where,
    remedy: `give an adapter of type ${Object.keys(readers).join(' or ')}, or merge it into its model with PEFT first`,
  });
}

function otherBase(where: string, what: string): InputError {
  return new InputError(`the adapter is made for another model or task: ${what}`, {
    code: 'other-model',
    where,
    remedy: 'give the --model that it was trained on, and a task with as many labels',
  });
}

/** Tensors by their host and their names below it: `lora_A.weight`, `ia3_l`, or of a host that is saved `weight`, `bias`. */
async function readTensors(where: string): Promise<ReadonlyMap<string, HostTensors>> {
  if (!isThere(where)) {
    throw new InputError('there is no adapter', {
      code: 'missing-file',
      where,
      remedy: 'give the folder that PEFT has saved an adapter in; one of adapter_model.bin is to be saved again',
    });
  }
  const byHost = new Map<string, Record<string, ReadTensor>>();
  const { tensors } = await readSafetensorsHeader(where);
  for (const [name, entry] of tensors) {
    const weight = await tensorAsWeight(entry, name, entry.shape, where);
    const [, host, part] =
      /^(.*?)\.(lora_[A-Za-z_]+(?:\.weight)?|ia3_l|weight|bias)$/.exec(name.replace(PREFIX, '')) ?? [];
    if (host === undefined || part === undefined) throw notRead(where, `tensor ${name}`);
    const values = await readWeight(weight);
    byHost.set(host, { ...byHost.get(host), [part]: { shape: entry.shape, values } });
  }
  return byHost;
}

type ReadAt = (site: Site, tensors: HostTensors, config: AdapterConfig) => ReadModule | undefined;

const lora: ReadAt = (site, tensors, { lora_alpha, alpha_pattern, use_rslora }) => {
  const [A, B] = [tensors['lora_A.weight'], tensors['lora_B.weight']];
  if (!A || !B) return undefined;
  const rank = A.shape[0]!;
  const named = Object.entries(alpha_pattern ?? {}).find(([key]) =>
    new RegExp(`^(?:.*\\.)?(?:${key})$`).test(site.name),
  );
  const alpha = named?.[1] ?? lora_alpha ?? 8;
  // Rank-stabilised, B counts for alpha / √rank.
  return moduleOf(site, 'lora', { rank, alpha: use_rslora ? alpha * Math.sqrt(rank) : alpha }, { A, B });
};

const ia3: ReadAt = (site, { ia3_l: scales }) => {
  if (!scales) return undefined;
  const l = { shape: [scales.values.length], values: scales.values.map(value => value - 1) };
  return moduleOf(site, 'ia3', {}, { l });
};

/** How hosts are read, by PEFT's `peft_type`. */
const readers: Readonly<Record<string, ReadAt>> = { LORA: lora, IA3: ia3 };

async function modulesAt(
  site: Site,
  tensors: HostTensors,
  config: AdapterConfig,
  model: Model,
  where: string,
): Promise<ReadModule[]> {
  const adapted = readers[config.peft_type]!(site, tensors, config);
  const saved = tensors.weight ? [await savedModule(site, tensors, model, where)] : [];
  const modules = [...(adapted ? [adapted] : []), ...saved];
  if (modules.length === 0) throw notRead(where, `what it has at ${site.name} (${Object.keys(tensors).join(', ')})`);
  return modules;
}

/** What a host that is saved whole has become, less what it was: a norm's as LNFit where its bias has stayed. */
async function savedModule(
  site: Site,
  { weight, bias }: HostTensors,
  model: Model,
  where: string,
): Promise<ReadModule> {
  const shape = weightShape(site);
  const difference = async (saved: ReadTensor, name: string, expected: readonly number[]): Promise<ReadTensor> => {
    const frozen = model.weights.get(name);
    if (!frozen || saved.shape.join() !== expected.join()) {
      throw otherBase(
        where,
        `its ${name} is [${saved.shape}], and ${model.name} has ${frozen ? `[${expected}]` : 'none'}`,
      );
    }
    const own = await readWeight(frozen);
    return { shape: expected, values: saved.values.map((value, i) => value - own[i]!) };
  };
  const weightDelta = await difference(weight!, site.name, shape);
  const biasDelta = bias ? await difference(bias, biasName(site), [site.outFeatures]) : undefined;
  if (site.host === 'norm' && (biasDelta?.values.every(value => value === 0) ?? true)) {
    return moduleOf(site, 'lnfit', {}, { scale: weightDelta });
  }
  const noBias = { shape: [site.outFeatures], values: new Float32Array(site.outFeatures) };
  return moduleOf(site, 'fine-tuning', {}, { weightDelta, ...(site.hasBias && { biasDelta: biasDelta ?? noBias }) });
}

/** @throws InputError where the site is of other sizes than what was trained, or no such module attaches there */
function moduleOf(site: Site, kind: string, options: DeltaOptions, given: HostTensors): ReadModule {
  const module = createModule(site, kind, options);
  for (const { name, shape } of deltaOf(module).parameters(site, module.options)) {
    const found = given[name];
    if (found?.shape.join() === shape.join()) continue;
    throw otherBase(site.name, `its ${name} is [${found?.shape ?? ''}], and [${shape}] belongs there`);
  }
  const parameters = Object.fromEntries(Object.entries(given).map(([name, { values }]) => [name, values]));
  return { module, parameters };
}
