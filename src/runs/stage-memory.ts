import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { CheckpointStore } from '../training/checkpoint.ts';

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

/** Measures the largest resident memory of this process over a stage. */
export interface PeakMemory {
  /** The largest so far; bytes. */
  soFar(): number;
  /** Ends the measurement; bytes. */
  stop(): number;
}

const sampleMilliseconds = 50;

/** Begins a measurement. Exact on Linux, where the kernel keeps the high-water mark; sampled elsewhere. */
export function startPeakMemory(): PeakMemory {
  return resetHighWaterMark() ? { soFar: readHighWaterMark, stop: readHighWaterMark } : startSampling();
}

/** Writing 5 to clear_refs sets the high-water mark back to the present size (proc(5)). */
function resetHighWaterMark(): boolean {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
    return readHighWaterMark() > 0;
  } catch {
    return false;
  }
}

function readHighWaterMark(): number {
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return match === null ? 0 : Number(match[1]) * 1024;
}

/** The fallback, for systems without such a mark. */
export function startSampling(): PeakMemory {
  let peak = process.memoryUsage.rss();
  const sample = () => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const timer = setInterval(sample, sampleMilliseconds);
  // Measuring must not keep the process alive.
  timer.unref();
  return {
    soFar() {
      sample();
      return peak;
    },
    stop() {
      clearInterval(timer);
      sample();
      return peak;
    },
  };
}
