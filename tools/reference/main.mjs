// Makes the API reference in dist/reference: `npm run docs`. Fails where a public name has no documentation, or a link
// leads nowhere. typedoc is installed here, apart from the project: it needs an older TypeScript than the project has.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));

function run(command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(join(folder, 'node_modules/typedoc'))) run('npm', ['ci', '--no-progress', '--loglevel=error']);
run(process.execPath, ['node_modules/typedoc/bin/typedoc']);
