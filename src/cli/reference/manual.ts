import { commandPage, purpose, type Reference } from '../usage.ts';

const exitCodes: readonly (readonly [code: string, means: string])[] = [
  ['0', 'done'],
  ['1', 'failed, or some of what was asked for has'],
  ['2', 'wrong input: the message says what, where, and how to mend it'],
  ['130', 'interrupted: its state is saved'],
];

/** The page that `man s3delta` shows, in the man macros of roff: what every command's help says. */
export function manualPage(reference: Reference, version: string): string {
  const commands = Object.entries(reference).flatMap(([name, command]) => {
    const { title, usage, sections } = commandPage(name, command);
    const shown = Object.entries(sections).filter(([, rows]) => rows.length > 0);
    return [
      `.SS ${roff(name)}`,
      roff(title),
      '.PP',
      bold(usage),
      ...shown.flatMap(([header, rows]) => ['.PP', `${roff(header)}:`, ...list(rows)]),
    ];
  });
  return [
    `.TH S3DELTA 1 "" "s3delta ${roff(version)}" "User Commands"`,
    ...['.SH NAME', `s3delta \\- ${roff(purpose)}`],
    ...['.SH SYNOPSIS', bold('s3delta <command> [options]')],
    ...['.SH COMMANDS', ...commands],
    ...['.SH EXIT STATUS', ...list(exitCodes)],
    '',
  ].join('\n');
}

function list(rows: readonly (readonly [term: string, text: string])[]): string[] {
  return rows.flatMap(([term, text]) => ['.TP', bold(term), roff(text)]);
}

function bold(text: string): string {
  return `.B ${roff(text).replaceAll('"', '\\(dq')}`;
}

/** A backslash begins roff's own words, a dash alone is a hyphen there, and a line that begins with a dot a command. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll(
      /[^\x20-\x7e]/gu,
      character => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replace(/^(?=[.'])/, '\\&');
}
