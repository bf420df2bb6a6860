import { existsSync, readFileSync } from 'node:fs';
import type { DemoCell } from './tables.ts';

/** Finished cells, none where there is no such file. A line that a kill cut short does not end and is left out. */
export const readDemoCells = (path: string): DemoCell[] =>
  existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map(line => JSON.parse(line) as DemoCell)
    : [];
