import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExperimentSettings } from '../../src/config/experiment-settings.ts';
import { runToEnd } from '../../src/library/run-to-end.ts';
import { tinyModel, workspace } from '../cli/support.ts';

export { runToEnd };

/** A folder with three tasks alike but for their names, and settings that make every run a matter of a second. */
export function experimentWorkspace() {
  const { folder, task: films } = workspace();
  const [books, plays] = ['books', 'plays'].map(name => {
    cpSync(join(folder, 'films'), join(folder, name), { recursive: true });
    const file = join(folder, name, 'task.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('name: films', `name: ${name}`));
    return file;
  }) as [string, string];
  const settings: ExperimentSettings = {
    ...{ model: tinyModel, threads: 1, lr: 0.01, order: ['first'] },
    ...{ 'max-steps': 2, 'eval-every': 2, 'retrain-eval-every': 2 },
  };
  return { folder, films, books, plays, settings, out: (name: string) => join(folder, name) };
}
