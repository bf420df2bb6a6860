// Finds a Node that runs TypeScript without a build. Plain JavaScript: an old Node must be able to read it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Node runs erasable TypeScript without a flag since 22.18 (and 23.6). */
export function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  if (major === 22) return minor >= 18;
  if (major === 23) return minor >= 6;
  return major > 23;
}

/** Path of the running Node where it is new enough, else of the one installed as a development dependency, else undefined. */
export function findNode(root) {
  if (runsTypeScript(process.version)) return process.execPath;
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const installed = join(root, 'node_modules', 'node', 'bin', name);
  if (!existsSync(installed)) return undefined;
  const answer = spawnSync(installed, ['--version'], { encoding: 'utf8' });
  return answer.status === 0 && runsTypeScript(answer.stdout.trim()) ? installed : undefined;
}
