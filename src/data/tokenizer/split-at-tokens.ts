import { whiteSpaceEnd, whiteSpaceStart } from './json/character-classes.ts';
import type { AddedToken } from './special-tokens.ts';
import { buildTrie, longestAt } from './unigram/trie.ts';

/** Part of a text: an added token, by its id, or what stands between two of them. */
export interface Section {
  /** Where it begins. */
  readonly start: number;
  readonly text: string;
  readonly id?: number;
}

/** What Rust's regular expressions mean by \w, as a class of characters. */
export const WORD_CHARACTERS = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}`;
const WORD_CHARACTER = new RegExp(`^[${WORD_CHARACTERS}]$`, 'u');

/**
 * A function that cuts texts at added tokens, as Hugging Face's tokenizers library does: the leftmost token first, of
 * those the longest; one that may only be a whole word is passed over inside others, and what it would have covered
 * with it. The time is linear in the text: white space is walked from a match outwards, never searched from every
 * place.
 *
 * @param contents what is searched for each token: its content, or the normalised one
 */
export function splitterAt(
  tokens: readonly AddedToken[],
  contents: (token: AddedToken) => string = token => token.content,
): (text: string) => readonly Section[] {
  if (tokens.length === 0) return text => (text === '' ? [] : [{ start: 0, text }]);
  const trie = buildTrie(tokens.map((token, i) => [contents(token), i]));
  return text => {
    const sections: Section[] = [];
    let covered = 0;
    for (let at = 0; at < text.length; ) {
      const match = longestAt(trie, text, at);
      if (match === undefined) {
        at++;
        continue;
      }
      const token = tokens[match.value]!;
      if (!token.singleWord || isWholeWord(text, at, match.end)) {
        const start = token.lstrip ? whiteSpaceStart(text, covered, at) : at;
        const end = token.rstrip ? whiteSpaceEnd(text, match.end) : match.end;
        if (covered < start) sections.push({ start: covered, text: text.slice(covered, start) });
        sections.push({ start, text: text.slice(start, end), id: token.id });
        covered = end;
      }
      at = match.end;
    }
    if (covered < text.length) sections.push({ start: covered, text: text.slice(covered) });
    return sections;
  };
}

function isWholeWord(text: string, start: number, end: number): boolean {
  const before = lastCharacter(text, start);
  const after = end < text.length ? String.fromCodePoint(text.codePointAt(end)!) : '';
  return !WORD_CHARACTER.test(before) && !WORD_CHARACTER.test(after);
}

function lastCharacter(text: string, end: number): string {
  const unit = text.slice(Math.max(0, end - 1), end);
  const isTrail = unit >= '\udc00' && unit <= '\udfff';
  return isTrail ? text.slice(Math.max(0, end - 2), end) : unit;
}
