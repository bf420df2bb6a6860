import { SPACE_PIECE } from './segmenter.ts';
import { buildTrie, longestAt } from './trie.ts';

/** How a SentencePiece model prepares a text. */
export interface SentencePieceRules {
  /** Absent where text is taken as it is. */
  readonly charsmap: Charsmap | undefined;
  /** Put a space before the text. */
  readonly addPrefixSpace: boolean;
  /** Spaces at both ends are dropped, and several count as one. */
  readonly collapsesSpaces: boolean;
  /** Symbols of the user's, which no rule changes. */
  readonly userDefined: readonly string[];
}

const OTHER_THAN_ASCII = /[^ -~]/;
const SPACE = 0x20;
const SPACE_BYTES = [0xe2, 0x96, 0x81] as const;
const encoder = new TextEncoder();
// A byte-order mark inside a text is a character like any other.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * SentencePiece's own normalisation, step by step as its `Normalizer::Normalize` takes them; spaces become `▁`.
 * At each place the longest rule is applied. Spaces are collapsed between what rules give, not inside it.
 */
export function sentencePieceNormalizer(rules: SentencePieceRules): (text: string) => string {
  const { charsmap, collapsesSpaces } = rules;
  const userDefined = buildTrie(rules.userDefined.map(symbol => [binary(encoder.encode(symbol)), 0]));
  const hasUserDefined = rules.userDefined.length > 0;

  /** What the text from `at` on begins with, after rules, and where the rest begins. */
  const prefixOf = (source: Uint8Array, asBinary: string, at: number): { piece: Uint8Array; end: number } => {
    const symbol = hasUserDefined ? longestAt(userDefined, asBinary, at) : undefined;
    const rule = symbol ? undefined : charsmap?.longest(source, at);
    if (rule) return { piece: rule.replacement, end: at + rule.length };
    const end = symbol?.end ?? at + characterLength(source[at]!);
    return { piece: source.subarray(at, end), end };
  };

  // The same steps at once, for the most texts.
  const isSimple = !hasUserDefined && (charsmap?.keepsAscii ?? true);
  const ofAscii = (text: string): string => {
    const collapsed = collapsesSpaces ? text.replace(/ {2,}/g, ' ').replace(/^ | $/g, '') : text;
    if (collapsed === '') return '';
    return (rules.addPrefixSpace ? SPACE_PIECE : '') + collapsed.replaceAll(' ', SPACE_PIECE);
  };

  return text => {
    if (isSimple && !OTHER_THAN_ASCII.test(text)) return ofAscii(text);
    const source = encoder.encode(text);
    const asBinary = hasUserDefined ? binary(source) : '';
    let at = 0;
    while (collapsesSpaces && at < source.length) {
      const { piece, end } = prefixOf(source, asBinary, at);
      if (piece.length !== 1 || piece[0] !== SPACE) break;
      at = end;
    }
    if (at === source.length) return '';
    const out: number[] = rules.addPrefixSpace ? [...SPACE_BYTES] : [];
    let afterSpace = collapsesSpaces;
    while (at < source.length) {
      const { piece, end } = prefixOf(source, asBinary, at);
      let from = 0;
      while (afterSpace && piece[from] === SPACE) from++;
      for (let i = from; i < piece.length; i++) {
        if (piece[i] === SPACE) out.push(...SPACE_BYTES);
        else out.push(piece[i]!);
      }
      if (from < piece.length) afterSpace = collapsesSpaces && piece.at(-1) === SPACE;
      at = end;
    }
    while (collapsesSpaces && SPACE_BYTES.every((byte, i) => out.at(i - 3) === byte)) out.length -= 3;
    return decoder.decode(Uint8Array.from(out));
  };
}

/** Length in bytes of the UTF-8 character that begins with `lead`. */
function characterLength(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Bytes as a string of as many units: offsets are those of the bytes. */
function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

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
