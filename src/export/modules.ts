import type { Layout } from '../core/program.ts';
import type { DeltaModule } from '../core/site.ts';
import { bytesOf, type TensorSource } from '../files/safetensors-arrays.ts';

/** Modules by kind, for messages: `bitfit at decoder.final_layer_norm and 70 more sites; adapter at …`. */
export function namesOf(modules: readonly DeltaModule[]): string {
  return [...Map.groupBy(modules, ({ kind }) => kind)]
    .map(([kind, [first, ...others]]) => {
      const more = others.length === 0 ? '' : ` and ${others.length} more site${others.length === 1 ? '' : 's'}`;
      return `${kind} at ${first!.site.name}${more}`;
    })
    .join('; ');
}

/** The trained heads as tensors, by the names that checkpoints have for them. */
export function headTensors({ heads }: Layout, delta: Float32Array): [string, TensorSource][] {
  return heads.flatMap(({ name, parameters }) =>
    parameters.map(({ name: part, shape, offset, size }): [string, TensorSource] => [
      `${name}.${part}`,
      { dtype: 'F32', shape, bytes: () => bytesOf(delta.subarray(offset, offset + size)) },
    ]),
  );
}
