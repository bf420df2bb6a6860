import type { HeadLayout, Layout, ModuleLayout } from '../core/program.ts';
import { reshape, split } from '../graph/ops/ops.ts';
import type { Value } from '../graph/types.ts';

/** The pieces of the flat delta vector [layout.size], one a parameter: the modules' in their order, then the heads'. */
export function parameterPieces({ modules, heads }: Layout, delta: Value | undefined): readonly Value[] {
  if (!delta) return [];
  const sizes = [...modules, ...heads].flatMap(({ parameters }) => parameters.map(({ size }) => size));
  return split(delta, sizes);
}

/** The trained parameters of one head in their own shapes, by name. */
export function headParameters(
  layout: Layout,
  delta: Value | undefined,
  name: string,
): Readonly<Record<string, Value>> {
  const index = layout.heads.findIndex(head => head.name === name);
  const head = layout.heads[index];
  if (!head) throw new Error(`no head is named ${name}`);
  const before = countParameters([...layout.modules, ...layout.heads.slice(0, index)]);
  const pieces = parameterPieces(layout, delta);
  return Object.fromEntries(head.parameters.map(({ name, shape }, i) => [name, reshape(pieces[before + i]!, shape)]));
}

function countParameters(parts: readonly (ModuleLayout | HeadLayout)[]): number {
  return parts.reduce((sum, { parameters }) => sum + parameters.length, 0);
}
