import { compare as runCompare } from '../../experiments/compare-methods.ts';
import { runToEnd } from '../../library/run-to-end.ts';
import type { Command } from '../command.ts';
import { comparisonOutput, showMatrix } from '../comparison-output.ts';
import { matrixArgs, readMatrixSettings } from '../matrix-args.ts';
import { savingState, withRepeatHint } from '../resume-hint.ts';

export const compare: Command = {
  description: 'Compare methods over tasks, seeds and budgets: one table, what is done is not done again',
  args: matrixArgs,
  stopping: savingState,
  async run(args, context) {
    const { settings, out } = readMatrixSettings(args, context.catalogue);
    const { signal, onEvent } = context;
    const events = runCompare(settings, { out, catalogue: context.catalogue, ...(signal && { signal }) });
    const comparison = await withRepeatHint(runToEnd(events, showMatrix(onEvent, true)));
    return comparisonOutput(out, comparison, context);
  },
};
