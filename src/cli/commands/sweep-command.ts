import { sweep as runSweep } from '../../experiments/sweep-values.ts';
import { runToEnd } from '../../library/run-to-end.ts';
import type { Command } from '../command.ts';
import { comparisonOutput, showExperiment } from '../comparison-output.ts';
import { readSweepSettings, sweepArgs } from '../experiment-args.ts';
import { savingState, withRepeatHint } from '../resume-hint.ts';

export const sweep: Command = {
  description: 'The runs of a comparison, several at a time in processes of their own',
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
