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
import { logArg, whileAllTracked } from '../tracking.ts';

export const compare: Command = {
  description: 'Compare methods over tasks, seeds and budgets: one table, what is done is not done again',
  args: catalogue => ({ ...experimentArgs(catalogue), ...logArg }),
  stopping: savingState,
  async run(args, context) {
    const { settings, out } = readExperimentSettings(args, context.catalogue);
    const { signal, onEvent } = context;
    const events = () => runCompare(settings, { out, catalogue: context.catalogue, ...(signal && { signal }) });
    const comparison = await withRepeatHint(
      whileAllTracked(args, out, context, showExperiment(onEvent, true), show => runToEnd(events(), show)),
    );
    return comparisonOutput(out, comparison, context);
  },
};

export const sweep: Command = {
  description: 'The runs of a comparison, several at a time in processes of their own',
  args: catalogue => ({ ...sweepArgs(catalogue), ...logArg }),
  stopping: savingState,
  async run(args, context) {
    const { settings, out } = readSweepSettings(args, context.catalogue);
    const { signal, onEvent } = context;
    const events = () => runSweep(settings, { out, catalogue: context.catalogue, ...(signal && { signal }) });
    const comparison = await withRepeatHint(
      whileAllTracked(args, out, context, showExperiment(onEvent, false), show => runToEnd(events(), show)),
    );
    return comparisonOutput(out, comparison, context);
  },
};

export const transfer: Command = {
  description: 'Train structures that were found on some tasks on others: a table source × target',
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
