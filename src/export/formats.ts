import { InputError } from '../core/errors.ts';
import type { DeltaModule } from '../core/site.ts';
import type { Exporter } from './exporter.ts';
import { onnx } from './onnx-format.ts';
import { peft } from './peft-format.ts';
import { safetensors } from './safetensors-format.ts';

/** Forms by their names. */
export type Exporters = Readonly<Record<string, Exporter>>;

/** Every form a trained model is exported in, by name. A new one is a file beside this one and a word here. */
export const exporters: Exporters = { onnx, safetensors, peft };

/** Names of the formats that come with the package, as `--format` takes them. */
export const exportFormats: readonly string[] = Object.keys(exporters);

/** @throws InputError naming `where`, for a name that is none */
export function exporterOf(format: string, where: string, known: Exporters = exporters): Exporter {
  if (Object.hasOwn(known, format)) return known[format]!;
  const remedy = `give one of ${Object.keys(known).join(', ')}`;
  throw new InputError(`there is no format \`${format}\``, { code: 'unknown-name', where, remedy });
}

/** What a form can hold of some candidates, each asked about alone. */
export interface Holding {
  readonly format: string;
  /** Kinds all of whose candidates it holds. */
  readonly holds: readonly string[];
  /** Of the other kinds, how many it does not hold, of how many. */
  readonly lacks: readonly { readonly kind: string; readonly candidates: number; readonly of: number }[];
  /** Why it cannot hold everything that it holds alone at once; absent where it can. */
  readonly limit?: string;
}

/**
 * What of a search's candidates each form can hold: told before hours are spent, as a structure is exported whole or
 * not at all.
 */
export function holdingsOf(candidates: readonly DeltaModule[], exporters: Exporters): Holding[] {
  return Object.entries(exporters).map(([format, exporter]) => {
    const refusal = (modules: readonly DeltaModule[]) => refusalOf(exporter, modules);
    const without = refusal([]);
    if (without !== undefined) return { format, holds: [], lacks: [], limit: without };
    const held = candidates.filter(module => refusal([module]) === undefined);
    const heldByKind = Map.groupBy(held, ({ kind }) => kind);
    const kinds = [...Map.groupBy(candidates, ({ kind }) => kind)].map(([kind, { length }]) => ({
      kind,
      candidates: length - (heldByKind.get(kind)?.length ?? 0),
      of: length,
    }));
    const together = refusal(held);
    return {
      format,
      holds: kinds.filter(each => each.candidates === 0).map(({ kind }) => kind),
      lacks: kinds.filter(each => each.candidates > 0),
      ...(together !== undefined && { limit: together }),
    };
  });
}

function refusalOf(exporter: Exporter, modules: readonly DeltaModule[]): string | undefined {
  try {
    exporter.check(modules);
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

/** The same in words: what stands in the way of an export; empty where any structure can be exported so. */
export function obstacles({ holds, lacks, limit }: Holding): string {
  const others = lacks.map(({ kind, candidates, of }) => {
    return candidates === of ? `${kind} (all ${of} sites)` : `${kind} (${candidates} of ${of} sites)`;
  });
  if (others.length > 0 && holds.length === 0 && lacks.every(each => each.candidates === each.of)) {
    return 'nothing of this space';
  }
  return [
    ...(others.length > 0 ? [`not with ${others.join(', ')}`] : []),
    ...(limit === undefined ? [] : [limit]),
  ].join('; ');
}

/** What a search's user should know of exports beforehand; undefined where every form holds all there is. */
export function exportAdvice(holdings: readonly Holding[]): string | undefined {
  const whole = holdings.filter(each => obstacles(each) === '').map(({ format }) => format);
  if (whole.length === holdings.length) return undefined;
  const others = Map.groupBy(holdings, obstacles);
  others.delete('');
  const parts = [...others].map(([text, each]) => `as ${each.map(({ format }) => format).join(' or ')} ${text}`);
  const any = whole.length > 0 ? `any structure found here can be exported as ${whole.join(', ')}; ` : '';
  return `${any}${parts.join('; ')}`;
}
