import { type Document, isScalar, parseDocument, visit } from 'yaml';
import { InputError } from '../core/errors.ts';

export interface YamlText {
  /** Keeps what a plain object loses: the order of keys that look like numbers. */
  readonly document: Document;
  /** The content as plain values, aliases resolved; null where there is none. */
  readonly value: unknown;
}

/**
 * Parses YAML. InputError with file and line where it is none, or is more than keys, values and lists of bounded depth.
 * @param schema `failsafe` leaves every value and key the text it is written as, also 0.0, True and null
 */
export function parseYaml(text: string, path: string, schema: 'core' | 'failsafe' = 'core'): YamlText {
  try {
    // What is wrong is thrown; nothing is printed.
    const document = parseDocument(text, { logLevel: 'error', schema });
    const [problem] = document.errors;
    if (problem === undefined) return { document, value: toValue(document) };
    throw new InputError(`not valid YAML: ${problem.message.split('\n')[0]}`, {
      code: 'invalid-yaml',
      where: problem.linePos ? `${path}:${problem.linePos[0].line}` : path,
      remedy: 'mend that line',
      cause: problem,
    });
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`not usable YAML: ${(cause as Error).message}`, {
      code: 'invalid-yaml',
      where: path,
      remedy: 'write plain keys, less nesting, and aliases after their anchors',
      cause,
    });
  }
}

function toValue(document: Document): unknown {
  visit(document, {
    // The parser would write such a key out as text, each level of it several times over.
    Pair(_, { key }) {
      if (key !== null && !isScalar(key)) throw new RangeError('a key is no plain text');
    },
  });
  return document.toJS();
}
