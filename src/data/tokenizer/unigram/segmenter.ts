import { buildTrie, NONE, ROOT } from './trie.ts';

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

/** Pieces that can stand in a word, three numbers each: where it begins, where it ends, its id; in this order. */
type Candidates = Int32Array;

// Words repeat; the limits only bound memory on endless streams of new ones, or of long ones.
const REMEMBERED_WORDS = 1 << 16;
const LONGEST_REMEMBERED = 48;

// Scores are log-probabilities. Sums of larger ones, or of what is no number, would not compare any more.
const LARGEST_SCORE = 1e30;

/**
 * A function from a text to its words, each with the pieces that can stand in it: what no context changes, so that it
 * can be remembered, while sums, and with them ties, depend on all that is before. A word begins at `▁`; where some
 * piece reaches across one, the whole text is one word.
 * @throws RangeError where a piece's score is no log-probability
 */
function candidateFinder(vocabulary: UnigramVocabulary): (text: string) => Iterable<readonly [string, Candidates]> {
  const { pieces, scores, unknownId } = vocabulary;
  const searched = pieces.flatMap((piece, id) => (vocabulary.isSearched(id) ? [[piece, id] as const] : []));
  for (const [, id] of searched) {
    if (!(Math.abs(scores[id]!) < LARGEST_SCORE)) throw new RangeError(`piece ${id} has score ${scores[id]}`);
  }
  const trie = buildTrie(searched);

  const find = (word: string): Candidates => {
    const found: number[] = [];
    for (let start = 0; start < word.length; ) {
      const next = start + (word.codePointAt(start)! > 0xffff ? 2 : 1);
      let isKnown = false;
      let node = ROOT;
      for (let end = start; end < word.length; ) {
        node = trie.child(node, word.charCodeAt(end++));
        if (node === NONE) break;
        const id = trie.value(node);
        if (id === NONE) continue;
        found.push(start, end, id);
        isKnown ||= end === next;
      }
      if (!isKnown) found.push(start, next, unknownId);
      start = next;
    }
    return Int32Array.from(found);
  };

  const known = new Map<string, Candidates>();
  const remembered = (word: string): Candidates => {
    if (word.length > LONGEST_REMEMBERED) return find(word);
    let found = known.get(word);
    if (found === undefined) {
      found = find(word);
      if (known.size >= REMEMBERED_WORDS) known.clear();
      known.set(word, found);
    }
    return found;
  };
  const crosses = searched.some(([piece]) => piece.indexOf(SPACE_PIECE, 1) > 0);
  return function* (text) {
    for (let start = 0; start < text.length; ) {
      const next = crosses ? -1 : text.indexOf(SPACE_PIECE, start + 1);
      const end = next < 0 ? text.length : next;
      const word = text.slice(start, end);
      yield [word, remembered(word)];
      start = end;
    }
  };
}

// In float32 a sum beyond this would soon swallow the scores that are added to it, so SentencePiece begins again at 0.
const LARGEST_SUM = 100_000;

/**
 * The most probable segmentation under a unigram vocabulary: the pieces s₁…s_k of the text with the largest
 * Σ log p(sᵢ). Ties are broken as SentencePiece and Hugging Face's tokenizers library break them: both keep the best
 * path to each place from the left, replace it only by a better one, and differ in the precision of the sums alone.
 *
 * Returns a function from text (spaces already `▁`) to ids. Runs of unknown characters become one unknown id.
 * @throws RangeError where a piece's score is no log-probability.
 */
export function compileSegmenter(vocabulary: UnigramVocabulary): (text: string) => number[] {
  const { pieces, scores, unknownId, unknownScore } = vocabulary;
  const wordsOf = candidateFinder(vocabulary);
  const byteIds = vocabulary.byteFallback ? byteTable(pieces) : undefined;
  const isSingle = vocabulary.sums === 'float32';
  const Sums = isSingle ? Float32Array : Float64Array;
  // One sum, rounded as it is stored.
  const total = new Sums(1);

  // best[i]: score of the best segmentation of text[0, i); fromStart[i] and fromId[i]: its last piece.
  // Kept from text to text: most are single words, for which making arrays would cost more than the search.
  let best = new Sums(64);
  let fromStart = new Int32Array(64);
  let fromId = new Int32Array(64);
  let furthest = 0;
  const beginAgainAt = (start: number) => {
    const sum = best[start]!;
    for (let i = start; i <= furthest; i++) best[i]! -= sum;
  };
  const offer = (start: number, end: number, id: number, score: number) => {
    total[0] = best[start]! + score;
    if (end > furthest) furthest = end;
    if (total[0] > best[end]!) {
      best[end] = total[0];
      fromStart[end] = start;
      fromId[end] = id;
    }
  };

  return text => {
    if (text.length >= best.length) {
      best = new Sums(2 * text.length);
      fromStart = new Int32Array(2 * text.length);
      fromId = new Int32Array(2 * text.length);
    }
    best.fill(Number.NEGATIVE_INFINITY, 1, text.length + 1);
    best[0] = 0;
    furthest = 0;
    let offset = 0;
    for (const [word, candidates] of wordsOf(text)) {
      for (let i = 0; i < candidates.length; i += 3) {
        const start = offset + candidates[i]!;
        const id = candidates[i + 2]!;
        if (isSingle && Math.abs(best[start]!) > LARGEST_SUM) beginAgainAt(start);
        offer(start, offset + candidates[i + 1]!, id, id === unknownId ? unknownScore : scores[id]!);
      }
      offset += word.length;
    }
    return readBack(text, fromStart, fromId, unknownId, byteIds);
  };
}

function readBack(
  text: string,
  fromStart: Int32Array,
  fromId: Int32Array,
  unknownId: number,
  byteIds: readonly number[] | undefined,
): number[] {
  const reversed: number[] = [];
  for (let end = text.length; end > 0; end = fromStart[end]!) {
    const id = fromId[end]!;
    if (id !== unknownId) reversed.push(id);
    else if (byteIds !== undefined) {
      const bytes = Buffer.from(text.slice(fromStart[end]!, end));
      for (const byte of bytes.reverse()) reversed.push(byteIds[byte]!);
    } else if (reversed.at(-1) !== unknownId) reversed.push(unknownId);
  }
  return reversed.reverse();
}

/** Ids of the 256 byte pieces, or undefined where the vocabulary lacks one. */
function byteTable(pieces: readonly string[]): readonly number[] | undefined {
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const table = Array.from({ length: 256 }, (_, byte) => ids.get(bytePiece(byte)) ?? -1);
  return table.includes(-1) ? undefined : table;
}
