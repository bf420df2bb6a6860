import type { Repository } from './repository.ts';

/** How the Hub is reached: what every call of its client is given. */
export interface Connection {
  readonly repo: { readonly type: Repository['type']; readonly name: string };
  readonly fetch: typeof fetch;
  readonly hubUrl?: string;
  readonly accessToken?: string;
}

/** By the variables that all of the Hub's tools read: $HF_ENDPOINT another address, $HF_TOKEN who asks. */
export function connect({ type, name }: Repository, signal?: AbortSignal): Connection {
  const { HF_ENDPOINT: hubUrl, HF_TOKEN: accessToken } = process.env;
  return {
    repo: { type, name },
    fetch: (url, init) => fetch(url, { ...init, ...(signal !== undefined && { signal }) }),
    ...(hubUrl && { hubUrl: hubUrl.replace(/\/+$/, '') }),
    ...(accessToken && { accessToken }),
  };
}

/** Whether $HF_HUB_OFFLINE forbids to ask the Hub. */
export function isOffline(): boolean {
  return /^(1|true|yes|on)$/i.test(process.env.HF_HUB_OFFLINE ?? '');
}
