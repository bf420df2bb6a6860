/** A table before it is drawn. Numbers are given as text, the way they shall be read. */
export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Lines of a table for the terminal: columns aligned, numbers to the right. */
export function tableLines({ header, rows }: Table): string[] {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map(row => row[column]!.length)));
  const numeric = numericColumns({ header, rows });
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(header), widths.map(width => '─'.repeat(width)).join('  '), ...rows.map(line)];
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
