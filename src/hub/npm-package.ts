import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InputError, throwIfInterrupted } from '../core/errors.ts';

/** Beside `src/` and beside `dist/`. Plain JavaScript, since what starts the program fetches its runtime by it. */
const program = fileURLToPath(new URL('../../bin/npm-package.mjs', import.meta.url));

/**
 * Fetches an npm package, and those it needs, into a folder's `node_modules`; no script of theirs is run.
 * @param spec name and exact version, `name@1.2.3`
 * @throws InputError where it cannot be had; InterruptedError where the signal has aborted
 */
export async function addNpmPackage(spec: string, folder: string, signal?: AbortSignal): Promise<void> {
  const failure = await new Promise<Error | undefined>(done => {
    execFile(process.execPath, [program, spec, folder], { ...(signal && { signal }) }, (error, _, said) =>
      done(error === null ? undefined : new Error(said.trim() || error.message)),
    );
  });
  throwIfInterrupted(signal);
  if (failure === undefined) return;
  throw new InputError(`the npm package ${spec} is not installed, and cannot be fetched: ${failure.message}`, {
    code: 'missing-package',
    remedy: `npm install ${spec}`,
    cause: failure,
  });
}
