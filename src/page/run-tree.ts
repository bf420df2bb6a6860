import type { RunSummary } from '../report/run-summary.ts';

/** A line of the list: a folder of several, or a run. `name` is what its folder has not said already. */
export type TreeRow =
  | {
      readonly kind: 'folder';
      readonly path: string;
      readonly name: string;
      readonly depth: number;
      readonly runs: number;
    }
  | {
      readonly kind: 'run';
      readonly path: string;
      readonly name: string;
      readonly depth: number;
      readonly run: RunSummary;
    };

interface Node {
  readonly folders: Map<string, Node>;
  readonly children: (readonly [name: string, content: Node | RunSummary])[];
  runs: number;
}

/**
 * Runs as their folders hold them (experiment, method, seeds), each where its first run stands in the order given. A
 * folder that holds one thing alone is written before that, as a path.
 */
export function treeRows(runs: readonly RunSummary[], closed: ReadonlySet<string>): TreeRow[] {
  const root = emptyNode();
  for (const run of runs) {
    const names = run.id.split('/');
    const parent = names.slice(0, -1).reduce(folderIn, root);
    parent.children.push([names.at(-1)!, run]);
    names.slice(0, -1).reduce((node, name) => {
      const below = node.folders.get(name)!;
      below.runs += 1;
      return below;
    }, root);
  }
  return root.children.flatMap(([name, content]) => rowsOf(content, name, name, 0, closed));
}

function emptyNode(): Node {
  return { folders: new Map(), children: [], runs: 0 };
}

function folderIn(parent: Node, name: string): Node {
  const known = parent.folders.get(name);
  if (known !== undefined) return known;
  const made = emptyNode();
  parent.folders.set(name, made);
  parent.children.push([name, made]);
  return made;
}

function rowsOf(
  content: Node | RunSummary,
  path: string,
  name: string,
  depth: number,
  closed: ReadonlySet<string>,
): TreeRow[] {
  if ('id' in content) return [{ kind: 'run', path, name, depth, run: content }];
  const [first, ...others] = content.children;
  if (first !== undefined && others.length === 0) {
    return rowsOf(first[1], `${path}/${first[0]}`, `${name}/${first[0]}`, depth, closed);
  }
  const below = closed.has(path)
    ? []
    : content.children.flatMap(([each, inner]) => rowsOf(inner, `${path}/${each}`, each, depth + 1, closed));
  return [{ kind: 'folder', path, name, depth, runs: content.runs }, ...below];
}

/** A text of at most so many characters: what is too long loses its middle, for what tells names apart is at an end. */
export function cutMiddle(text: string, most: number): string {
  const characters = [...text];
  if (characters.length <= most) return text;
  const end = Math.ceil((most - 1) / 2);
  return `${characters.slice(0, most - 1 - end).join('')}…${characters.slice(-end).join('')}`;
}

/** Paths without the folders that all of them begin with: what tells them apart. */
export function tellingNames(paths: readonly string[]): string[] {
  const parts = paths.map(path => path.split('/'));
  const [first = []] = parts;
  let shared = 0;
  while (parts.every(each => shared < each.length - 1 && each[shared] === first[shared])) shared++;
  return paths.length < 2 ? [...paths] : parts.map(each => each.slice(shared).join('/'));
}
