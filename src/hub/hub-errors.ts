import { HubApiError, InvalidApiResponseFormatError } from '@huggingface/hub';
import { z } from 'zod';
import { InputError } from '../core/errors.ts';
import type { Repository } from './repository.ts';

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
