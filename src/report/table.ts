/** A table before it is drawn. Numbers are given as text, the way they shall be read. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Between two columns. */
const GAP = '  ';

/**
 * Lines of a table for the terminal: columns aligned, numbers to the right.
 * @param width characters of a line: wider tables have their words wrapped within their columns, or, where these would
 * be narrower than a word, their rows written one below the other, a line a cell (default: as wide as it is)
 */
export function tableLines({ header, rows }: Table, width = Number.POSITIVE_INFINITY): string[] {
  const columns = header.map((name, column) => [name, ...rows.map(row => row[column]!)]);
  const wide = columns.map(cells => Math.max(...cells.map(cell => cell.length)));
  const narrow = columns.map(cells => Math.max(...cells.flatMap(cell => cell.split(' ').map(word => word.length))));
  const most = fitted(wide, narrow, width - GAP.length * (header.length - 1));
  if (most === undefined) return stacked({ header, rows });
  // Words do not fill a column to its end.
  const widths = columns.map((cells, i) => Math.max(...cells.flatMap(cell => wrap(cell, most[i]!)).map(length)));
  const numeric = numericColumns({ header, rows });
  const lines = (cells: readonly string[]) => {
    const wrapped = cells.map((cell, column) => wrap(cell, widths[column]!));
    const height = Math.max(...wrapped.map(each => each.length));
    return Array.from({ length: height }, (_, line) =>
      wrapped
        .map((each, column) => {
          const text = each[line] ?? '';
          return numeric[column] ? text.padStart(widths[column]!) : text.padEnd(widths[column]!);
        })
        .join(GAP)
        .trimEnd(),
    );
  };
  return [...lines(header), widths.map(each => '─'.repeat(each)).join(GAP), ...rows.flatMap(lines)];
}

const length = (text: string): number => text.length;

/** Widths that together are no more than `most`, the widest made narrower first; undefined where words do not fit. */
function fitted(wide: readonly number[], narrow: readonly number[], most: number): number[] | undefined {
  const widths = [...wide];
  for (let sum = widths.reduce((a, b) => a + b, 0); sum > most; sum--) {
    let widest = -1;
    for (const [i, each] of widths.entries()) {
      if (each > narrow[i]! && (widest < 0 || each > widths[widest]!)) widest = i;
    }
    if (widest < 0) return undefined;
    widths[widest]! -= 1;
  }
  return widths;
}

/** Lines of a text of at most so many characters, broken between words. */
function wrap(text: string, width: number): string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A line a cell that says something, and an empty one between rows. */
function stacked({ header, rows }: Table): string[] {
  const names = Math.max(...header.map(name => name.length));
  return rows.flatMap((row, i) => [
    ...(i === 0 ? [] : ['']),
    ...row.flatMap((cell, column) => (cell === '' ? [] : [`${header[column]!.padEnd(names)}${GAP}${cell}`])),
  ]);
}

/** Which columns hold numbers, and so are aligned to the right. */
export function numericColumns({ header, rows }: Table): boolean[] {
  return header.map((_, column) => rows.every(row => isNumeric(row[column]!)));
}

/** The same table in Markdown. */
export function tableMarkdown({ header, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapePipe).join(' | ')} |`;
  return [line(header), `|${' --- |'.repeat(header.length)}`, ...rows.map(line)].join('\n');
}

/** Also where there is no number: nothing, or a dash. */
function isNumeric(cell: string): boolean {
  return cell === '' || cell === '–' || /^[-−+]?[\d.]/.test(cell);
}

/** A backslash before a pipe would escape itself, so it is escaped too. */
function escapePipe(cell: string): string {
  return cell.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replaceAll('\n', ' ');
}
