/** What the page shows beside the list. It stands in the address, so that it can be linked to and gone back to. */
export type Route =
  | { readonly view: 'overview' }
  | { readonly view: 'run'; readonly id: string }
  | { readonly view: 'comparison'; readonly id: string }
  | { readonly view: 'compare'; readonly ids: readonly string[] };

export function parseRoute(hash: string): Route {
  const [view, ...ids] = hash.replace(/^#\/?/, '').split('/').map(decode);
  const isOne = ids.length === 1 && ids[0] !== '';
  if ((view === 'run' || view === 'comparison') && isOne) return { view, id: ids[0]! };
  if (view === 'compare' && ids.length > 0) return { view, ids: ids.filter(id => id !== '') };
  return { view: 'overview' };
}

/** What the window is called, and files that are saved from it begin with. */
export function titleOf(route: Route): string {
  if (route.view === 'run' || route.view === 'comparison') return `${route.id} – s3delta`;
  return route.view === 'compare' ? `${route.ids.length} runs side by side – s3delta` : 's3delta';
}

export function runLink(id: string): string {
  return `#/run/${encodeURIComponent(id)}`;
}

export function comparisonLink(id: string): string {
  return `#/comparison/${encodeURIComponent(id)}`;
}

export function compareLink(ids: readonly string[]): string {
  return `#/compare/${ids.map(encodeURIComponent).join('/')}`;
}

/** Addresses are also written by hand: what cannot be decoded stays as it is. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
