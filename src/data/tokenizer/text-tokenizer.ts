import type { SpecialTokenIds } from './added-vocabulary.ts';
import type { Companions } from './companions.ts';
import type { SpecialTokenNames } from './special-tokens.ts';

/** Text to ids and back. `encode` adds no special tokens: where they go is the model family's matter. */
export interface TextTokenizer {
  /** One more than the highest id, extra ids included (not the padded embedding size). */
  readonly size: number;
  readonly special: SpecialTokenIds;
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
}
