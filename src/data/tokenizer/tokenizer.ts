import type { SpecialTokenIds } from './added-vocabulary.ts';
import type { Companions } from './companions.ts';
import type { SpecialTokenNames } from './special-tokens.ts';

/** Every file that can hold a part of a tokenizer: these are fetched from the Hub, and go along with an export. */
export const TOKENIZER_FILES: readonly string[] = [
  ...['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json'],
  ...['spiece.model', 'vocab.txt', 'vocab.json', 'merges.txt'],
];

/** Text to ids and back. `encode` adds no special tokens: where they go is the model family's matter. */
export interface TextTokenizer {
  /** One more than the highest id, extra ids included (not the padded embedding size). */
  readonly size: number;
  readonly special: SpecialTokenIds;
  /** Ids of a text, without special tokens around it. */
  encode(text: string): number[];
  /** Special tokens are left out. */
  decode(ids: readonly number[]): string;
}

/** What a tokenizer is read from. */
export interface TokenizerSource {
  readonly folder: string;
  /** The file that holds the vocabulary. */
  readonly where: string;
  readonly companions: Companions;
  /** What the family calls its special tokens where no file names them. */
  readonly defaults: SpecialTokenNames;
  /** Sentinels behind a `spiece.model` where no file counts them. */
  readonly extraIds: number;
}

/** A tokenizer with what a model needs that reads a text to its end and answers until an end. */
export interface Tokenizer extends TextTokenizer {
  readonly padId: number;
  readonly endId: number;
}
