import { z } from 'zod';
import { type Charsmap, readCharsmap } from '../unigram/sentence-piece-normalizer.ts';
import {
  ACCENT,
  COMBINING_MARK,
  classOf,
  DROPPED_BY_BERT,
  WHITE_SPACE,
  whiteSpaceEnd,
  whiteSpaceStart,
} from './character-classes.ts';
import { libraryParts } from './json-model.ts';

export type Normalizer = (text: string) => string;

const step = z.looseObject({ type: z.string() });
const stripSettings = z.object({ strip_left: z.boolean(), strip_right: z.boolean() });

const inForm = (form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD') => (): Normalizer => text => text.normalize(form);

/**
 * Steps of a `tokenizer.json`'s normaliser, by type. JavaScript's library has most of them too, but other white space,
 * other small letters and NFKC in place of SentencePiece's rules: what is not exactly Rust's is written here.
 */
const NORMALIZERS: Readonly<Record<string, (config: unknown) => Normalizer>> = {
  Sequence: config => {
    const all = z
      .object({ normalizers: z.array(z.unknown()) })
      .parse(config)
      .normalizers.map(normalizerOf);
    return text => all.reduce((result, normalise) => normalise(result), text);
  },
  BertNormalizer: bertNormalizer,
  Precompiled: config => {
    const { precompiled_charsmap } = z.object({ precompiled_charsmap: z.base64().nullish() }).parse(config);
    if (!precompiled_charsmap) return text => text;
    return precompiledNormalizer(readCharsmap(Buffer.from(precompiled_charsmap, 'base64')));
  },
  NFC: inForm('NFC'),
  NFD: inForm('NFD'),
  NFKC: inForm('NFKC'),
  NFKD: inForm('NFKD'),
  Lowercase: () => toLowerCase,
  StripAccents: () => text => text.replace(COMBINING_MARK, ''),
  Strip: config => {
    const { strip_left, strip_right } = stripSettings.parse(config);
    return text => {
      const start = strip_left ? whiteSpaceEnd(text, 0) : 0;
      return text.slice(start, strip_right ? whiteSpaceStart(text, start, text.length) : undefined);
    };
  },
  Replace: config => {
    const { content } = z.object({ content: z.string() }).parse(config);
    const pattern = libraryParts({ normalizer: config }).normalizer?.pattern;
    if (!pattern) throw new Error('a Replace step without a pattern');
    return text => text.replace(pattern, () => content);
  },
  Prepend: config => {
    const { prepend } = z.object({ prepend: z.string() }).parse(config);
    return text => (text === '' ? '' : prepend + text);
  },
};

/** @throws ZodError, Error where the configuration is damaged or of an unknown type */
export function normalizerOf(config: unknown): Normalizer {
  if (config === null || config === undefined) return text => text;
  const { type } = step.parse(config);
  const make = Object.hasOwn(NORMALIZERS, type) ? NORMALIZERS[type] : undefined;
  if (make === undefined) throw new Error(`unknown normaliser ${type}`);
  return make(config);
}

const settings = z.object({
  clean_text: z.boolean().default(true),
  handle_chinese_chars: z.boolean().default(true),
  strip_accents: z.boolean().nullish(),
  lowercase: z.boolean().default(true),
});

// Unicode's ideographs as BERT has them: kana and hangul are written with spaces or in runs, and stay together.
const IDEOGRAPH = classOf('3400-4dbf 4e00-9fff f900-faff 20000-2a6df 2a700-2b81f 2b920-2ceaf 2f800-2fa1f');

/** BERT's basic cleaning: controls dropped, ideographs apart, accents dropped, small letters. In this order. */
function bertNormalizer(config: unknown): (text: string) => string {
  const { clean_text, handle_chinese_chars, strip_accents, lowercase } = settings.parse(config);
  const withoutAccents = strip_accents ?? lowercase;
  return text => {
    let result = text;
    if (clean_text) result = result.replace(DROPPED_BY_BERT, '').replace(WHITE_SPACE, ' ');
    if (handle_chinese_chars) result = result.replace(IDEOGRAPH, ' $& ');
    if (withoutAccents) result = result.normalize('NFD').replace(ACCENT, '');
    return lowercase ? toLowerCase(result) : result;
  };
}

/** Small letters one by one, as Rust has them: JavaScript writes a last capital sigma as ς, where Rust writes σ. */
function toLowerCase(text: string): string {
  return text.includes('Σ')
    ? text
        .split('Σ')
        .map(part => part.toLowerCase())
        .join('σ')
    : text.toLowerCase();
}

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
