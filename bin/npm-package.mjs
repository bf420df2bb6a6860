// Gets a package that is needed and was not installed, by npm, from the registry that npm is set to. As a program:
//
//   node npm-package.mjs NAME@VERSION FOLDER
//
// No script of the package is run: those of ONNX Runtime would fetch files from a third place.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Puts a package, and those it needs, into the folder's `node_modules`: all of each or nothing.
 * @param keep of a package's own folder, told before it is there: the place to leave out what is not needed
 * @throws Error with what npm says, where it cannot be had
 */
export async function addPackage(spec, folder, keep = () => {}) {
  mkdirSync(folder, { recursive: true });
  // In the same folder, so that a rename suffices; npm takes the nearest package.json above for the project's.
  const temporary = mkdtempSync(join(folder, '.installing-'));
  try {
    await npm(['install', '--prefix', temporary, '--ignore-scripts', '--no-save', '--no-package-lock', ...QUIET, spec]);
    for (const name of packagesIn(join(temporary, 'node_modules'))) {
      const [from, to] = [temporary, folder].map(place => join(place, 'node_modules', name));
      keep(from, name);
      mkdirSync(dirname(to), { recursive: true });
      // Another process may have been faster.
      if (!existsSync(to)) renameSync(from, to);
    }
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

const QUIET = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];

function packagesIn(modules) {
  return readdirSync(modules).flatMap(name => {
    if (name.startsWith('.')) return [];
    return name.startsWith('@') ? readdirSync(join(modules, name)).map(each => `${name}/${each}`) : [name];
  });
}

function npm(args) {
  // npm and npx tell what they start where npm lies; that file needs no shell, also on Windows, where npm is a .cmd.
  const own = /npm-cli\.c?js$/.test(process.env.npm_execpath ?? '') ? process.env.npm_execpath : undefined;
  const [command, all] = own === undefined ? ['npm', args] : [process.execPath, [own, ...args]];
  const child = spawn(command, all, {
    stdio: ['ignore', 'ignore', 'pipe'],
    shell: own === undefined && process.platform === 'win32',
  });
  let said = '';
  child.stderr.on('data', text => (said += text));
  return new Promise((done, fail) => {
    child.on('error', error => fail(new Error(`npm cannot be started: ${error.message}`)));
    child.on('close', code => (code === 0 ? done() : fail(new Error(reasonIn(said) || `npm ended with ${code}`))));
  });
}

/** What matters of npm's error messages: its lines without the prefix, in one. */
function reasonIn(said) {
  const lines = said.split('\n').map(line => line.replace(/^npm (error|ERR!)( code)?\s*/, '').trim());
  return lines
    .filter(line => line !== '' && !line.startsWith('A complete log'))
    .slice(0, 3)
    .join('; ');
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  const [spec, folder] = process.argv.slice(2);
  await addPackage(spec, folder).catch(error => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
