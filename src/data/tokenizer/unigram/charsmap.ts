/**
 * SentencePiece's compiled normalisation rules: a little-endian u32 with the trie's size in bytes, the trie
 * (a darts-clone double array of u32 units over UTF-8 bytes), then NUL-terminated replacement strings.
 */

const encoder = new TextEncoder();
// A byte-order mark inside a text is a character like any other.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

const hasLeaf = (unit: number) => ((unit >>> 8) & 1) === 1;
const leafValue = (unit: number) => unit & 0x7fffffff;
// The top bit marks a leaf, so a leaf never equals a byte.
const label = (unit: number) => (unit & 0x800000ff) >>> 0;
const childOffset = (unit: number) => (unit >>> 10) << ((unit & 0x200) >>> 6);

/** Length in bytes of the UTF-8 character that begins with `lead`. */
function characterLength(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/**
 * Compiles rules into a function from text to normalised text: at each character the longest rule that matches is
 * applied, and a character without a rule stays.
 * @throws RangeError where the bytes are not a charsmap.
 */
export function compileCharsmap(bytes: Uint8Array): (text: string) => string {
  if (bytes.length < 4) throw new RangeError('the normalisation rules are cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieBytes = view.getUint32(0, true);
  if (trieBytes % 4 !== 0 || 4 + trieBytes > bytes.length) throw new RangeError('the normalisation rules are cut off');
  const units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(4 + 4 * i, true));
  const replacements = bytes.subarray(4 + trieBytes);

  /** Longest rule at `start`: its length in bytes and where its replacement begins, or undefined. */
  const longestRule = (text: Uint8Array, start: number): { length: number; replacement: number } | undefined => {
    let found: { length: number; replacement: number } | undefined;
    let node = childOffset(units[0] ?? 0);
    for (let i = start; i < text.length; i++) {
      const byte = text[i]!;
      node ^= byte;
      const unit = units[node];
      if (unit === undefined || label(unit) !== byte) break;
      node ^= childOffset(unit);
      if (hasLeaf(unit)) found = { length: i + 1 - start, replacement: leafValue(units[node] ?? 0) };
    }
    return found;
  };

  return text => {
    const source = encoder.encode(text);
    const parts: Uint8Array[] = [];
    let kept = 0;
    for (let at = 0; at < source.length; ) {
      const rule = longestRule(source, at);
      if (rule === undefined) {
        at += characterLength(source[at]!);
        continue;
      }
      const end = replacements.indexOf(0, rule.replacement);
      parts.push(source.subarray(kept, at), replacements.subarray(rule.replacement, end < 0 ? undefined : end));
      at += rule.length;
      kept = at;
    }
    if (parts.length === 0) return text;
    return decoder.decode(Buffer.concat([...parts, source.subarray(kept)]));
  };
}
