import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from '../../../src/api/run-to-end.ts';
import type { MatrixSettings } from '../../../src/config/matrix-settings.ts';
import { tinyModel, workspace } from '../../cli/support.ts';

export { runToEnd };

/** A folder with two tasks alike but for their names, and settings that make every run a matter of a second. */
export function matrixWorkspace() {
  const { folder, task: films } = workspace();
  cpSync(join(folder, 'films'), join(folder, 'books'), { recursive: true });
  const books = join(folder, 'books', 'task.yaml');
  writeFileSync(books, readFileSync(books, 'utf8').replace('name: films', 'name: books'));
  const settings: MatrixSettings = {
    ...{ model: tinyModel, threads: 1, lr: 0.01, order: ['first'] },
    ...{ 'max-steps': 2, 'eval-every': 2, 'retrain-eval-every': 2 },
  };
  return { folder, films, books, settings, out: (name: string) => join(folder, name) };
}
