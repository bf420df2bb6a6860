import type { Held } from './run-pieces.ts';

/** The hold on a cell, renewed until it is ended. */
export interface Lease {
  /** Aborts when another may have taken the cell: from then on nothing of this worker's counts. */
  readonly lost: AbortSignal;
  /** To be called where the database has said that the cell is another's. */
  lose(): void;
  end(): void;
}

/**
 * Renews a hold four times a lease. It is lost where the database says so, and also where the database has not been
 * heard of for as long as the lease: the time is counted by a clock of this process that nobody sets, from before the
 * question was sent.
 * @param renew asks for more time; false where the cell is another's
 */
export function keepLease(held: Held, seconds: number, renew: (held: Held) => Promise<boolean>): Lease {
  const lost = new AbortController();
  const lose = () => lost.abort();
  let heard = performance.now();
  let asking = false;

  async function ask(): Promise<void> {
    const asked = performance.now();
    asking = true;
    try {
      if (await renew(held)) heard = Math.max(heard, asked);
      else lose();
    } catch {
      // It is asked again; if it stays away, the time runs out.
    } finally {
      asking = false;
    }
  }

  let next = heard + (seconds * 1000) / 4;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - heard > seconds * 1000) lose();
    else if (now >= next && !asking) {
      next = now + (seconds * 1000) / 4;
      void ask();
    }
  }, 250);
  lost.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  return { lost: lost.signal, lose, end: () => clearInterval(timer) };
}
