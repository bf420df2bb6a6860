import { z } from 'zod';
import { ACCENT, classOf, DROPPED_BY_BERT, WHITE_SPACE } from './character-classes.ts';

const settings = z.object({
  clean_text: z.boolean().default(true),
  handle_chinese_chars: z.boolean().default(true),
  strip_accents: z.boolean().nullish(),
  lowercase: z.boolean().default(true),
});

// Unicode's ideographs as BERT has them: kana and hangul are written with spaces or in runs, and stay together.
const IDEOGRAPH = classOf('3400-4dbf 4e00-9fff f900-faff 20000-2a6df 2a700-2b81f 2b920-2ceaf 2f800-2fa1f');

/** BERT's basic cleaning: controls dropped, ideographs apart, accents dropped, small letters. In this order. */
export function bertNormalizer(config: unknown): (text: string) => string {
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
export function toLowerCase(text: string): string {
  return text.includes('Σ')
    ? text
        .split('Σ')
        .map(part => part.toLowerCase())
        .join('σ')
    : text.toLowerCase();
}
