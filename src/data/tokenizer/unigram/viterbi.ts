import { bytePiece, type UnigramSpec } from './spec.ts';

// SentencePiece's own constant: an unknown character scores this much below the rarest piece.
const UNKNOWN_PENALTY = 10;
// Scores are log-probabilities. Sums of larger ones, or of what is no number, would not compare any more.
const LARGEST_SCORE = 1e30;

/**
 * The most probable segmentation under a unigram vocabulary: the pieces s₁…s_k of the text with the largest Σ log p(sᵢ).
 * Of equal segmentations the one whose last piece begins earlier wins, as in SentencePiece; only where its float32 sums
 * round two equal scores apart ("xxx" as x+xx or xx+x) can it choose the other one.
 *
 * Returns a function from text (spaces already `▁`) to ids. Runs of unknown characters become one unknown id.
 * @throws RangeError where a piece's score is no log-probability.
 */
export function compileSegmenter(spec: UnigramSpec): (text: string) => number[] {
  const root: TrieNode = { id: NO_PIECE, children: new Map() };
  let lowestScore = Number.POSITIVE_INFINITY;
  spec.pieces.forEach((piece, id) => {
    if (!spec.isNormal[id] || piece === '') return;
    if (!(Math.abs(spec.scores[id]!) < LARGEST_SCORE)) throw new RangeError(`piece ${id} has score ${spec.scores[id]}`);
    insert(root, piece, id);
    lowestScore = Math.min(lowestScore, spec.scores[id]!);
  });
  const unknownScore = lowestScore - UNKNOWN_PENALTY;
  const byteIds = spec.byteFallback ? byteTable(spec.pieces) : undefined;

  // best[i]: score of the best segmentation of text[0, i); fromStart[i] and fromId[i]: its last piece.
  // Kept from text to text: most are single words, for which making arrays would cost more than the search.
  let best = new Float64Array(64);
  let fromStart = new Int32Array(64);
  let fromId = new Int32Array(64);
  const offer = (start: number, end: number, id: number, score: number) => {
    const total = best[start]! + score;
    if (total > best[end]!) {
      best[end] = total;
      fromStart[end] = start;
      fromId[end] = id;
    }
  };

  return text => {
    if (text.length >= best.length) {
      best = new Float64Array(2 * text.length);
      fromStart = new Int32Array(2 * text.length);
      fromId = new Int32Array(2 * text.length);
    }
    best.fill(Number.NEGATIVE_INFINITY, 1, text.length + 1);
    best[0] = 0;
    for (let start = 0; start < text.length; ) {
      const next = start + (text.codePointAt(start)! > 0xffff ? 2 : 1);
      let isKnown = false;
      let node = root.children.get(text.charCodeAt(start));
      for (let end = start + 1; node !== undefined; end++) {
        if (node.id !== NO_PIECE) {
          offer(start, end, node.id, spec.scores[node.id]!);
          isKnown ||= end === next;
        }
        node = end < text.length ? node.children.get(text.charCodeAt(end)) : undefined;
      }
      if (!isKnown) offer(start, next, spec.unknownId, unknownScore);
      start = next;
    }
    return readBack(text, fromStart, fromId, spec.unknownId, byteIds);
  };
}

/** The pieces as a tree over their UTF-16 units: a search ends as soon as no piece goes on. */
interface TrieNode {
  id: number;
  readonly children: Map<number, TrieNode>;
}

const NO_PIECE = -1;

function insert(root: TrieNode, piece: string, id: number): void {
  let node = root;
  for (let i = 0; i < piece.length; i++) {
    const unit = piece.charCodeAt(i);
    let child = node.children.get(unit);
    if (child === undefined) {
      child = { id: NO_PIECE, children: new Map() };
      node.children.set(unit, child);
    }
    node = child;
  }
  node.id = id;
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
