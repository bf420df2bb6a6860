import { z } from 'zod';
import { WORD_CHARACTERS } from '../tokenizer.ts';
import { PUNCTUATION, WHITE_SPACE } from './character-classes.ts';
import { libraryParts } from './json-model.ts';

export type PreTokenizer = (word: Word) => readonly Word[];

const step = z.looseObject({ type: z.string() });
const behavior = z.enum(['Removed', 'Isolated', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']);
const metaspaceSettings = z.object({
  replacement: z.string().length(1),
  prepend_scheme: z.enum(['always', 'first', 'never']).default('always'),
  add_prefix_space: z.boolean().nullish(),
  split: z.boolean().default(true),
});

// Rust's classes of characters; JavaScript's \s, \w and \d are others.
const NUMERIC = /\p{N}/gu;
const WORDS = new RegExp(`[${WORD_CHARACTERS}]+|[^${WORD_CHARACTERS}\\p{White_Space}]+`, 'gu');
const GPT2_ENDINGS = /'s|'t|'re|'ve|'m|'ll|'d/;
const GPT2_PARTS = / ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+/u;
const GPT2_SPACES = /\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/u;
const GPT2_WORDS = new RegExp([GPT2_ENDINGS, GPT2_PARTS, GPT2_SPACES].map(({ source }) => source).join('|'), 'gu');

/** Steps of a `tokenizer.json`'s pre-tokeniser, by type, exactly as Rust's library takes them. */
const PRE_TOKENIZERS: Readonly<Record<string, (config: unknown) => PreTokenizer>> = {
  Sequence: config => {
    const all = z
      .object({ pretokenizers: z.array(z.unknown()) })
      .parse(config)
      .pretokenizers.map(preTokenizerOf);
    return word => all.reduce<readonly Word[]>((words, split) => words.flatMap(split), [word]);
  },
  Whitespace: () => word => splitText(word, WORDS, 'Removed', true),
  WhitespaceSplit: () => word => splitText(word, WHITE_SPACE, 'Removed'),
  BertPreTokenizer: () => word =>
    splitText(word, WHITE_SPACE, 'Removed').flatMap(part => splitText(part, PUNCTUATION, 'Isolated')),
  Punctuation: config => {
    const settings = z.object({ behavior: behavior.default('Isolated') }).parse(config);
    return word => splitText(word, PUNCTUATION, settings.behavior);
  },
  Digits: config => {
    const { individual_digits } = z.object({ individual_digits: z.boolean().default(false) }).parse(config);
    return word => splitText(word, NUMERIC, individual_digits ? 'Isolated' : 'Contiguous');
  },
  Split: config => {
    const settings = z.object({ behavior, invert: z.boolean().default(false) }).parse(config);
    const pattern = libraryParts({ pre_tokenizer: config }).pre_tokenizer?.pattern;
    if (!pattern) throw new Error('a Split step without a pattern');
    return word => splitText(word, pattern, settings.behavior, settings.invert);
  },
  Metaspace: config => {
    const { replacement, prepend_scheme, add_prefix_space, split } = metaspaceSettings.parse(config);
    const scheme = add_prefix_space === false ? 'never' : prepend_scheme;
    return ({ text, opens }) => {
      const replaced = text.replaceAll(' ', replacement);
      const prepends = (scheme === 'always' || (scheme === 'first' && opens)) && !replaced.startsWith(replacement);
      const whole = { text: prepends ? replacement + replaced : replaced, opens };
      return split ? splitText(whole, replacement, 'MergedWithNext') : [whole];
    };
  },
  ByteLevel: config => {
    const settings = z.object({ add_prefix_space: z.boolean(), use_regex: z.boolean().default(true) }).parse(config);
    return ({ text, opens }) => {
      const whole = { text: settings.add_prefix_space && !text.startsWith(' ') ? ` ${text}` : text, opens };
      const words = settings.use_regex ? splitText(whole, GPT2_WORDS, 'Isolated') : [whole];
      return words.map(word => ({ ...word, text: byteLevel(word.text) }));
    };
  },
};

/** @throws ZodError, Error where the configuration is damaged or of an unknown type */
export function preTokenizerOf(config: unknown): PreTokenizer {
  if (config === null || config === undefined) return word => [word];
  const { type } = step.parse(config);
  const make = Object.hasOwn(PRE_TOKENIZERS, type) ? PRE_TOKENIZERS[type] : undefined;
  if (make === undefined) throw new Error(`unknown pre-tokeniser ${type}`);
  return make(config);
}

/** A printable character for each byte, as GPT-2 has them: a byte that prints stands for itself. */
const BYTE_CHARACTERS: readonly string[] = (() => {
  let others = 0x100;
  const prints = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(prints(byte) ? byte : others++));
})();

function byteLevel(text: string): string {
  let result = '';
  for (const byte of Buffer.from(text)) result += BYTE_CHARACTERS[byte];
  return result;
}

/** Part of a text. `opens`: whether it begins where the whole text does. */
interface Word {
  readonly text: string;
  readonly opens: boolean;
}

/** What becomes of the matches when a text is split at them. */
type Behavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

interface Part {
  start: number;
  end: number;
  readonly isMatch: boolean;
}

/** Splits a text at each match of a pattern (at all that is between matches where `invert`), as Rust's library does. */
function splitText(word: Word, pattern: RegExp | string, behavior: Behavior, invert = false): Word[] {
  const parts = partsOf(word.text, pattern, invert);
  return JOINED[behavior](parts)
    .filter(({ start, end }) => end > start)
    .map(({ start, end }) => ({ text: word.text.slice(start, end), opens: word.opens && start === 0 }));
}

function partsOf(text: string, pattern: RegExp | string, invert: boolean): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const until = (end: number, isMatch: boolean) => {
    if (end > at) parts.push({ start: at, end, isMatch: isMatch !== invert });
    at = Math.max(at, end);
  };
  if (typeof pattern === 'string') {
    for (let i = text.indexOf(pattern); i >= 0; i = text.indexOf(pattern, at)) {
      until(i, false);
      until(i + pattern.length, true);
    }
  } else {
    for (const match of text.matchAll(pattern)) {
      until(match.index, false);
      until(match.index + match[0].length, true);
    }
  }
  until(text.length, false);
  return parts;
}

const JOINED: Readonly<Record<Behavior, (parts: Part[]) => Part[]>> = {
  Removed: parts => parts.filter(part => !part.isMatch),
  Isolated: parts => parts,
  Contiguous: parts => joinedWhere(parts, (before, part) => before.isMatch === part.isMatch),
  // Of several matches in a row only the one beside the other text is joined to it.
  MergedWithPrevious: parts => joinedWhere(parts, (before, part) => part.isMatch && !before.isMatch),
  MergedWithNext: parts => joinedWhere(parts, (before, part) => before.isMatch && !part.isMatch),
};

/** Neighbours become one part where `joins` says so of the two as they were. */
function joinedWhere(parts: readonly Part[], joins: (before: Part, part: Part) => boolean): Part[] {
  const joined: Part[] = [];
  parts.forEach((part, i) => {
    const last = joined.at(-1);
    if (last !== undefined && joins(parts[i - 1]!, part)) last.end = part.end;
    else joined.push({ ...part });
  });
  return joined;
}
