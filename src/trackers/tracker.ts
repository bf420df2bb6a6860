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

/** Far more than any answer that is read here. */
const MOST_MS = 10_000;

/** A server that is asked over HTTP. */
export interface Service {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** By the address that a variable names, or the usual one. */
export function serviceAt(variable: string, usual: string, headers: Readonly<Record<string, string>> = {}): Service {
  const url = (process.env[variable]?.trim() || usual).replace(/\/+$/, '');
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return { url, headers };
  throw new Error(`$${variable} is ${JSON.stringify(url)}, which is no address of a server: write http://…`);
}

/**
 * The server's answer to JSON, or to bytes, as JSON; undefined where it says 404.
 * @throws Error in a sentence where the server cannot be reached or refuses
 */
export async function call(
  { url, headers }: Service,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body: unknown,
  signal: AbortSignal,
): Promise<unknown> {
  const isBytes = body instanceof Uint8Array;
  const sent = body === undefined ? {} : { body: isBytes ? body : JSON.stringify(body) };
  const type = isBytes ? 'application/octet-stream' : 'application/json';
  let response: Response;
  try {
    response = await fetch(`${url}${path}`, {
      ...{ method, headers: { ...headers, 'Content-Type': type } },
      ...(sent as { body?: string }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)]),
    });
  } catch (error) {
    const { cause, message } = error as Error & { cause?: { code?: string } };
    throw new Error(`${url} cannot be reached: ${cause?.code ?? message}`, { cause: error });
  }
  const text = await response.text();
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${url}${path} answered ${response.status}: ${text.slice(0, 200)}`);
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new Error(`${url}${path} answered no JSON: is it the right address?`);
  }
}
