/**
 * SentencePiece's compiled normalisation rules: a little-endian u32 with the trie's size in bytes, the trie
 * (a darts-clone double array of u32 units over UTF-8 bytes), then NUL-terminated replacement strings.
 */
export interface Charsmap {
  /** The longest rule at `start`: its replacement, and the length in bytes of what it replaces. */
  longest(source: Uint8Array, start: number): { readonly replacement: Uint8Array; readonly length: number } | undefined;
  /** Replacement of the shortest rule that `source` begins with. */
  shortest(source: Uint8Array): string | undefined;
  /** Whether no rule is of printable ASCII alone: most texts need none then. */
  readonly keepsAscii: boolean;
}

// A byte-order mark inside a text is a character like any other.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const hasLeaf = (unit: number) => ((unit >>> 8) & 1) === 1;
const leafValue = (unit: number) => unit & 0x7fffffff;
// The top bit marks a leaf, so a leaf never equals a byte.
const label = (unit: number) => (unit & 0x800000ff) >>> 0;
const childOffset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);

/** @throws RangeError where the bytes are no such rules */
export function readCharsmap(bytes: Uint8Array): Charsmap {
  if (bytes.length < 4) throw new RangeError('the normalisation rules are cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = view.getUint32(0, true);
  if (trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) throw new RangeError('the normalisation rules are cut off');
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = bytes.subarray(4 + trieBytes);

  /** The shortest rule that matches at `start`, or the longest. */
  const ruleAt = (source: Uint8Array, start: number, shortest: boolean) => {
    let found: { offset: number; length: number } | undefined;
    let node = childOffset(units[0] ?? 0);
    for (let i = start; i < source.length; i++) {
      const byte = source[i]!;
      node ^= byte;
      const unit = units[node];
      if (unit === undefined || label(unit) !== byte) break;
      node ^= childOffset(unit);
      if (hasLeaf(unit)) found = { offset: leafValue(units[node] ?? 0), length: i + 1 - start };
      if (shortest && found) break;
    }
    return found;
  };
  /**
   * Whether a rule goes on from a node over printable ASCII alone; one that is deeper than any real one counts, too.
   */
  const hasAsciiRule = (node: number, depth: number): boolean => {
    for (let byte = 0x20; byte < 0x7f; byte++) {
      const unit = units[node ^ byte];
      if (unit === undefined || label(unit) !== byte) continue;
      if (hasLeaf(unit) || depth === 0 || hasAsciiRule(node ^ byte ^ childOffset(unit), depth - 1)) return true;
    }
    return false;
  };
  const replacementAt = (offset: number) => {
    const end = replacements.indexOf(0, offset);
    return replacements.subarray(offset, end < 0 ? undefined : end);
  };
  return {
    keepsAscii: !hasAsciiRule(childOffset(units[0] ?? 0), 4),
    longest(source, start) {
      const rule = ruleAt(source, start, false);
      return rule && { replacement: replacementAt(rule.offset), length: rule.length };
    },
    shortest(source) {
      const rule = ruleAt(source, 0, true);
      return rule && decoder.decode(replacementAt(rule.offset));
    },
  };
}
