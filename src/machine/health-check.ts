/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `missing` concerns extras; where something `failed`, the main job cannot run. */
  readonly status: 'ok' | 'missing' | 'failed';
  /** What was found, in a few words. */
  readonly found: string;
  /** The exact step that mends it, where something is to be mended. */
  readonly remedy?: string;
}

export const ok = (name: string, found: string): Check => ({ name, status: 'ok', found });
export const missing = (name: string, found: string, remedy: string): Check => ({
  name,
  status: 'missing',
  found,
  remedy,
});
export const failed = (name: string, found: string, remedy: string): Check => ({
  name,
  status: 'failed',
  found,
  remedy,
});

/** First line of what an error says. */
export const reasonOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!.trim();
