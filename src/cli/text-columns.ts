/** Terms wider than this stand on a line of their own, above what is said of them. */
const widestTerm = 24;
const gap = 2;

/**
 * Lays terms and what is said of each out in two columns of at most `width` characters in all, the right one wrapped
 * between words. Returns lines in two parts, so that the first can be coloured; together they are the line.
 */
export function columns(
  rows: readonly (readonly [term: string, text: string])[],
  { width, indent }: { readonly width: number; readonly indent: number },
): [term: string, text: string][] {
  const fitting = rows.map(([term]) => term.length).filter(length => length <= widestTerm);
  const widest = Math.max(0, ...(fitting.length === 0 ? [widestTerm] : fitting));
  const left = indent + widest + gap;
  return rows.flatMap(([term, text]) => {
    const lines = wrap(text, width - left);
    const head = ' '.repeat(indent) + term;
    const rest = (from: number) => lines.slice(from).map((line): [string, string] => ['', ' '.repeat(left) + line]);
    if (term.length > widest) return [[head, ''], ...rest(0)];
    return [[head, `${' '.repeat(left - head.length)}${lines[0] ?? ''}`], ...rest(1)];
  });
}

/** Lines of at most `width` characters, broken at spaces; a longer word has a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
