/** A unigram vocabulary, with what the search for the best segmentation takes from the program it comes from. */
export interface UnigramVocabulary {
  /** Text of each id; `▁` (U+2581) stands for a space. */
  readonly pieces: readonly string[];
  /** Log-probability of each id. */
  readonly scores: readonly number[];
  /** Ids that text may be segmented into. */
  readonly isSearched: (id: number) => boolean;
  readonly unknownId: number;
  /** Log-probability of a character that no piece is. */
  readonly unknownScore: number;
  /** Unknown characters become the pieces `<0x00>` … `<0xFF>` of their UTF-8 bytes. */
  readonly byteFallback: boolean;
  /** In which sums of log-probabilities are kept: near ties fall as these are rounded. */
  readonly sums: 'float32' | 'float64';
}

/** An unknown character scores this much below the rarest piece: the same number in every program. */
export const UNKNOWN_PENALTY = 10;

/** The character that stands for a space inside pieces. */
export const SPACE_PIECE = '\u2581';

/** Name of the piece of one byte, `<0x0A>`. */
export function bytePiece(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
