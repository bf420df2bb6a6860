import type { DeltaModule } from '../core/delta-module.ts';
import { elementCount } from '../core/element-count.ts';
import type { Layout, ModuleLayout } from '../core/program.ts';
import { fillNormal, fillUniform } from '../core/random.ts';
import type { Initializer } from './delta.ts';
import { deltaOf } from './kinds.ts';

/** Lays the parameters of a list of modules out one after another in a flat vector. */
export function layoutOf(modules: readonly DeltaModule[]): Layout {
  let offset = 0;
  const laidOut = modules.map((module): ModuleLayout => {
    const parameters = deltaOf(module.kind)
      .parameters(module.site, module.options)
      .map(({ name, shape, gated, scale = 1 }) => {
        const size = elementCount(shape);
        offset += size;
        return { name, shape, offset: offset - size, size, gated, scale };
      });
    return { module, parameters };
  });
  return { modules: laidOut, heads: [], size: offset };
}

/** Fresh initial values of every module; those of one module depend on the seed and the module's name alone. */
export function initialDelta(layout: Layout, seed: number): Float32Array {
  const delta = new Float32Array(layout.size);
  for (const { module, parameters } of layout.modules) {
    const specs = deltaOf(module.kind).parameters(module.site, module.options);
    for (const [index, { name, offset, size }] of parameters.entries()) {
      fill(delta.subarray(offset, offset + size), specs[index]!.initializer, seed, `initial ${module.id}.${name}`);
    }
  }
  return delta;
}

function fill(target: Float32Array, initializer: Initializer, seed: number, stream: string): void {
  if (initializer.distribution === 'normal') {
    fillNormal(target, seed, stream);
    for (const [index, value] of target.entries()) target[index] = value * initializer.standardDeviation;
  } else if (initializer.distribution === 'uniform') {
    fillUniform(target, seed, stream);
    for (const [index, value] of target.entries()) target[index] = (2 * value - 1) * initializer.bound;
  }
}
