// Finds a Node that runs TypeScript without a build. Plain JavaScript: an old Node must be able to read it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isNewEnough } from '../bin/start-node.mjs';

/** Path of the running Node where it is new enough, else of the one installed as a development dependency, else undefined. */
export function findNode(root) {
  if (isNewEnough(process.version)) return process.execPath;
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const installed = join(root, 'node_modules', 'node', 'bin', name);
  if (!existsSync(installed)) return undefined;
  const answer = spawnSync(installed, ['--version'], { encoding: 'utf8' });
  return answer.status === 0 && isNewEnough(answer.stdout.trim()) ? installed : undefined;
}
