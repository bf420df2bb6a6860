import type { Charsmap } from '../unigram/charsmap.ts';

// Replacements repeat; the limit only bounds memory on endless streams of new characters.
const REMEMBERED = 1 << 16;
// A rule is tried on a whole grapheme only where it is shorter than this, in bytes.
const LONG_GRAPHEME = 6;

// Characters that never join their neighbours into one grapheme: for texts of these, most, no segmenter need run.
const SINGLE_RANGES = [
  ...['\\0-\\u02ff', '\\u0370-\\u0482', '\\u048a-\\u0590', '\\u1e00-\\u200a', '\\u2010-\\u2027', '\\u2030-\\u205f'],
  ...['\\u2070-\\u20cf', '\\u2100-\\u2bff', '\\u3001-\\u3029', '\\u3030-\\u3098', '\\u309b-\\ua66e'],
  ...['\\uac00-\\ud7a3', '\\uf900-\\ufaff'],
];
const SINGLE = new RegExp(`^(?!.*\\r\\n)[${SINGLE_RANGES.join('')}]*$`, 's');
const OTHER_THAN_ASCII = /[^ -~]/;
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const utf8 = new TextEncoder();

/**
 * SentencePiece's compiled rules as Hugging Face's tokenizers library applies them, which is not as SentencePiece does:
 * a short grapheme for which some beginning has a rule is replaced whole by it ("ﬁ" with an accent loses the accent);
 * else each of its characters by its own rule.
 */
export function precompiledNormalizer(charsmap: Charsmap): (text: string) => string {
  const known = new Map<string, string | undefined>();
  const replacement = (part: string): string | undefined => {
    if (known.has(part)) return known.get(part);
    const found = charsmap.shortest(utf8.encode(part));
    if (known.size >= REMEMBERED) known.clear();
    known.set(part, found);
    return found;
  };
  const byCharacter = (text: string) => {
    let result = '';
    for (const character of text) result += replacement(character) ?? character;
    return result;
  };
  return text => {
    if (charsmap.keepsAscii && !OTHER_THAN_ASCII.test(text)) return text;
    if (SINGLE.test(text)) return byCharacter(text);
    let result = '';
    for (const { segment } of graphemes.segment(text)) {
      const whole = Buffer.byteLength(segment) < LONG_GRAPHEME ? replacement(segment) : undefined;
      result += whole ?? byCharacter(segment);
    }
    return result;
  };
}
