import { join } from 'node:path';
import { InputError, throwIfInterrupted } from '../core/errors.ts';
import { biasName, type DeltaModule } from '../core/site.ts';
import { deltaOf, type PeftForm } from '../deltas/delta.ts';
import type { Head } from '../deltas/layout.ts';
import { mergeDelta, parametersOf } from '../deltas/merge.ts';
import { bytesOf, type TensorSource, writeTensors } from '../files/safetensors-arrays.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { readWeight } from '../models/read-weight.ts';
import { type Exporter, headTensors, namesOf } from './exporter.ts';
import { adapterUsage } from './loading-code.ts';

const formOf = (module: DeltaModule): PeftForm | undefined => deltaOf(module).peft?.(module.site, module.options);

/**
 * An adapter folder of Hugging Face PEFT: one type of adapter on linear maps, and hosts that it saves whole
 * (`modules_to_save`). The backbone stays where it is.
 */
export const peft: Exporter = {
  description: 'an adapter for Hugging Face PEFT, where it can hold what was trained',
  usage: adapterUsage,
  check(modules) {
    const remedy = 'give `--format onnx`, which holds any module';
    // LoRA's configuration alone has a word for biases.
    const types = Map.groupBy(modules, module => {
      const type = formOf(module)?.type;
      return type === 'bias' ? 'LORA' : type;
    });
    const others = types.get(undefined);
    if (others)
      throw new InputError(`an adapter of PEFT cannot hold ${namesOf(others)}`, {
        code: 'export-cannot-hold',
        where: '--format',
        remedy,
      });
    const adapted = [...types].filter(([type]) => type !== 'saved').map(([, held]) => namesOf(held));
    if (adapted.length < 2) return;
    throw new InputError(`one adapter of PEFT cannot hold both ${adapted.join(' and ')}`, {
      code: 'export-cannot-hold',
      where: '--format',
      remedy,
    });
  },
  async write({ model, source, modules, delta }, folder, signal) {
    const parts = modules.filter(({ site }) => model.weights.get(site.name)?.fused !== undefined);
    if (parts.length > 0) {
      throw new InputError(`PEFT knows no parts of a tensor, and ${namesOf(parts)} sits on some`, {
        code: 'export-cannot-hold',
        where: '--format',
        remedy: 'give `--format safetensors` or `--format onnx`',
      });
    }
    const layout = model.layout(modules);
    const { changes } = mergeDelta(layout, delta);
    const formsAt = Map.groupBy(modules, ({ site }) => site.name);
    const isSaved = (host: string) => formsAt.get(host)!.some(module => formOf(module)!.type === 'saved');
    const isAdapted = (host: string) => formsAt.get(host)!.some(module => 'tensors' in formOf(module)!);
    const tensors = layout.modules.flatMap((laidOut): [string, TensorSource][] => {
      const { site } = laidOut.module;
      const form = formOf(laidOut.module)!;
      const host = `${PREFIX}.${site.name}`;
      if ('tensors' in form) {
        const own = form.tensors(parametersOf(laidOut, delta));
        return Object.entries(own).map(([name, { shape, values }]) => [
          `${host}.${name}`,
          { dtype: 'F32', shape, bytes: () => bytesOf(values) },
        ]);
      }
      const saved = (name: string): TensorSource => {
        const weight = model.weights.get(name)!;
        const bytes = async () => {
          throwIfInterrupted(signal);
          return bytesOf(await readWeight(weight, changes.get(name)));
        };
        return { dtype: 'F32', shape: weight.shape, bytes };
      };
      if (form.type === 'bias') {
        if (isSaved(site.name)) return [];
        return [[`${host}${isAdapted(site.name) ? '.base_layer' : ''}.bias`, saved(biasName(site))]];
      }
      const bias: [string, TensorSource][] = site.hasBias ? [[`${host}.bias`, saved(biasName(site))]] : [];
      return [[`${host}.weight`, saved(site.name)], ...bias];
    });
    const file = join(folder, 'adapter_model.safetensors');
    const heads = headTensors(layout, delta).map(([name, tensor]) => [`${PREFIX}.${name}`, tensor] as const);
    await writeTensors(file, { metadata: { format: 'pt' }, tensors: new Map([...tensors, ...heads]) });
    const config = { base_model_name_or_path: source, ...configOf(modules, model.heads) };
    await writeFileWhole(join(folder, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`);
    return {};
  },
};

/** Where PEFT's tensors say that the backbone's modules are. */
const PREFIX = 'base_model.model';

/** PEFT's configuration of the one adapter that holds the modules: LoRA where all hosts are saved whole. */
function configOf(modules: readonly DeltaModule[], heads: readonly Head[]): Readonly<Record<string, unknown>> {
  const forms = modules.map(module => ({ name: module.site.name, form: formOf(module)! }));
  const adapted = forms.flatMap(({ name, form }) => ('tensors' in form ? [{ name, ...form }] : []));
  const saved = [
    ...forms.flatMap(({ name, form }) => (form.type === 'saved' ? [name] : [])),
    // PEFT saves all of what is called a classifier, unasked.
    ...heads.map(({ name }) => (name.startsWith('classifier.') ? 'classifier' : name)),
  ];
  const type = adapted[0]?.type ?? 'LORA';
  return {
    peft_type: type,
    task_type: heads.length > 0 ? 'SEQ_CLS' : 'SEQ_2_SEQ_LM',
    inference_mode: true,
    ...peftConfigs[type]!(adapted),
    ...(forms.some(({ form }) => form.type === 'bias') && { bias: 'all' }),
    modules_to_save: saved.length > 0 ? [...new Set(saved)] : null,
    fan_in_fan_out: false,
  };
}

/** A host with what its kind of module says of it. */
interface AdaptedHost {
  readonly name: string;
  readonly options: Readonly<Record<string, number>>;
}

/** PEFT's own word for an adapter that only saves modules. */
const NO_TARGETS = 'dummy-target-modules';

/** LoraConfig. Rank and alpha of the first module stand for all; patterns name those of the others. */
function loraConfig(hosts: readonly AdaptedHost[]): Readonly<Record<string, unknown>> {
  const { rank, alpha } = hosts[0]?.options ?? { rank: 1, alpha: 1 };
  const otherThan = (key: 'rank' | 'alpha', standard: number | undefined) =>
    Object.fromEntries(
      hosts.filter(({ options }) => options[key] !== standard).map(({ name, options }) => [name, options[key]]),
    );
  return {
    r: rank,
    lora_alpha: alpha,
    rank_pattern: otherThan('rank', rank),
    alpha_pattern: otherThan('alpha', alpha),
    target_modules: hosts.length > 0 ? hosts.map(({ name }) => name) : NO_TARGETS,
    bias: 'none',
    use_rslora: false,
    use_dora: false,
  };
}

/** IA3Config. */
function ia3Config(hosts: readonly AdaptedHost[]): Readonly<Record<string, unknown>> {
  return {
    target_modules: hosts.map(({ name }) => name),
    feedforward_modules: hosts.filter(({ options }) => options.feedForward === 1).map(({ name }) => name),
    init_ia3_weights: true,
  };
}

/** What `adapter_config.json` says of the adapted hosts, by PEFT's `peft_type`. A new type is a line here. */
export const peftConfigs: Readonly<
  Record<string, (hosts: readonly AdaptedHost[]) => Readonly<Record<string, unknown>>>
> = {
  LORA: loraConfig,
  IA3: ia3Config,
};
