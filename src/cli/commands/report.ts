import { readRun, writeReport } from '../../api/report-job.ts';
import { InputError } from '../../errors.ts';
import type { Command } from '../command.ts';
import { outcomeTables } from '../outcome.ts';

export const report: Command = {
  description: 'Show a run: report.html and heatmap.svg in its folder, tables here',
  args: {
    run: { type: 'positional', required: true, description: 'run folder' },
    format: {
      type: 'string',
      valueHint: 'terminal|markdown',
      description: 'how to write the tables (default terminal)',
    },
  },
  async run(args) {
    const { format = 'terminal' } = args;
    if (format !== 'terminal' && format !== 'markdown') {
      throw new InputError(`there is no format \`${format}\``, {
        where: '--format',
        remedy: 'give terminal or markdown',
      });
    }
    const outcome = await readRun(String(args.run));
    await writeReport(outcome);
    const { folder, result } = outcome;
    const files = { report: folder.report, heatmap: folder.heatmap };
    return {
      document: { ...result, folder: folder.path, ...files },
      lines: [...outcomeTables(outcome, format), ...Object.values(files)],
    };
  },
};
