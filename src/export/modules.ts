import type { DeltaModule } from '../core/delta-module.ts';

const shownPlaces = 4;

/** Modules by kind with their places, for messages: `bitfit at SelfAttn.Q E.0, FFN.Wi D.1 and 3 more; adapter at FFN E.2`. */
export function namesOf(modules: readonly DeltaModule[]): string {
  return [...Map.groupBy(modules, ({ kind }) => kind)]
    .map(([kind, ofKind]) => {
      const places = ofKind.map(({ site }) => `${site.position} ${site.column}`);
      const more = places.length > shownPlaces ? ` and ${places.length - shownPlaces} more` : '';
      return `${kind} at ${places.slice(0, shownPlaces).join(', ')}${more}`;
    })
    .join('; ');
}
