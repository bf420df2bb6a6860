import type { DeltaModule } from '../core/delta-module.ts';

/** Modules by kind, for messages: `bitfit at decoder.final_layer_norm and 70 more sites; adapter at …`. */
export function namesOf(modules: readonly DeltaModule[]): string {
  return [...Map.groupBy(modules, ({ kind }) => kind)]
    .map(([kind, [first, ...others]]) => {
      const more = others.length === 0 ? '' : ` and ${others.length} more site${others.length === 1 ? '' : 's'}`;
      return `${kind} at ${first!.site.name}${more}`;
    })
    .join('; ');
}
