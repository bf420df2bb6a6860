import { homedir } from 'node:os';

/**
 * A path with the user's home folder in place of a `~` before it: shells leave it in `--out=~/runs` and know nothing of
 * YAML. A folder of that name is `./~`.
 */
export function expandHome(path: string): string {
  return /^~(?=$|[/\\])/.test(path) ? `${homedir()}${path.slice(1)}` : path;
}
