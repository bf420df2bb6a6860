import type { EncodedExample, EncodedInput } from '../core/program.ts';
import { hasExactInt8Products } from '../runtime/probe-device.ts';
import type { CompileSettings } from '../runtime/session.ts';
import { draftStages, largestPeak, type PlannedJob, type Timings, totalSeconds } from './planned-job.ts';
import { draftTuning, type PlannedData, type PlannedTuning } from './stage-plan.ts';

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
