import { readFileSync, writeFileSync } from 'node:fs';

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
