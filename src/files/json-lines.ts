import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** Adds a line of JSON to a file that grows while something runs. */
export function appendJsonLine(file: string, value: unknown): void {
  appendFileSync(file, `${JSON.stringify(value)}\n`);
}

/** Every whole line of such a file; one that a crash has cut short is left out. No file, no lines. */
export function readJsonLines(file: string): unknown[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .map(parseLine)
    .filter(value => value !== undefined);
}

function parseLine(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
