/** Text to ids and back. Ids never contain the end-of-sequence token unless `encode` is told to append it. */
export interface Tokenizer {
  /** Number of pieces, extra ids included (not the padded embedding size). */
  readonly size: number;
  readonly padId: number;
  readonly endId: number;
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
}
