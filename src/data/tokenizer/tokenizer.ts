import type { TextTokenizer } from './text-tokenizer.ts';

/** A tokenizer with what a model needs that reads a text to its end and answers until an end. */
export interface Tokenizer extends TextTokenizer {
  readonly padId: number;
  readonly endId: number;
}
