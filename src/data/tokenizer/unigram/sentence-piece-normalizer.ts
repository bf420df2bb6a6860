import type { Charsmap } from './charsmap.ts';
import { SPACE_PIECE } from './piece-candidates.ts';
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
