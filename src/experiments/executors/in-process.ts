import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Program } from '../../core/program.ts';
import { changedModel, type Model } from '../../models/model.ts';
import { type Cell, cellKind, runCell } from '../cell.ts';
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

/** A model whose last program is kept when its user is done with it. */
export interface KeepingModel extends Model {
  /** Frees what is kept. */
  free(): Promise<void>;
}

/**
 * The model, for runs that follow each other: those of one structure start its sessions once. What is kept is freed
 * before another structure is compiled.
 */
export function keepingProgram(model: Model): KeepingModel {
  let idle: { readonly of: Model; readonly key: string; readonly program: Program } | undefined;

  async function free(): Promise<void> {
    const last = idle;
    idle = undefined;
    await last?.program.release();
  }

  // In what is made of the model for a task too: there a run compiles.
  const keeping = changedModel(model, of => ({
    async compile(modules) {
      const key = JSON.stringify(modules.map(({ id, options }) => [id, options]));
      const last = idle?.of === of && idle.key === key ? idle.program : undefined;
      if (last) idle = undefined;
      else await free();
      const program = last ?? (await of.compile(modules));
      const release = async () => {
        await free();
        idle = { of, key, program };
      };
      return { ...program, release };
    },
  }));
  return { ...keeping, free };
}
