import { basename, resolve } from 'node:path';
import { InputError } from '../../core/errors.ts';
import { count } from '../../core/format.ts';
import { readHeatMaps, writeHeatMaps } from '../../experiments/found-structures.ts';
import { holdsSpread, readSpread, readSpreadDocument } from '../../experiments/spread-files.ts';
import {
  holdsComparison,
  readComparisonDocument,
  readRun,
  readRunView,
  writeComparisonReport,
  writeReport,
} from '../../jobs/report-job.ts';
import { heatMap } from '../../report/heat-map.ts';
import { heatMapLines } from '../../report/heat-map-terminal.ts';
import { quantityOf } from '../../report/quantities.ts';
import { reportMarkdown } from '../../report/run-report.ts';
import { shownModules } from '../../report/run-view.ts';
import { verdictText } from '../../report/verdict/verdict.ts';
import { type RunFolder, requireRun, runFolder } from '../../runs/run-folder.ts';
import { commandToGoOn, standingOf, standingText, wayOn } from '../../runs/run-outcome.ts';
import { notesOf, sendNews } from '../../trackers/follow-run.ts';
import { trackers, trackersInWords, trackersNamed } from '../../trackers/trackers.ts';
import type { Command } from '../command.ts';
import { comparisonLines, spreadOutput } from '../experiment-output.ts';
import { outcomeTables } from '../job-output.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

export const report: Command = {
  description: 'Show a run, a comparison or a spread: tables and the verdict here, a page (report.html) in its folder',
  examples: {
    'runs/reviews': 'tables here, a page and pictures in the folder',
  },
  args: {
    run: {
      type: 'positional',
      required: true,
      description: 'folder of a run, or of a comparison, sweep, transfer or spread',
    },
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
    const isMarkdown = format === 'markdown';
    if (holdsComparison(given)) {
      const { report, comparison } = await writeComparisonReport(given);
      const lines = isMarkdown
        ? [(await readComparisonDocument(given)).trimEnd()]
        : [report, '', ...comparisonLines(given, comparison, context)];
      return { document: { ...comparison, folder: given, report }, lines };
    }
    if (holdsSpread(given)) {
      const { document, lines } = spreadOutput(given, await readSpread(given));
      return { document, lines: isMarkdown ? [(await readSpreadDocument(given)).trimEnd()] : lines };
    }
    const outcome = await readRun(given);
    const files = await writeReport(outcome, { png: args.png === true });
    const { folder, result, structure } = outcome;
    const { verdict, finalists } = await readRunView(folder);
    const shown = { ...(finalists && { finalists }), ...(verdict && { verdict }) };
    const modules = shownModules(structure);
    const { title, alternative = title } = quantityOf(modules);
    const pictures = { [alternative]: folder.heatmap, 'Loss and validation score': folder.curves };
    return {
      document: { ...result, folder: folder.path, report: folder.report, heatmap: folder.heatmap, files, verdict },
      lines: isMarkdown
        ? [reportMarkdown({ result, modules, ...shown, pictures })]
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

const keys = ['space', 'out'] as const;

export const heatmap: Command = {
  description: 'Show what searches think of each module, task by task: mean and spread of p, or how many keep it',
  examples: {
    runs: 'all searches below a folder',
    'runs/rte,runs/mrpc --out maps': 'two runs, and pictures',
  },
  args: catalogue => ({
    runs: {
      type: 'positional',
      required: true,
      description: 'run folders, or folders of runs, with commas between them',
    },
    ...settingsArgs(keys, catalogue),
    out: {
      type: 'string',
      valueHint: 'FOLDER',
      description: 'where to write the pictures (default: none are written)',
    },
  }),
  async run(args, { colour, lightGround, catalogue }) {
    const { space, out } = readSettings(args, keys, catalogue);
    const maps = await readHeatMaps(String(args.runs).split(','), space);
    const files = out === undefined ? [] : await writeHeatMaps(out, maps);
    const lines = maps.flatMap(({ task, searches, mean, spread, keptBy: kept, quantities }) => [
      `${task}, ${searches} search${searches === 1 ? '' : 'es'}`,
      ...heatMapLines(heatMap(mean), { colour, lightGround, quantity: quantities.mean.name, kept }),
      ...(searches > 1 ? heatMapLines(heatMap(spread), { colour, lightGround, quantity: quantities.spread.name }) : []),
      '',
    ]);
    return { document: { maps, files }, lines: [...lines, ...files] };
  },
};

export const log: Command = {
  description: 'Send a tracker what it has not got of a run, from the files of its folder',
  examples: {
    'runs/reviews --to tensorboard': 'event files beside the run',
  },
  args: {
    run: { type: 'positional', required: true, description: 'run folder' },
    to: { type: 'string', valueHint: 'NAME[,…]', description: trackersInWords },
  },
  async run(args, { signal = new AbortController().signal }) {
    const folder = runFolder(String(args.run));
    requireRun(folder);
    if (args.to === undefined) {
      throw new InputError('which tracker is to be sent the run?', {
        code: 'missing-setting',
        where: '--to',
        remedy: `name one: ${Object.keys(trackers).join(', ')}`,
      });
    }
    const named = [...trackersNamed(String(args.to), '--to')];
    const [title, note] = [basename(resolve(folder.path)), notesOf(folder)];
    const sent = await Promise.all(
      named.map(async tracker => {
        const [name] = tracker;
        try {
          return { tracker: name, ...(await sendNews(folder, title, tracker, signal, note)) };
        } catch (error) {
          return { tracker: name, failed: (error as Error).message };
        }
      }),
    );
    const lines = sent.map(news => {
      if ('failed' in news) return `${news.tracker}: ${news.failed}`;
      const ending = news.ended ? ', scores and settings' : '';
      return news.points === 0 && !news.ended
        ? `${news.tracker} has all of it already`
        : `${news.tracker}: ${count(news.points)} points${ending}`;
    });
    return { document: { folder: folder.path, sent }, lines, exitCode: sent.some(news => 'failed' in news) ? 1 : 0 };
  },
};
