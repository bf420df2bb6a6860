import { runCell } from './cell.ts';
import type { Executor } from './run-matrix.ts';
import type { SharedLoaders } from './shared-loaders.ts';

/** Does runs in this process, one after the other, with a model and data that they share. */
export function inProcess(loaders: SharedLoaders): Executor {
  return { run: (cell, context) => runCell(cell, { ...context, loaders }), close: async () => {} };
}
