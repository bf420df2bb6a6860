import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import type { NumberArray } from '../files/safetensors-arrays.ts';
import type { CheckpointState, CheckpointStore } from './checkpoint.ts';

/** Stages that follow each other and are saved as one: the state of the one at work, and what is known of all. */
export interface StageSeries {
  /** Number of the stage to go on with; 0 where nothing was saved. */
  readonly begin: number;
  /** Where the stage of that number keeps its state; undefined where nothing is kept. */
  storeOf(stage: number): CheckpointStore | undefined;
}

const savedMeta = z.object({
  seriesStage: z.int().nonnegative(),
  stage: z.unknown(),
  notes: z.looseObject({}).optional(),
});
const PREFIX = 'series.';

/**
 * Takes a series up where it stood.
 * @param shared arrays that outlive a stage: they are saved with each of its states, and set to what was saved
 * @param notes what else outlives a stage, as JSON has it: saved and set alike
 * @throws InputError where what was saved is of another series
 */
export async function resumeSeries(
  store: CheckpointStore | undefined,
  shared: Readonly<Record<string, NumberArray>>,
  notes: Record<string, unknown> = {},
): Promise<StageSeries> {
  const saved = await store?.load();
  const begin = saved === undefined ? 0 : restoreShared(saved, { shared, notes }, store?.where);
  const storeOf = (stage: number) => (store === undefined ? undefined : storeOfStage(store, stage, { shared, notes }));
  return { begin, storeOf };
}

function restoreShared(
  { arrays, meta }: CheckpointState,
  { shared, notes }: Outliving,
  where: string | undefined,
): number {
  const parsed = savedMeta.safeParse(meta);
  const isWhole = Object.entries(shared).every(([name, array]) => arrays[PREFIX + name]?.length === array.length);
  if (!parsed.success || !isWhole) {
    throw new InputError('the saved state is not that of this series of trainings', {
      code: 'unreadable-state',
      where,
      remedy: 'resume with the same settings, or start anew in another output folder',
    });
  }
  for (const [name, array] of Object.entries(shared)) array.set(arrays[PREFIX + name]!);
  Object.assign(notes, parsed.data.notes);
  return parsed.data.seriesStage;
}

/** What outlives a stage. */
interface Outliving {
  readonly shared: Readonly<Record<string, NumberArray>>;
  readonly notes: Record<string, unknown>;
}

function storeOfStage(store: CheckpointStore, number: number, { shared, notes }: Outliving): CheckpointStore {
  return {
    ...(store.where !== undefined && { where: store.where }),
    async save({ arrays, meta }) {
      const others = Object.entries(shared).map(([name, array]) => [PREFIX + name, array]);
      await store.save({
        arrays: { ...arrays, ...Object.fromEntries(others) },
        meta: { seriesStage: number, stage: meta, ...(Object.keys(notes).length > 0 && { notes }) },
      });
    },
    async load() {
      const saved = await store.load();
      const parsed = savedMeta.safeParse(saved?.meta);
      if (saved === undefined || !parsed.success || parsed.data.seriesStage !== number) return undefined;
      return { arrays: saved.arrays, meta: parsed.data.stage };
    },
  };
}
