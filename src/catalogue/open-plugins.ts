import { createRequire, registerHooks } from 'node:module';
import { extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { atPlace, InputError } from '../core/errors.ts';
import { isThere } from '../files/regular-file.ts';
import { builtIn, type Catalogue, extend } from './catalogue.ts';
import { checkPlugin, type Plugin } from './plugin.ts';

const here = import.meta.url;
const load = createRequire(here);
/** `.ts` in the sources, `.js` in a build. */
const extension = extname(fileURLToPath(here));

/** What a plugin's imports mean: the parts of the program that opens it, wherever the plugin lies. */
const own: Readonly<Record<string, string>> = {
  s3delta: new URL(`../index${extension}`, here).href,
  's3delta/research': new URL(`../research${extension}`, here).href,
  's3delta/graph': new URL(`../engine${extension}`, here).href,
  zod: import.meta.resolve('zod'),
};

/**
 * A catalogue with the plugins in these files beside what it has. Without files it comes back as it is.
 * @throws InputError, naming the file, where it is missing, cannot be loaded or holds no plugin, and for a name that is
 * taken
 */
export function openPlugins(files: readonly string[] = [], catalogue: Catalogue = builtIn): Catalogue {
  return files.reduce((known, file) => {
    const plugin = readPlugin(file);
    return atPlace(file, () => extend(known, [plugin]));
  }, catalogue);
}

function readPlugin(file: string): Plugin {
  const path = resolve(file);
  if (!isThere(path)) {
    throw new InputError('there is no such plugin', {
      code: 'missing-plugin',
      where: file,
      remedy: 'give the place of its file with --plugin, or write it under `plugins:` in the config file',
    });
  }
  const { default: plugin } = loadModule(path, file);
  if (plugin === undefined) {
    throw new InputError('a plugin is the default export of its file, and this one has none', {
      code: 'bad-plugin',
      where: file,
      remedy: "write `export default definePlugin({ name: 'mine', … })`",
    });
  }
  atPlace(file, () => checkPlugin(plugin));
  return plugin as Plugin;
}

function loadModule(path: string, where: string): { readonly default?: unknown } {
  // Only while it loads: nobody else's imports change.
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      const url = Object.hasOwn(own, specifier) ? own[specifier] : undefined;
      return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
    },
  });
  try {
    return load(path) ?? {};
  } catch (error) {
    if (error instanceof InputError)
      throw new InputError(error.message, { code: error.code, where, remedy: error.remedy, cause: error });
    throw new InputError(`the plugin could not be loaded: ${reasonOf(error, path)}`, {
      code: 'bad-plugin',
      where,
      remedy: 'mend the file: `node` with its path shows the whole message',
      cause: error,
    });
  } finally {
    hooks.deregister();
  }
}

/** What went wrong, and on which line of the file. */
function reasonOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return String(error);
  if ('code' in error && error.code === 'ERR_REQUIRE_ASYNC_MODULE') return 'it waits (`await`) outside of a function';
  const [, line] = (error.stack ?? '').split(path)[1]?.match(/^:(\d+)/) ?? [];
  const [said] = error.message.split('\n') as [string];
  return line === undefined ? said : `line ${line}: ${said}`;
}
