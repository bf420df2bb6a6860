import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the package's JSON Schemas lie, two folders up both from `src/` and from `dist/`. */
const folder = fileURLToPath(new URL('../../schema', import.meta.url));

/**
 * First line of a YAML file that is to be written to `path`: editors complete and check it by the schema named there.
 */
export function schemaLine(path: string, schema: 'config' | 'task'): string {
  const target = relative(dirname(resolve(path)), resolve(folder, `${schema}.schema.json`));
  return `# yaml-language-server: $schema=${target.replaceAll('\\', '/')}`;
}
