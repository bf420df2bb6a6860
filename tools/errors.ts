// Writes docs/errors.md from the list of the codes that errors carry:  node tools/errors.ts
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { errorCodes } from '../src/core/error-codes.ts';

const file = new URL('../docs/errors.md', import.meta.url);

/** The page, as it should stand in the repository. */
export function errorsPage(): string {
  const rows = Object.entries(errorCodes)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([code, [meaning, remedy]]) => `| \`${code}\` | ${meaning} | ${remedy} |`);
  return `# Errors

A mistake in what the program was given ends it with exit code 2 and a message that says what is wrong, where, and, after an arrow, the
exact edit that mends it. The library throws an \`InputError\` with the same: \`code\`, \`what\`, \`where\`, \`remedy\`. The code is stable, so that
a script can rely on it; with \`--json\` the command line prints it too, as \`{ "error": { "code", "message", "where", "remedy" } }\`.

A machine that refuses to write (a full disk, a folder that is read-only) is a \`StorageError\` and exit code 1; its \`code\` is the
system's own, \`ENOSPC\` for example. An interruption that has saved its state is an \`InterruptedError\` and the exit code of its signal,
130 of Ctrl-C.

| code | what is wrong | what mends it |
| --- | --- | --- |
${rows.join('\n')}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, errorsPage());
