import { z } from 'zod';
import { readCharsmap } from '../unigram/charsmap.ts';
import { bertNormalizer, toLowerCase } from './bert-normalizer.ts';
import { COMBINING_MARK, whiteSpaceEnd, whiteSpaceStart } from './character-classes.ts';
import { libraryParts } from './library.ts';
import { precompiledNormalizer } from './precompiled.ts';

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
