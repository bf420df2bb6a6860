import { tableLines } from '../../report/table.ts';
import { tasks as builtInTasks } from '../../tasks/index.ts';
import type { Command } from '../command.ts';

export const tasks: Command = {
  description: 'List the built-in tasks',
  args: {},
  async run() {
    const found = builtInTasks.map(({ name, description, metric, labels }) => ({
      name,
      description,
      metric,
      labels,
    }));
    const rows = found.map(({ name, description, metric }) => [name, metric, description]);
    return {
      document: { tasks: found },
      lines: [
        ...tableLines({ header: ['task', 'metric', 'what it is'], rows }),
        '',
        'Or give a task.yaml of your own.',
      ],
    };
  },
};
