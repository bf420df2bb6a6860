import { compare as runCompare } from '../../experiments/compare-methods.ts';
import { sweep as runSweep } from '../../experiments/sweep-values.ts';
import { transfer as runTransfer } from '../../experiments/transfer-structures.ts';
import { runToEnd } from '../../library/run-to-end.ts';
import type { Command } from '../command.ts';
import { comparisonOutput, showExperiment } from '../comparison-output.ts';
import {
  experimentArgs,
  readExperimentSettings,
  readSweepSettings,
  readTransferSettings,
  sweepArgs,
  transferArgs,
} from '../experiment-args.ts';
import { savingState, withRepeatHint } from '../resume-hint.ts';

export const compare: Command = {
  description: 'Compare methods over tasks, seeds and budgets: one table, what is done is not done again',
  examples: {
    'my.yaml --methods found,random,lora --seeds 8 --out runs/all': 'three methods on the data of a config file',
    'runs/reviews --methods found,random --seeds 8 --out runs/more': 'with the settings of a run',
  },
  args: experimentArgs,
  stopping: savingState,
  async run(args, context) {
    const { settings, out } = readExperimentSettings(args, context.catalogue);
    const { signal, onEvent } = context;
    const events = runCompare(settings, { out, catalogue: context.catalogue, ...(signal && { signal }) });
    const comparison = await withRepeatHint(runToEnd(events, showExperiment(onEvent, true)));
    return comparisonOutput(out, comparison, context);
  },
};

export const sweep: Command = {
  description: 'The runs of a comparison, several at a time in processes of their own',
  examples: {
    'my.yaml --methods found,random --seeds 8 --processes 2 --out a': 'two runs at a time',
  },
  args: sweepArgs,
  stopping: savingState,
  async run(args, context) {
    const { settings, out } = readSweepSettings(args, context.catalogue);
    const { signal, onEvent } = context;
    const events = runSweep(settings, { out, catalogue: context.catalogue, ...(signal && { signal }) });
    const comparison = await withRepeatHint(runToEnd(events, showExperiment(onEvent, false)));
    return comparisonOutput(out, comparison, context);
  },
};

export const transfer: Command = {
  description: 'Train structures that were found on some tasks on others: a table source × target',
  examples: {
    'my.yaml --from runs/rte,runs/mrpc --task sst2,cola --out a': 'two structures on two other tasks',
  },
  args: transferArgs,
  stopping: savingState,
  async run(args, context) {
    const { settings, out } = readTransferSettings(args, context.catalogue);
    const { signal, onEvent } = context;
    const events = runTransfer(settings, { out, catalogue: context.catalogue, ...(signal && { signal }) });
    const comparison = await withRepeatHint(runToEnd(events, showExperiment(onEvent, true)));
    return comparisonOutput(out, comparison, context);
  },
};
