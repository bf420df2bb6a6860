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
