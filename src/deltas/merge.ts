import type { Layout, ModuleLayout } from '../core/program.ts';
import { biasName, type DeltaModule } from '../core/site.ts';
import { deltaOf, type Merge, type TrainedParameters } from './delta.ts';

/** Trained modules, taken apart into what a backbone's weights can hold and what they cannot. */
export interface MergedDelta {
  /**
   * Made of a frozen weight when it is asked for, what is to be added to it: by the names that a model's weights go by.
   */
  readonly changes: ReadonlyMap<string, (frozen: Float32Array) => Float32Array>;
  /** The modules that no weight holds. */
  readonly rest: readonly DeltaModule[];
  /** Their parameters, and those of the heads, which stay what they are: in the layout of both. */
  readonly delta: Float32Array;
}

/** How a module goes into weights of its own site; undefined where it does more than change them. */
function mergeOf(module: DeltaModule): Merge | undefined {
  const { site, options } = module;
  return site.weightIsShared ? undefined : deltaOf(module).merge?.(site, options);
}

/** Whether all that a module does is to change weights of its own site. */
export function canMerge(module: DeltaModule): boolean {
  return mergeOf(module) !== undefined;
}

/** A module's parameters in a flat delta vector, by name. */
export function parametersOf({ parameters }: ModuleLayout, delta: Float32Array): TrainedParameters {
  return Object.fromEntries(parameters.map(({ name, offset, size }) => [name, delta.subarray(offset, offset + size)]));
}

/** Takes trained modules apart. Several on one weight are added up. */
export function mergeDelta(layout: Layout, delta: Float32Array): MergedDelta {
  const changes = new Map<string, (frozen: Float32Array) => Float32Array>();
  const add = (name: string, change: (frozen: Float32Array) => Float32Array) => {
    const before = changes.get(name);
    changes.set(name, before === undefined ? change : frozen => sumOf(before(frozen), change(frozen)));
  };
  const rest = layout.modules.filter(({ module }) => !canMerge(module));
  for (const laidOut of layout.modules) {
    const { site } = laidOut.module;
    const merge = mergeOf(laidOut.module);
    const trained = parametersOf(laidOut, delta);
    if (merge?.weight) add(site.name, frozen => merge.weight!(trained, frozen));
    if (merge?.bias && site.hasBias) add(biasName(site), frozen => merge.bias!(trained, frozen));
  }
  const pieces = [...rest, ...layout.heads].flatMap(({ parameters }) =>
    parameters.map(({ offset, size }) => delta.subarray(offset, offset + size)),
  );
  return { changes, rest: rest.map(({ module }) => module), delta: joined(pieces) };
}

function sumOf(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + b[i]!);
}

function joined(pieces: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const piece of pieces) {
    all.set(piece, offset);
    offset += piece.length;
  }
  return all;
}
