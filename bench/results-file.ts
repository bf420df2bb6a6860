import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/** Results in a file, a line of JSON each, so that a measurement goes on after any end. */
export function readResults<Result>(file: string): Result[] {
  if (!existsSync(file)) return [];
  // A line that a kill cut short is no result.
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .flatMap(line => {
      try {
        return [JSON.parse(line) as Result];
      } catch {
        return [];
      }
    });
}

export function addResult(file: string, result: unknown): void {
  // A newline first where the last line was cut short.
  const torn = existsSync(file) && !readFileSync(file, 'utf8').endsWith('\n');
  appendFileSync(file, `${torn ? '\n' : ''}${JSON.stringify(result)}\n`);
}
