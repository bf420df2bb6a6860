import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Ranges = readonly (readonly [number, number])[];

interface Recipe {
  readonly count: number;
  readonly alphabets: Readonly<Record<string, Ranges>>;
  readonly tokens: readonly string[];
  readonly words: readonly string[];
  /** Changes to a tokenizer.json, by name. */
  readonly variants: Readonly<Record<string, Variant>>;
}

export interface Variant {
  readonly sentinels?: object;
  readonly added_tokens?: readonly object[];
  readonly normalizer?: { readonly normalizers?: readonly unknown[] };
  readonly pre_tokenizer?: object;
}

const file = fileURLToPath(new URL('../../../tools/fixtures/hard_strings.json', import.meta.url));
export const recipe = JSON.parse(readFileSync(file, 'utf8')) as Recipe;

/** The strings of `tools/fixtures/hard_strings.py`, made from the same seed by the same steps. */
export function hardStrings(count = recipe.count, seed = 1): string[] {
  const below = mulberry32(seed);
  const choose = <T>(items: readonly T[]): T => items[below(items.length)]!;
  const alphabets = Object.values(recipe.alphabets);
  const character = (ranges: Ranges): string => {
    const [first, last] = choose(ranges);
    return String.fromCodePoint(first + below(last - first + 1));
  };
  const repeat = (times: number, make: () => string): string => Array.from({ length: times }, make).join('');
  const part = (chosen: readonly Ranges[]): string => {
    const kind = below(10);
    if (kind === 0) return choose(recipe.tokens);
    if (kind === 1) return choose(recipe.words);
    if (kind === 2) return character(recipe.alphabets['white space']!);
    if (kind === 3) return character(choose(chosen)).repeat(1 + below(40));
    if (kind === 4) return ' ';
    return repeat(1 + below(6), () => character(choose(chosen)));
  };
  return Array.from({ length: count }, () => {
    const chosen = Array.from({ length: 1 + below(3) }, () => choose(alphabets));
    return repeat(1 + below(16), () => part([...chosen, recipe.alphabets.ascii!]));
  });
}

function mulberry32(seed: number): (limit: number) => number {
  let state = seed;
  return limit => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}
