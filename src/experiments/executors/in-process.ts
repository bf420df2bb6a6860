import type { Catalogue } from '../../catalogue/catalogue.ts';
import { type Cell, cellKind, runCell } from '../cell.ts';
import { type KeepingModel, keepingProgram } from '../kept-program.ts';
import type { SharedLoaders } from '../shared-loaders.ts';
import type { Runner } from './executor.ts';

/**
 * Does runs in this process, one after the other, with a model and data that they share. Trainings that differ by their
 * seed alone also share the sessions of a structure. A search shares none: its memory would count in the re-training's.
 */
export function inProcess(loaders: SharedLoaders, catalogue?: Catalogue): Runner {
  let kept: { readonly kind: string; model?: KeepingModel } | undefined;

  async function close(): Promise<void> {
    const last = kept;
    kept = undefined;
    await last?.model?.free();
  }

  function keeping(kind: string): SharedLoaders {
    kept ??= { kind };
    const own = kept;
    return {
      ...loaders,
      model: async (...args) => {
        own.model ??= keepingProgram(await loaders.model(...args));
        return own.model;
      },
    };
  }

  return {
    async run(cell: Cell, context) {
      const kind = cellKind(cell);
      if (kept?.kind !== kind) await close();
      return runCell(cell, { ...context, catalogue, loaders: cell.job === 'train' ? keeping(kind) : loaders });
    },
    close,
  };
}
