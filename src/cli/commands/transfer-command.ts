import { transfer as runTransfer } from '../../experiments/transfer-structures.ts';
import { runToEnd } from '../../library/run-to-end.ts';
import type { Command } from '../command.ts';
import { comparisonOutput, showExperiment } from '../comparison-output.ts';
import { readTransferSettings, transferArgs } from '../experiment-args.ts';
import { savingState, withRepeatHint } from '../resume-hint.ts';

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
