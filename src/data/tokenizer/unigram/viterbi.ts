import { bytePiece, candidateFinder, type UnigramVocabulary } from './piece-candidates.ts';

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
