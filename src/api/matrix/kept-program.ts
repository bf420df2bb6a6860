import type { Model } from '../../models/model.ts';
import type { Program } from '../../runtime/program.ts';

/**
 * The model with its last program kept when its user is done with it: runs of one structure that follow each other start
 * its sessions once. It is freed before another is compiled, so that no run holds more than it would alone.
 */
export function keepingProgram(model: Model): Model {
  let idle: { readonly key: string; readonly program: Program } | undefined;
  return {
    ...model,
    async compile(modules) {
      const key = JSON.stringify(modules.map(({ id, options }) => [id, options]));
      const last = idle;
      idle = undefined;
      if (last !== undefined && last.key !== key) await last.program.release();
      const program = last?.key === key ? last.program : await model.compile(modules);
      const release = async () => {
        const other = idle;
        idle = { key, program };
        await other?.program.release();
      };
      return { ...program, release };
    },
  };
}
