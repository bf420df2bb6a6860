import { HUB_URL } from '@huggingface/hub';
import { InputError } from '../core/errors.ts';
import { StrangeAnswerError } from './hub-errors.ts';
import type { Repository } from './repository.ts';

/** How the Hub is reached: what every call of its client is given. */
export interface Connection {
  readonly repo: { readonly type: Repository['type']; readonly name: string };
  readonly fetch: typeof fetch;
  readonly hubUrl?: string;
  readonly accessToken?: string;
}

/** Far more than any answer of the Hub that is no file. */
const MOST_BYTES = 16 * 2 ** 20;

/**
 * By the variables that all of the Hub's tools read: $HF_ENDPOINT another address, $HF_TOKEN who asks. The token is
 * shown to that address alone, wherever an answer leads.
 * @throws InputError where one of them cannot be what it should be
 */
export function connect({ type, name }: Repository, signal?: AbortSignal): Connection {
  const { HF_ENDPOINT: endpoint, HF_TOKEN: token } = process.env;
  const hubUrl = endpoint?.trim().replace(/\/+$/, '');
  const accessToken = token?.trim();
  const origin = originOf(hubUrl || HUB_URL);
  if (accessToken && !/^[\x21-\x7e]+$/.test(accessToken)) {
    throw new InputError('it holds characters that no token has', {
      code: 'bad-environment',
      where: 'HF_TOKEN',
      remedy: 'mend HF_TOKEN',
    });
  }
  return {
    repo: { type, name },
    fetch: async (url, init) => {
      const headers = new Headers(init?.headers);
      // Storage elsewhere has credentials of its own, which the Hub hands out.
      const isOurs = accessToken !== undefined && headers.get('Authorization') === `Bearer ${accessToken}`;
      if (isOurs && new URL(String(url)).origin !== origin) headers.delete('Authorization');
      const response = await fetch(url, { ...init, headers, ...(signal !== undefined && { signal }) });
      // The client reads what is said of a failure to its end, and waits for the body of an answer that has none.
      if (!response.ok) return bounded(response, MOST_BYTES);
      return response.body === null ? new Response('', { headers: response.headers }) : response;
    },
    ...(hubUrl && { hubUrl }),
    ...(accessToken && { accessToken }),
  };
}

function originOf(address: string): string {
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return new URL(address).origin;
  throw new InputError(`${JSON.stringify(address)} is no address`, {
    code: 'bad-environment',
    where: 'HF_ENDPOINT',
    remedy: 'write https://… or unset it',
  });
}

/** The same connection for questions whose answers are no files: they are of bounded length, unpacked. */
export function asking(connection: Connection): Connection {
  return { ...connection, fetch: async (...given) => bounded(await connection.fetch(...given), MOST_BYTES) };
}

/** The same answer, which ends in a StrangeAnswerError where more bytes come. */
function bounded(response: Response, most: number): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > most) controller.error(new StrangeAnswerError(`more than ${most} bytes came for an answer`));
      else controller.enqueue(chunk);
    },
  });
  return new Response(response.body.pipeThrough(counted), response);
}

/** Whether $HF_HUB_OFFLINE forbids to ask the Hub. */
export function isOffline(): boolean {
  return /^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? '');
}
