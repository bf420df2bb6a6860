import { join } from 'node:path';
import type { DeltaModule } from '../core/delta-module.ts';
import { InputError, throwIfInterrupted } from '../core/errors.ts';
import type { ModuleLayout } from '../core/program.ts';
import type { PeftForm } from '../deltas/delta.ts';
import { deltaOf } from '../deltas/kinds.ts';
import { mergeDelta, parametersOf } from '../deltas/merge.ts';
import { writeFileWhole } from '../files/write-file-whole.ts';
import { bytesOf, type TensorSource, writeTensors } from '../files/write-tensors.ts';
import { readWeight } from '../models/read-weight.ts';
import type { Exporter } from './exporter.ts';
import { namesOf, refuseHeads } from './modules.ts';

type Lora = Extract<PeftForm, { lora: unknown }>['lora'];

const formOf = ({ kind, options }: DeltaModule): PeftForm | undefined => deltaOf(kind).peft?.(options);

/**
 * An adapter folder of Hugging Face PEFT, of its LoRA: matrices for linear maps, and hosts that it saves whole
 * (`modules_to_save`). The backbone stays where it is.
 */
export const peft: Exporter = {
  description: 'a LoRA adapter for Hugging Face PEFT, where it can hold what was trained',
  check(modules, heads) {
    refuseHeads(heads, 'a LoRA adapter for text to text');
    const others = modules.filter(module => formOf(module) === undefined);
    if (others.length > 0) {
      throw new InputError(`a LoRA adapter of PEFT cannot hold ${namesOf(others)}`, {
        where: '--format',
        remedy: 'give `--format onnx`, which holds any module',
      });
    }
  },
  async write({ model, source, modules, delta }, folder, signal) {
    const layout = model.layout(modules);
    const { changes } = mergeDelta(layout, delta);
    const tensors = layout.modules.flatMap((laidOut): [string, TensorSource][] => {
      const { site } = laidOut.module;
      const form = formOf(laidOut.module)!;
      if ('lora' in form) return loraTensors(laidOut, form.lora, delta);
      const { shape } = model.weights.get(site.name)!;
      const bytes = async () => {
        throwIfInterrupted(signal);
        return bytesOf(await readWeight(model.weights.get(site.name)!, changes.get(site.name)));
      };
      return [[`${PREFIX}.${site.name}.weight`, { dtype: 'F32', shape, bytes }]];
    });
    const file = join(folder, 'adapter_model.safetensors');
    await writeTensors(file, { metadata: { format: 'pt' }, tensors: new Map(tensors) });
    const config = { base_model_name_or_path: source, ...configOf(modules) };
    await writeFileWhole(join(folder, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`);
    return {};
  },
};

/** Where PEFT's tensors say that the backbone's modules are. */
const PREFIX = 'base_model.model';

function loraTensors(laidOut: ModuleLayout, { down, up }: Lora, delta: Float32Array): [string, TensorSource][] {
  const parameters = parametersOf(laidOut, delta);
  const tensor = (name: string, parameter: string): [string, TensorSource] => {
    const { shape } = laidOut.parameters.find(each => each.name === parameter)!;
    const bytes = () => bytesOf(parameters[parameter]!);
    return [`${PREFIX}.${laidOut.module.site.name}.${name}.weight`, { dtype: 'F32', shape, bytes }];
  };
  return [tensor('lora_A', down), tensor('lora_B', up)];
}

/** PEFT's LoraConfig. Rank and alpha of the first module stand for all; patterns name those of the others. */
function configOf(modules: readonly DeltaModule[]): Readonly<Record<string, unknown>> {
  const forms = modules.map(module => ({ name: module.site.name, form: formOf(module)! }));
  const loras = forms.flatMap(({ name, form }) => ('lora' in form ? [{ name, ...form.lora }] : []));
  const saved = forms.flatMap(({ name, form }) => ('lora' in form ? [] : [name]));
  const { rank, alpha } = loras[0] ?? { rank: 1, alpha: 1 };
  const otherThan = (key: 'rank' | 'alpha', standard: number) =>
    Object.fromEntries(loras.filter(lora => lora[key] !== standard).map(lora => [lora.name, lora[key]]));
  return {
    peft_type: 'LORA',
    task_type: 'SEQ_2_SEQ_LM',
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    rank_pattern: otherThan('rank', rank),
    alpha_pattern: otherThan('alpha', alpha),
    target_modules: loras.length > 0 ? loras.map(({ name }) => name) : NO_TARGETS,
    modules_to_save: saved.length > 0 ? saved : null,
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
  };
}

/** PEFT's own word for an adapter that only saves modules. */
const NO_TARGETS = 'dummy-target-modules';
