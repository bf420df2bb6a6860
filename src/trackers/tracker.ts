/** Values of one moment of a run, by the names of their curves: `search/score`, `retrain/loss`. */
export interface TrackedPoint {
  readonly step: number;
  /** Milliseconds since 1970: the same however often the point is sent. */
  readonly time: number;
  readonly values: Readonly<Record<string, number>>;
}

/** What is told of a run once it has a result. */
export interface TrackedEnd {
  readonly time: number;
  /** Scores and what they cost, by name. */
  readonly scores: Readonly<Record<string, number>>;
  /** The heat map as PNG, where there is one and a font to draw it with. */
  readonly picture?: Uint8Array;
}

/** A run as trackers know it. */
export interface TrackedRun {
  /** Where it lies, absolute. */
  readonly folder: string;
  /** What it is called there. */
  readonly name: string;
  /** When it was begun, in milliseconds since 1970. */
  readonly begun: number;
  /** Its settings, as text. */
  readonly settings: Readonly<Record<string, string>>;
}

/** What is new of a run. */
interface TrackedNews {
  readonly points: readonly TrackedPoint[];
  /** There once, when all points have been sent. */
  readonly end?: TrackedEnd;
}

/** A program that keeps curves of runs. It is told by what a run's folder holds, while the run goes on or later. */
export interface Tracker {
  readonly description: string;
  /**
   * Sends what is new; nothing of it counts as sent where this throws.
   * @param id what an earlier call gave: by what name the tracker knows the run; undefined the first time
   * @returns that name
   */
  send(run: TrackedRun, news: TrackedNews, id: string | undefined, signal: AbortSignal): Promise<string>;
}
