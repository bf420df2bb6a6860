import { tableLines } from '../../report/table.ts';
import { defaultDataFolder } from '../../tasks/data-folder.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

export const tasks: Command = {
  description: 'List the built-in tasks, and whether their data were found',
  args: settingsArgs(['data']),
  async run(args, { catalogue }) {
    const { data: folder = defaultDataFolder() } = readSettings(args, ['data']);
    const found = catalogue.tasks.map(task => {
      const { name, description, metric, details = [], labels } = task;
      return { name, description, metric, details, labels, data: task.find(folder) ?? null };
    });
    const rows = found.map(({ name, description, metric, data }) => [name, metric, data ? 'found' : '–', description]);
    return {
      document: { tasks: found },
      lines: [
        ...tableLines({ header: ['task', 'metric', 'data', 'what it is'], rows }),
        '',
        `Data were looked for in ${folder} (--data names another folder). Or give a task.yaml of your own.`,
      ],
    };
  },
};
