import { InputError } from '../core/errors.ts';
import { bytes } from '../core/format.ts';
import type { EncodedExample, EncodedInput } from '../core/program.ts';
import { type MemoryLimit, memoryLimits } from '../machine/memory-limits.ts';
import type { Model } from '../models/model.ts';
import { hasExactInt8Products } from '../runtime/probe-device.ts';
import type { CompileSettings } from '../runtime/session.ts';
import {
  draftStages,
  draftTuning,
  largestPeak,
  type PlannedData,
  type PlannedJob,
  type PlannedTuning,
  type Timings,
  totalSeconds,
} from './stage-plan.ts';

/** Settings that are to differ, by their keys. */
type Changes = Readonly<Record<string, unknown>>;

/** A change of settings that takes less memory, and what it costs. */
export interface MemoryOption {
  /** What to add to the command or the config file. */
  readonly settings: Changes;
  readonly peakBytes: number;
  /** Of the whole job; null where no such step was timed. */
  readonly seconds: number | null;
  /** Whether the job then fits. */
  readonly fits: boolean;
  /** What it gives up besides time; undefined where the results stay the same. */
  readonly changes?: string;
}

/** The settings of an option, and the job that they would make. */
interface Attempt {
  readonly settings: Changes;
  readonly job: PlannedJob;
}

/** Options of one kind, the mildest first; the first that fits ends its kind. */
interface OptionKind {
  readonly attempts: readonly Attempt[];
  readonly changes?: string;
}

/** The options that a job leaves, each kind as far as it must be taken. */
export async function memoryOptions(
  job: PlannedJob,
  timings: Timings | undefined,
  limitBytes: number,
): Promise<MemoryOption[]> {
  const int8 = job.compile.device === 'cpu' && (await hasExactInt8Products());
  return optionKinds(job, { int8 }).flatMap(({ attempts, changes }): MemoryOption[] => {
    let taken: MemoryOption | undefined;
    for (const { settings, job } of attempts) {
      const drafts = draftStages(job);
      const peakBytes = largestPeak(job, drafts);
      const fits = peakBytes <= limitBytes;
      // No step of 8-bit integers was timed.
      const seconds = settings.precision === undefined ? totalSeconds(job, drafts, timings) : null;
      taken = { settings, peakBytes, seconds, fits, ...(changes !== undefined && { changes }) };
      if (fits) break;
    }
    return taken ? [taken] : [];
  });
}

/** The kinds of options there are; int8 where the machine has exact products of 8-bit integers. */
export function optionKinds(job: PlannedJob, { int8 }: { readonly int8: boolean }): OptionKind[] {
  const { data, search, compile, encoding } = job;
  const { strategy, options, stage, tuning } = search;
  const compiled = (change: Partial<CompileSettings>): Attempt => ({
    settings: change,
    job: { ...job, compile: { ...compile, ...change } },
  });
  const withMicroBatch = (microBatch: number): Attempt => ({
    settings: { 'micro-batch': microBatch },
    job: { ...job, search: { ...search, stage: { ...stage, microBatch }, tuning: { ...tuning, microBatch } } },
  });
  const strategyOptions = (change: Changes): Attempt => ({
    settings: change,
    job: { ...job, search: { ...search, options: { ...options, ...change } } },
  });
  const shortened = (maxLength: number): Attempt => ({
    settings: { 'max-length': maxLength },
    job: { ...job, encoding: { maxLength }, data: cutInputs(data, maxLength) },
  });
  const mayUnpack = compile.prepack !== false;
  const mayRecompute = !compile.recompute;
  return [
    { attempts: halvings(stage.microBatch ?? stage.batchSize, 1).map(withMicroBatch) },
    {
      attempts: [
        ...(mayUnpack ? [compiled({ prepack: false })] : []),
        ...(mayRecompute ? [compiled({ recompute: true })] : []),
        ...(mayUnpack && mayRecompute ? [compiled({ prepack: false, recompute: true })] : []),
      ],
    },
    ...(int8 && compile.precision !== 'int8'
      ? [{ attempts: [compiled({ precision: 'int8' })], changes: 'gradients are off by some percent' }]
      : []),
    ...(strategy.thrifty?.(options) ?? []).map(({ options: change, changes }) => ({
      attempts: [strategyOptions(change)],
      changes,
    })),
    { attempts: halvings(encoding.maxLength, 16).map(shortened), changes: 'longer texts are cut' },
  ];
}

/** The same as flags. */
export function asSettings(settings: Changes): string {
  const flag = ([key, value]: [string, unknown]) => {
    if (typeof value === 'boolean') return value ? `--${key}` : `--no-${key}`;
    return `--${key} ${value}`;
  };
  return Object.entries(settings).map(flag).join(' ');
}

/** What a training of given modules leaves, each kind as far as it must be taken. */
export async function tuningOptions(job: PlannedTuning, limitBytes: number): Promise<MemoryOption[]> {
  const { tuning, compile } = job;
  const compiled = (change: Partial<CompileSettings>) => ({
    settings: change,
    compile: { ...compile, ...change },
    tuning,
  });
  const kinds = [
    halvings(tuning.microBatch ?? tuning.batchSize, 1).map(microBatch => ({
      ...{ settings: { 'micro-batch': microBatch }, compile, tuning: { ...tuning, microBatch } },
    })),
    [compiled({ prepack: false, recompute: true })],
    compile.precision !== 'int8' && (await hasExactInt8Products()) ? [compiled({ precision: 'int8' })] : [],
  ];
  return kinds.flatMap(attempts => {
    for (const { settings, ...change } of attempts) {
      const { peakBytes } = draftTuning({ ...job, ...change }).memory;
      if (peakBytes <= limitBytes) return [{ settings, peakBytes, seconds: null, fits: true }];
    }
    return [];
  });
}

/** n/2, n/4, … down to `least`. */
function halvings(value: number, least: number): number[] {
  const half = Math.floor(value / 2);
  return half < least ? [] : [half, ...halvings(half, least)];
}

/** The same data with inputs cut to so many tokens, their last token kept: as long as encoding would have made them. */
export function cutInputs(data: PlannedData, maxLength: number): PlannedData {
  const shorten = (row: readonly number[]) =>
    row.length <= maxLength ? row : [...row.slice(0, maxLength - 1), row.at(-1)!];
  const cutInput = ({ ids, types, otherChoices }: EncodedInput): EncodedInput => ({
    ids: shorten(ids),
    ...(types && { types: shorten(types) }),
    ...(otherChoices && { otherChoices: otherChoices.map(cutInput) }),
  });
  const cut = <T extends EncodedExample>(example: T): T => ({ ...example, input: cutInput(example.input) });
  const { train, validation, test } = data;
  return {
    ...data,
    train: train.map(cut),
    validation: { ...validation, examples: validation.examples.map(cut) },
    test: { ...test, examples: test.examples.map(cut) },
  };
}

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
