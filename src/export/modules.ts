import type { DeltaModule } from '../core/delta-module.ts';
import { InputError } from '../core/errors.ts';
import type { Head } from '../deltas/layout.ts';

/** Modules by kind, for messages: `bitfit at decoder.final_layer_norm and 70 more sites; adapter at …`. */
export function namesOf(modules: readonly DeltaModule[]): string {
  return [...Map.groupBy(modules, ({ kind }) => kind)]
    .map(([kind, [first, ...others]]) => {
      const more = others.length === 0 ? '' : ` and ${others.length} more site${others.length === 1 ? '' : 's'}`;
      return `${kind} at ${first!.site.name}${more}`;
    })
    .join('; ');
}

/** Refuses a model with trained heads, for a form that has no place for them. */
export function refuseHeads(heads: readonly Head[], form: string): void {
  if (heads.length === 0) return;
  throw new InputError(`${form} cannot hold the trained ${heads.map(({ name }) => name).join(', ')}`, {
    code: 'export-cannot-hold',
    where: '--format',
    remedy: 'leave the model in its run folder: `predict` and `serve` answer from there',
  });
}
