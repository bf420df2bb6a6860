import { InputError } from '../core/errors.ts';
import { bytes } from '../core/format.ts';
import { type MemoryLimit, memoryLimits } from '../machine/memory-limits.ts';
import type { Model } from '../models/model.ts';
import { asSettings, type MemoryOption } from './options.ts';

/** What a job would hold at its peak. */
export interface MemoryNeed {
  readonly peakBytes: number;
  /** Resident memory of this process, which the peak contains. */
  readonly processBytes: number;
}

/** A plan is up to 17 % above what is measured: only what surely does not fit is refused. */
const SURE = 0.83;

/**
 * Compares what a job needs with what this process may still take, before any session is made: where memory ends in the
 * middle of a step, the system kills without a word.
 * @param options what would need less, asked only where it does not fit
 * @returns a warning, where it may just not fit
 * @throws InputError with the settings that would fit
 */
export async function requireMemory(
  { peakBytes, processBytes }: MemoryNeed,
  options: (limitBytes: number) => Promise<readonly MemoryOption[]>,
  [limit]: readonly MemoryLimit[] = memoryLimits(),
): Promise<string | undefined> {
  const more = peakBytes - processBytes;
  if (limit === undefined || more <= limit.leftBytes) return undefined;
  const text =
    `it needs ${bytes(more)} more memory than it holds now, and ${limit.name} leaves ` + `${bytes(limit.leftBytes)}`;
  if (SURE * more <= limit.leftBytes) return `${text}: it may be killed`;
  const fitting = (await options(processBytes + limit.leftBytes)).filter(({ fits }) => fits);
  throw new InputError(text, { code: 'not-enough-memory', where: 'memory', remedy: remedyOf(fitting, limit) });
}

function remedyOf(fitting: readonly MemoryOption[], { raise = 'allow it more memory' }: MemoryLimit): string {
  if (fitting.length === 0) return `no setting alone would make it fit: ${raise}, or take a smaller model`;
  const ways = fitting.map(({ settings, peakBytes, changes }) => {
    const costs = changes === undefined ? '' : `, where ${changes}`;
    return `${asSettings(settings)} (${bytes(peakBytes)} in all${costs})`;
  });
  return `add ${ways.join(', or ')}`;
}

/** Values that a pass holds of each number that a site puts out: itself, its gradient, and what lies between sites. */
const VALUES = 4;
/** Copies of the weights: the file's pages, those reordered for speed, their transposes. */
const COPIES = 3;

/**
 * Whether a job is far from what is left, by a rough count that is above any plan: drafting its graphs to know it
 * exactly takes a second or two.
 * @param tokens of the largest batch that is computed at once
 */
export function surelyFits(
  model: Pick<Model, 'sites' | 'parameters'>,
  tokens: number,
  [limit]: readonly MemoryLimit[] = memoryLimits(),
): boolean {
  const numbers = model.sites.reduce((sum, { outFeatures, role }) => sum + (role === 'lm-head' ? 0 : outFeatures), 0);
  const rough = 4 * (COPIES * model.parameters + VALUES * tokens * numbers) + 1e9;
  return limit === undefined || rough <= limit.leftBytes;
}
