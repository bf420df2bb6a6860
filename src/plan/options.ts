import type { WithCatalogue } from '../catalogue/catalogue.ts';
import type { ResolvedSettings } from '../config/resolve.ts';
import { chosenStrategy } from '../config/search-options.ts';
import type { Settings } from '../config/settings.ts';
import type { EncodedExample, EncodedInput } from '../core/program.ts';
import type { EncodedTask } from '../library/encode-task.ts';

/** A change of settings that takes less memory, and what it costs. */
export interface Lever {
  /** What to add to the command or the config file. */
  readonly settings: Settings;
  readonly peakBytes: number;
  /** Of the whole job; null where no such step was timed. */
  readonly seconds: number | null;
  /** Whether the job then fits. */
  readonly fits: boolean;
  /** What it gives up besides time; undefined where the results stay the same. */
  readonly changes?: string;
}

/** Settings to try, the mildest of each kind first; the first that fits ends its kind. */
export interface LeverKind {
  readonly attempts: readonly Settings[];
  readonly changes?: string;
}

/** The levers that these settings leave; int8 where the machine has exact products of 8-bit integers. */
export function leverKinds(
  settings: ResolvedSettings,
  { int8, catalogue }: { readonly int8: boolean } & WithCatalogue,
): LeverKind[] {
  const rows = settings['micro-batch'] ?? settings['batch-size'];
  const length = settings['max-length'];
  const { strategy, options } = chosenStrategy(settings, catalogue);
  return [
    { attempts: halvings(rows, 1).map(size => ({ 'micro-batch': size })) },
    {
      attempts: [
        ...(settings.prepack === false ? [] : [{ prepack: false }]),
        ...(settings.recompute ? [] : [{ recompute: true }]),
        ...(settings.prepack === false || settings.recompute ? [] : [{ prepack: false, recompute: true }]),
      ],
    },
    ...(int8 && settings.precision !== 'int8'
      ? [{ attempts: [{ precision: 'int8' as const }], changes: 'gradients are off by some percent' }]
      : []),
    ...(strategy.thrifty?.(options) ?? []).map(({ options: attempt, changes }) => ({ attempts: [attempt], changes })),
    { attempts: halvings(length, 16).map(size => ({ 'max-length': size })), changes: 'longer texts are cut' },
  ];
}

/** n/2, n/4, … down to `least`. */
function halvings(value: number, least: number): number[] {
  const half = Math.floor(value / 2);
  return half < least ? [] : [half, ...halvings(half, least)];
}

/** The same data with inputs cut to so many tokens, their last token kept: as long as encoding would have made them. */
export function cutInputs(data: EncodedTask, maxLength: number): EncodedTask {
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
