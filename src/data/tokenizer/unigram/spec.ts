/** A token matched in the raw text before anything else: padding, end of sequence, sentinels, symbols of the user's. */
export interface AddedToken {
  readonly content: string;
  readonly id: number;
  /** Special tokens are left out when ids are turned back into text. */
  readonly special: boolean;
  /** Spaces before it, or after it, belong to the token. */
  readonly stripLeft: boolean;
  readonly stripRight: boolean;
}

/** A unigram vocabulary with its normalisation, as both file formats describe it. */
export interface UnigramSpec {
  /** Text of each id; `▁` (U+2581) stands for a space. */
  readonly pieces: readonly string[];
  /** Log-probability of each id. */
  readonly scores: readonly number[];
  /** Ids that text may be segmented into (no control, unknown, byte or unused piece). */
  readonly isNormal: readonly boolean[];
  readonly unknownId: number;
  readonly addedTokens: readonly AddedToken[];
  /** SentencePiece's compiled normalisation rules; absent where text is taken as it is. */
  readonly charsmap: Uint8Array | undefined;
  /** Put a space before the text. */
  readonly addPrefixSpace: boolean;
  /** What counts as one space, and is trimmed at both ends; undefined where every space counts. */
  readonly collapsed: RegExp | undefined;
  /** Unknown characters become the pieces `<0x00>` … `<0xFF>` of their UTF-8 bytes. */
  readonly byteFallback: boolean;
}

/** The character that stands for a space inside pieces. */
export const SPACE_PIECE = '\u2581';

/** Name of the piece of one byte, `<0x0A>`. */
export function bytePiece(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}
