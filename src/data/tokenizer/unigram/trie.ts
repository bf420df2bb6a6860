/** Strings as a tree over their UTF-16 units, each with a number: a search ends as soon as no string goes on. */
export interface Trie {
  /** The node behind a node (`ROOT` to begin with) over a unit, or `NONE`. */
  child(node: number, unit: number): number;
  /** Number of the string that ends at a node, or `NONE`. */
  value(node: number): number;
}

export const ROOT = 0;
export const NONE = -1;

/**
 * Of equal strings the last one's number counts; the empty string is left out, as it would be found everywhere.
 * The edges stand in one hash table: objects for hundreds of thousands of nodes would take a second to make.
 */
export function buildTrie(entries: readonly (readonly [text: string, value: number])[]): Trie {
  const most = entries.reduce((sum, [text]) => sum + text.length, 1);
  const mask = 2 ** Math.ceil(Math.log2(2 * most)) - 1;
  const parents = new Int32Array(mask + 1).fill(NONE);
  const units = new Uint16Array(mask + 1);
  const children = new Int32Array(mask + 1);
  const values = new Int32Array(most).fill(NONE);
  let size = 1;

  /** Where the edge stands, or the free place where it would. */
  const slot = (node: number, unit: number): number => {
    let at = ((Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 7) & mask;
    for (;;) {
      const parent = parents[at];
      if (parent === NONE || (parent === node && units[at] === unit)) return at;
      at = (at + 1) & mask;
    }
  };

  for (const [text, value] of entries) {
    let node = ROOT;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const at = slot(node, unit);
      if (parents[at] === NONE) {
        parents[at] = node;
        units[at] = unit;
        children[at] = size++;
      }
      node = children[at]!;
    }
    if (node !== ROOT) values[node] = value;
  }
  return {
    child(node, unit) {
      const at = slot(node, unit);
      return parents[at] === NONE ? NONE : children[at]!;
    },
    value: node => values[node]!,
  };
}

/** The longest string of a tree that stands at `start`. */
export function longestAt(trie: Trie, text: string, start: number): { value: number; end: number } | undefined {
  let found: { value: number; end: number } | undefined;
  let node = ROOT;
  for (let end = start; end < text.length; ) {
    node = trie.child(node, text.charCodeAt(end++));
    if (node === NONE) break;
    if (trie.value(node) !== NONE) found = { value: trie.value(node), end };
  }
  return found;
}
