/** Part of a text. `opens`: whether it begins where the whole text does. */
export interface Word {
  readonly text: string;
  readonly opens: boolean;
}

/** What becomes of the matches when a text is split at them. */
export type Behavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

interface Part {
  start: number;
  end: number;
  readonly isMatch: boolean;
}

/** Splits a text at each match of a pattern (at all that is between matches where `invert`), as Rust's library does. */
export function splitText(word: Word, pattern: RegExp | string, behavior: Behavior, invert = false): Word[] {
  const parts = partsOf(word.text, pattern, invert);
  return JOINED[behavior](parts)
    .filter(({ start, end }) => end > start)
    .map(({ start, end }) => ({ text: word.text.slice(start, end), opens: word.opens && start === 0 }));
}

function partsOf(text: string, pattern: RegExp | string, invert: boolean): Part[] {
  const parts: Part[] = [];
  let at = 0;
  const until = (end: number, isMatch: boolean) => {
    if (end > at) parts.push({ start: at, end, isMatch: isMatch !== invert });
    at = Math.max(at, end);
  };
  if (typeof pattern === 'string') {
    for (let i = text.indexOf(pattern); i >= 0; i = text.indexOf(pattern, at)) {
      until(i, false);
      until(i + pattern.length, true);
    }
  } else {
    for (const match of text.matchAll(pattern)) {
      until(match.index, false);
      until(match.index + match[0].length, true);
    }
  }
  until(text.length, false);
  return parts;
}

const JOINED: Readonly<Record<Behavior, (parts: Part[]) => Part[]>> = {
  Removed: parts => parts.filter(part => !part.isMatch),
  Isolated: parts => parts,
  Contiguous: parts => joinedWhere(parts, (before, part) => before.isMatch === part.isMatch),
  // Of several matches in a row only the one beside the other text is joined to it.
  MergedWithPrevious: parts => joinedWhere(parts, (before, part) => part.isMatch && !before.isMatch),
  MergedWithNext: parts => joinedWhere(parts, (before, part) => before.isMatch && !part.isMatch),
};

/** Neighbours become one part where `joins` says so of the two as they were. */
function joinedWhere(parts: readonly Part[], joins: (before: Part, part: Part) => boolean): Part[] {
  const joined: Part[] = [];
  parts.forEach((part, i) => {
    const last = joined.at(-1);
    if (last !== undefined && joins(parts[i - 1]!, part)) last.end = part.end;
    else joined.push({ ...part });
  });
  return joined;
}
