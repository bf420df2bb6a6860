import type { Program } from '../core/program.ts';
import { changedModel, type Model } from '../models/model.ts';

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
