import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { commit, createRepo, HubApiError } from '@huggingface/hub';
import { InputError } from '../core/errors.ts';
import { connect, explain, isOffline, isPassing, type Repository, reason } from './connection.ts';

/** What is uploaded, and where. */
export interface Upload {
  readonly repository: Repository;
  readonly folder: string;
  /** Files of the folder, by their paths in it. */
  readonly files: readonly string[];
  /** The commit's message. */
  readonly title: string;
  readonly isPrivate: boolean;
  /** Whether the repository may be there already. */
  readonly mayUpdate: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Where an upload is now. */
export interface Uploaded {
  readonly url: string;
  readonly commit: string;
}

type Phase = 'create' | 'commit';

/** @throws InputError where nothing can be uploaded from here: no token, or no connection wanted */
export function requireUpload(repository: Repository): void {
  if (isOffline()) {
    throw new InputError('HF_HUB_OFFLINE is set', {
      code: 'hub-offline',
      where: repository.name,
      remedy: 'unset it, or give --dry-run, which writes the folder alone',
    });
  }
  if (connect(repository).accessToken !== undefined) return;
  throw new InputError('no token is given that may write to the Hub', {
    code: 'missing-token',
    where: 'HF_TOKEN',
    remedy: 'set HF_TOKEN to a token with write permission, or give --dry-run, which writes the folder alone',
  });
}

/**
 * Makes a repository and fills it by one commit, which is there as a whole or not at all.
 * @throws InputError where the Hub refuses or cannot be reached; a repository that was made by then is empty
 */
export async function upload(given: Upload): Promise<Uploaded> {
  const { repository, folder, files, title, isPrivate, mayUpdate, signal } = given;
  requireUpload(repository);
  const { accessToken, ...connection } = connect(repository, signal);
  const access = { ...connection, accessToken: accessToken! };
  let phase: Phase = 'create';
  try {
    await createRepo({ ...access, ...(isPrivate && { visibility: 'private' }) }).catch(error => {
      if (!mayUpdate || !(error instanceof HubApiError) || error.statusCode !== 409) throw error;
    });
    phase = 'commit';
    const operations = await Promise.all(
      files.map(async path => ({
        operation: 'addOrUpdate' as const,
        path,
        content: await openAsBlob(join(folder, path)),
      })),
    );
    const made = await commit({ ...access, title, operations, ...(signal && { abortSignal: signal }) });
    return { url: repositoryUrl(made!.commit.url), commit: made!.commit.oid };
  } catch (error) {
    throw explainUpload(error, repository, phase);
  }
}

const repositoryUrl = (commitUrl: string) => commitUrl.replace(/\/commit\/[0-9a-f]+$/, '');

/** What went wrong with an upload, in words and with the way out; anything else comes back as it is. */
function explainUpload(error: unknown, repository: Repository, phase: Phase): unknown {
  const { name } = repository;
  const say = (what: string, remedy: string) =>
    new InputError(what, { code: 'hub-failed', where: name, remedy, cause: error });
  const again = phase === 'create' ? 'try again later' : 'try again later with --update';
  const nothing = phase === 'create' ? 'nothing was written' : 'no file is in the repository yet';
  const status = error instanceof HubApiError ? error.statusCode : undefined;
  if (status === 401) return say('the Hub does not take this token (status 401)', 'set HF_TOKEN to one that may write');
  if (status === 403) {
    const [owner] = name.split('/');
    return say(
      `this token may not write to ${owner} (status 403)`,
      `give a token with write permission for ${owner}, or push to a name of your own`,
    );
  }
  if (status === 409) {
    return phase === 'create'
      ? say('there is a model of this name already', 'give another name, or --update to add a commit to it')
      : say('the repository has changed in the meantime; nothing was written', 'push again with --update');
  }
  if (status === 413) {
    return say(
      'the files are larger than the Hub takes here (status 413)',
      'push a smaller form: --dtype int8 of onnx, or --format peft; then with --update',
    );
  }
  if (!isPassing(error)) return explain(error, repository);
  const why =
    status === undefined ? `cannot be reached or was cut off: ${reason(error)}` : `answers with status ${status}`;
  return say(`the Hub ${why}; ${nothing}`, again);
}
