import { elementCount } from '../core/arrays.ts';
import type { EncodedExample, Layout, ParameterLayout } from '../core/program.ts';
import { fillNormal, fillUniform } from '../core/random.ts';
import type { DeltaModule } from '../core/site.ts';
import { deltaOf, type Initializer, type ParameterSpec } from './delta.ts';

/** A part of a model that is trained whatever the structure: its parameters, none of them gated. */
export interface Head {
  /** As the checkpoint names it: `classifier`, `classifier.out_proj`, … */
  readonly name: string;
  readonly parameters: readonly Omit<ParameterSpec, 'gated' | 'scale'>[];
}

/** Lays the parameters of a list of modules out one after another in a flat vector, and those of heads after them. */
export function layoutOf(modules: readonly DeltaModule[], heads: readonly Head[] = []): Layout {
  let offset = 0;
  const place = ({ name, shape, gated, scale = 1 }: Omit<ParameterSpec, 'initializer'>): ParameterLayout => {
    const size = elementCount(shape);
    offset += size;
    return { name, shape, offset: offset - size, size, gated, scale };
  };
  return {
    modules: modules.map(module => ({ module, parameters: specsOf(module).map(place) })),
    heads: heads.map(({ name, parameters }) => ({
      name,
      parameters: parameters.map(parameter => place({ ...parameter, gated: false })),
    })),
    size: offset,
  };
}

/** Numbers that a head trains. */
export function headSize(heads: readonly Head[]): number {
  return heads.flatMap(({ parameters }) => parameters).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/**
 * Fresh initial values of every module, and of the heads that the layout was made with; those of one depend on the seed
 * and its name alone, but for a head's that begins at the mean of what `examples` ask for (0 without any).
 */
export function initialDelta(
  layout: Layout,
  seed: number,
  heads: readonly Head[] = [],
  examples: readonly EncodedExample[] = [],
): Float32Array {
  const delta = new Float32Array(layout.size);
  const initialize = (
    name: string,
    parameters: readonly ParameterLayout[],
    specs: readonly Pick<ParameterSpec, 'initializer'>[],
  ) => {
    for (const [index, { name: parameter, offset, size }] of parameters.entries()) {
      const { initializer } = specs[index]!;
      const values = delta.subarray(offset, offset + size);
      if (initializer.distribution === 'mean-answer') values.fill(meanAnswer(examples));
      else fill(values, initializer, seed, `initial ${name}.${parameter}`);
    }
  };
  for (const { module, parameters } of layout.modules) initialize(module.id, parameters, specsOf(module));
  for (const [index, { name, parameters }] of layout.heads.entries()) {
    const head = heads[index];
    if (head?.name !== name)
      throw new RangeError(`the layout has a head ${name}, and its initial values are not given`);
    initialize(name, parameters, head.parameters);
  }
  return delta;
}

function specsOf(module: DeltaModule): readonly ParameterSpec[] {
  return deltaOf(module).parameters(module.site, module.options);
}

/** The mean of the numbers that examples ask for. */
function meanAnswer(examples: readonly EncodedExample[]): number {
  const numbers = examples.flatMap(({ output }) => ('value' in output ? [output.value] : []));
  return numbers.reduce((sum, value) => sum + value, 0) / Math.max(1, numbers.length);
}

function fill(target: Float32Array, initializer: Initializer, seed: number, stream: string): void {
  if (initializer.distribution === 'normal') {
    fillNormal(target, seed, stream);
    for (const [index, value] of target.entries()) target[index] = value * initializer.standardDeviation;
  } else if (initializer.distribution === 'uniform') {
    fillUniform(target, seed, stream);
    for (const [index, value] of target.entries()) target[index] = (2 * value - 1) * initializer.bound;
  } else if (initializer.distribution === 'given') {
    target.set(initializer.values);
  }
}
