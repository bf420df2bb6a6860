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
