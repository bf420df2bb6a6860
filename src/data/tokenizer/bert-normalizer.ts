import { z } from 'zod';
import { ACCENT, DROPPED_BY_BERT } from './character-classes.ts';
import { WHITE_SPACE } from './white-space.ts';

const settings = z.object({
  clean_text: z.boolean().default(true),
  handle_chinese_chars: z.boolean().default(true),
  strip_accents: z.boolean().nullish(),
  lowercase: z.boolean().default(true),
});

// Unicode's ideographs as BERT has them: kana and hangul are written with spaces or in runs, and stay together.
const IDEOGRAPH =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;

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
