import { InputError } from '../../core/errors.ts';
import { holdsComparison, writeComparisonReport } from '../../jobs/read-comparison.ts';
import { readRun, readRunView, writeReport } from '../../jobs/report-job.ts';
import { reportMarkdown } from '../../report/markdown.ts';
import { shownModules } from '../../report/structure-modules.ts';
import { verdictText } from '../../report/verdict/verdict.ts';
import type { RunFolder } from '../../runs/run-folder.ts';
import { commandToGoOn, standingOf, standingText, wayOn } from '../../runs/run-outcome.ts';
import type { Command } from '../command.ts';
import { outcomeTables } from '../job-output.ts';

export const report: Command = {
  description: 'Show a run or a comparison: a page (report.html) and pictures in its folder, tables here',
  examples: {
    'runs/reviews': 'tables here, a page and pictures in the folder',
  },
  args: {
    run: { type: 'positional', required: true, description: 'folder of a run, or of a comparison' },
    format: {
      type: 'string',
      valueHint: 'terminal|markdown',
      description: 'what to print: tables, or a Markdown document with its pictures (default terminal)',
    },
    png: { type: 'boolean', description: 'write the pictures as PNG, too' },
  },
  async run(args, context) {
    const format: unknown = args.format ?? 'terminal';
    if (format !== 'terminal' && format !== 'markdown') {
      throw new InputError(`there is no format \`${format}\``, {
        code: 'unknown-value',
        where: '--format',
        remedy: 'give terminal or markdown',
      });
    }
    const given = String(args.run);
    if (holdsComparison(given)) {
      const written = await writeComparisonReport(given);
      return { document: { folder: given, report: written }, lines: [written] };
    }
    const outcome = await readRun(given);
    const files = await writeReport(outcome, { png: args.png === true });
    const { folder, result, structure } = outcome;
    const { verdict } = await readRunView(folder);
    const pictures = { 'Probability of every candidate': folder.heatmap, 'Loss and validation score': folder.curves };
    return {
      document: { ...result, folder: folder.path, report: folder.report, heatmap: folder.heatmap, files, verdict },
      lines:
        format === 'markdown'
          ? [reportMarkdown({ result, modules: shownModules(structure), pictures, ...(verdict && { verdict }) })]
          : [
              ...outcomeTables(outcome, context),
              ...unfinishedLines(folder),
              ...files,
              ...(verdict === undefined ? [] : ['', ...verdictText(verdict)]),
            ],
    };
  },
};

/** Where a run was left that is not over, and how it goes on. */
function unfinishedLines(folder: RunFolder): string[] {
  const standing = standingOf(folder);
  if (standing.state === 'finished') return [];
  const goOn = commandToGoOn(folder, standing);
  return [
    `not finished: ${standingText(standing)}`,
    ...(goOn === undefined ? [] : [`→ ${wayOn(standing)}: ${goOn}`]),
    '',
  ];
}
