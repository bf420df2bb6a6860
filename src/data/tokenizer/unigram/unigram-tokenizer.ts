import { escapePattern } from '../../escape-pattern.ts';
import type { Tokenizer } from '../tokenizer.ts';
import { compileCharsmap } from './charsmap.ts';
import { type AddedToken, SPACE_PIECE, type UnigramSpec } from './spec.ts';
import { compileSegmenter } from './viterbi.ts';

// Words repeat, so segmentations are remembered; the limit only bounds memory on endless streams of new words.
const REMEMBERED_WORDS = 1 << 17;

/**
 * A tokenizer over a unigram vocabulary, equal to SentencePiece's.
 * `encode`: added tokens are cut out of the text; what is between them is normalised, cut into words and segmented.
 * `decode`: special tokens and ids without a piece are left out.
 * @throws RangeError, SyntaxError where scores or rules are damaged, or the added tokens too large
 */
export function createUnigramTokenizer(spec: UnigramSpec, ids: { padId: number; endId: number }): Tokenizer {
  const normalise = spec.charsmap?.length ? compileCharsmap(spec.charsmap) : (text: string) => text;
  const segment = remember(compileSegmenter(spec), REMEMBERED_WORDS);
  const splitWords = wordSplitter(spec.pieces);
  const matcher = addedTokenPattern(spec.addedTokens);
  const addedIds = new Map(spec.addedTokens.map(token => [token.content, token.id]));

  const encodePlain = (text: string, into: number[]) => {
    let normalised = normalise(text);
    if (spec.collapsed) normalised = normalised.replace(spec.collapsed, ' ').replace(/^ | $/g, '');
    if (normalised === '') return;
    if (spec.addPrefixSpace) normalised = ` ${normalised}`;
    for (const word of splitWords(normalised.replaceAll(' ', SPACE_PIECE))) {
      for (const id of segment(word)) into.push(id);
    }
  };

  return {
    size: Math.max(spec.pieces.length, ...spec.addedTokens.map(token => token.id + 1)),
    padId: ids.padId,
    endId: ids.endId,
    encode: text => {
      const encoded: number[] = [];
      // Splitting by a pattern with one group alternates text and matches.
      const sections = matcher ? text.split(matcher) : [text];
      sections.forEach((section, i) => {
        if (i % 2 === 0) encodePlain(section, encoded);
        else encoded.push(addedIds.get(section) ?? addedIds.get(section.trim())!);
      });
      return encoded;
    },
    decode: decoder(spec),
  };
}

/** Cuts before every `▁`, unless some piece reaches across one: then the text has to stay whole. */
function wordSplitter(pieces: readonly string[]): (text: string) => string[] {
  const crossing = pieces.some(piece => piece.indexOf(SPACE_PIECE, 1) > 0);
  return crossing ? text => [text] : text => text.split(/(?=\u2581)/);
}

function remember(segment: (word: string) => number[], limit: number): (word: string) => readonly number[] {
  const known = new Map<string, readonly number[]>();
  return word => {
    let ids = known.get(word);
    if (ids === undefined) {
      ids = segment(word);
      if (known.size >= limit) known.clear();
      known.set(word, ids);
    }
    return ids;
  };
}

function addedTokenPattern(tokens: readonly AddedToken[]): RegExp | undefined {
  if (tokens.length === 0) return undefined;
  const alternatives = tokens
    .toSorted((a, b) => b.content.length - a.content.length)
    .map(token => {
      return `${token.stripLeft ? '\\s*' : ''}${escapePattern(token.content)}${token.stripRight ? '\\s*' : ''}`;
    });
  const pattern = new RegExp(`(${alternatives.join('|')})`);
  // A pattern is compiled when it is first used: one that is too large must fail here, where the file is known.
  pattern.test('');
  return pattern;
}

function decoder(spec: UnigramSpec): (ids: readonly number[]) => string {
  const special = new Set(spec.addedTokens.filter(token => token.special).map(token => token.id));
  const texts = spec.pieces.slice();
  for (const token of spec.addedTokens) texts[token.id] = token.content;
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
  return ids => {
    const parts: Uint8Array[] = [];
    for (const id of ids) {
      const piece = texts[id];
      if (piece === undefined || special.has(id)) continue;
      const byte = spec.byteFallback ? /^<0x([0-9A-F]{2})>$/.exec(piece) : null;
      parts.push(byte ? Uint8Array.of(Number.parseInt(byte[1]!, 16)) : Buffer.from(piece));
    }
    const text = utf8.decode(Buffer.concat(parts)).replaceAll(SPACE_PIECE, ' ');
    return spec.addPrefixSpace ? text.replace(/^ /, '') : text;
  };
}
