import type { Finding } from '../../core/errors.ts';
import { checkData } from '../../tasks/custom/check-data.ts';
import { readOwnData } from '../../tasks/custom/own-data.ts';
import { defaultDataFolder, requireDataFolder } from '../../tasks/task-places.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const marks = { error: '✗', serious: '‼', warning: '!', note: '·' } as const;
const keys = ['data'] as const;

export const check: Command = {
  description: 'Look over data of your own: columns, classes, misspelt labels, copies, empty texts, sizes',
  examples: {
    'reviews.csv': 'a table before there is a task file',
    'reviews.task.yaml': 'all files of a task, by its template and labels',
  },
  args: {
    file: { type: 'positional', required: true, description: 'a task.yaml, or a data file, say reviews.csv' },
    label: { type: 'string', valueHint: 'COLUMN', description: 'of a data file: the column to predict' },
    ...settingsArgs(keys),
  },
  async run(args, { catalogue }) {
    const path = String(args.file);
    const { data } = readSettings(args, keys);
    requireDataFolder(data);
    const dataFolder = data ?? defaultDataFolder();
    const label = typeof args.label === 'string' ? args.label : undefined;
    const { parts, form, choices } = await readOwnData(path, { dataFolder, label, known: catalogue.metrics });
    const findings = checkData(parts, form);
    const bad = findings.filter(({ severity }) => severity === 'error').length;
    const doubtful = findings.filter(({ severity }) => severity === 'serious' || severity === 'warning').length;
    const verdict = bad > 0 ? 'this cannot be trained on: mend what is marked ✗' : doubts(doubtful);
    return {
      document: { file: path, columns: choices, findings },
      lines: [...choices.map(text => `· ${text}`), ...findings.map(findingLine), '', verdict],
      exitCode: bad > 0 ? 1 : 0,
    };
  },
};

/** A finding as a line of a list. */
export function findingLine({ severity, text }: Finding): string {
  return `${marks[severity]} ${text}`;
}

function doubts(count: number): string {
  if (count === 0) return 'nothing is wrong with these data';
  return `these data can be trained on; look at ${count === 1 ? 'the finding' : `the ${count} findings`} marked ‼ or !`;
}
