import type { DeltaModule } from '../core/delta-module.ts';
import type { Layout, ModuleLayout } from '../core/program.ts';
import type { TrainedParameters } from './delta.ts';
import { deltaOf } from './kinds.ts';

/** Trained modules, taken apart into what a backbone's weights can hold and what they cannot. */
export interface MergedDelta {
  /** What is to be added to the weights, by the name of their site, row-major and shaped like them; made when asked for. */
  readonly changes: ReadonlyMap<string, () => Float32Array>;
  /** The modules that no weight holds. */
  readonly rest: readonly DeltaModule[];
  /** Their parameters, and those of the heads, which stay what they are: in the layout of both. */
  readonly delta: Float32Array;
}

/** Whether all that a module does is to change a weight of its own site. */
export function canMerge({ kind, site }: Pick<DeltaModule, 'kind' | 'site'>): boolean {
  return deltaOf(kind).merge !== undefined && !site.weightIsShared;
}

/** A module's parameters in a flat delta vector, by name. */
export function parametersOf({ parameters }: ModuleLayout, delta: Float32Array): TrainedParameters {
  return Object.fromEntries(parameters.map(({ name, offset, size }) => [name, delta.subarray(offset, offset + size)]));
}

/** Takes trained modules apart. Several on one weight are added up. */
export function mergeDelta(layout: Layout, delta: Float32Array): MergedDelta {
  const changes = new Map<string, () => Float32Array>();
  const rest = layout.modules.filter(({ module }) => !canMerge(module));
  for (const laidOut of layout.modules) {
    const { kind, site, options } = laidOut.module;
    if (!canMerge(laidOut.module)) continue;
    const change = () => deltaOf(kind).merge!(parametersOf(laidOut, delta), site, options);
    const before = changes.get(site.name);
    changes.set(site.name, before === undefined ? change : () => sumOf(before(), change()));
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
