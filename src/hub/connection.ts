import { HUB_URL, HubApiError, InvalidApiResponseFormatError } from '@huggingface/hub';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';

/** A repository of the Hub, as a user names it. */
export interface Repository {
  readonly type: 'model' | 'dataset';
  /** `org/name`. */
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

const NAME = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?$/;

/** Reads `org/name` or `org/name@revision`; undefined where a text is neither, so that it must be a path. */
export function parseRepository(text: string, type: Repository['type']): Repository | undefined {
  const [, name, revision = 'main'] = NAME.exec(text) ?? [];
  return name === undefined || revision.split('/').includes('..') ? undefined : { type, name, revision };
}

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

/** A downloaded file whose content is not what the Hub lists. */
export class WrongContentError extends Error {}

/** An answer that no Hub gives. */
export class StrangeAnswerError extends Error {}

/** Whether asking again may help: the connection failed or was cut, or the server is at its limits. */
export function isPassing(error: unknown): boolean {
  return error instanceof HubApiError ? error.statusCode === 429 || error.statusCode >= 500 : isNetworkError(error);
}

/**
 * `fetch` fails with a TypeError that has a cause; a stream cut off half-way with its message alone. An answer that is
 * no JSON is not the Hub's: a network that asks to log in first sends a page of its own.
 */
function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return typeof error === 'string';
  if (error instanceof SyntaxError) return true;
  return (
    (error instanceof TypeError && (error.cause !== undefined || error.message === 'terminated')) || hasCode(error)
  );
}

function hasCode(error: Error): boolean {
  return [
    'ECONNRESET',
    'ECONNREFUSED',
    'ENOTFOUND',
    'ETIMEDOUT',
    'UND_ERR_SOCKET',
    'ERR_STREAM_PREMATURE_CLOSE',
  ].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** What went wrong with the Hub, in words and with the way out; anything else comes back as it is. */
export function explain(error: unknown, { type, name, revision }: Repository): unknown {
  const say = (what: string, remedy: string) =>
    new InputError(what, { code: 'hub-failed', where: name, remedy, cause: error });
  const copied = `or copy the ${type} here and give its folder`;
  if (error instanceof HubApiError) {
    const { statusCode } = error;
    if (statusCode === 401 || statusCode === 403) {
      return say(
        `the Hub shows no such ${type} to you (status ${statusCode})`,
        'check the name; where it is private or gated, set HF_TOKEN to a token that may read it',
      );
    }
    if (statusCode === 404) {
      return say(
        `there is no such folder, and no ${type} of this name on the Hub at revision ${revision}`,
        'check the name',
      );
    }
    return say(`the Hub answers with status ${statusCode}`, `try again later, ${copied}`);
  }
  if (error instanceof TypeError && error.message.includes('token')) return say(error.message, 'mend HF_TOKEN');
  if (isStrange(error)) {
    return say(
      `the Hub's answer cannot be understood: ${told(error)}`,
      `check HF_ENDPOINT, if it is set, or try again later; HF_HUB_OFFLINE=1 takes what is in the cache, ${copied}`,
    );
  }
  if (!isNetworkError(error)) return error;
  return say(
    `there is no such folder, and the Hub cannot be reached for a ${type} of this name (${reason(error)})`,
    `connect to the network; where there is none, fill the cache that HF_HOME names elsewhere, ${copied}`,
  );
}

/** The client believes its Hub, and trips over what is no list, no number or nothing at all with a TypeError. */
function isStrange(error: unknown): error is Error {
  if (error instanceof TypeError) return !isNetworkError(error);
  const kinds = [StrangeAnswerError, InvalidApiResponseFormatError, z.ZodError];
  return kinds.some(kind => error instanceof kind);
}

function told(error: Error): string {
  return error instanceof z.ZodError ? z.prettifyError(error).replaceAll(/\s+/g, ' ') : error.message;
}

/** What went wrong with one file of a repository whose files are known, in words and with the way out. */
export function explainDownload(error: unknown, { path }: { readonly path: string }, repository: Repository): unknown {
  const say = (what: string, remedy: string) =>
    new InputError(what, { code: 'hub-failed', where: repository.name, remedy, cause: error });
  if (error instanceof WrongContentError) return say(`a download came damaged: ${error.message}`, 'try again');
  if (!isPassing(error)) return explain(error, repository);
  return say(
    `${path} cannot be downloaded (${reason(error)})`,
    'try again: it goes on where it broke off; HF_HUB_OFFLINE=1 takes what was downloaded before, where that is whole',
  );
}

/** Why a connection failed, in a word. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof SyntaxError) return 'something else answers: no JSON comes';
  const cause = error.cause as NodeJS.ErrnoException | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
