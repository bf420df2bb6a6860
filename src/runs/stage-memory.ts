import { z } from 'zod';
import type { CheckpointStore } from '../training/checkpoint.ts';
import { startPeakMemory } from './peak-memory.ts';

/** The largest resident memory of a stage, over all processes that have worked at it. */
export interface StageMemory {
  /**
   * The stage's store: what is saved to it holds the peak so far, what is loaded from it that of the processes before.
   */
  readonly checkpoint: CheckpointStore;
  /** Ends the measurement; bytes. */
  stop(): number;
}

const savedPeak = z.looseObject({ peakBytes: z.number().nonnegative() });

/** Begins to measure a stage that keeps its state in `store`. */
export function startStageMemory(store: CheckpointStore): StageMemory {
  const memory = startPeakMemory();
  let before = 0;
  const checkpoint: CheckpointStore = {
    ...store,
    async load() {
      const state = await store.load();
      const saved = savedPeak.safeParse(state?.meta);
      if (saved.success) before = saved.data.peakBytes;
      return state;
    },
    save({ arrays, meta }) {
      return store.save({ arrays, meta: { ...(meta as object), peakBytes: Math.max(before, memory.soFar()) } });
    },
  };
  return { checkpoint, stop: () => Math.max(before, memory.stop()) };
}
