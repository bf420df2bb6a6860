import { z } from 'zod';
import type { HeadAnswer } from '../kit/answer-forms.ts';
import { wrongConfig } from '../kit/parse-config.ts';

/** What a checkpoint's own head answers. */
interface TrainedHead {
  readonly kind: HeadAnswer;
  /** Names of its classes by their numbers, where it has given them any. */
  readonly labels?: readonly string[];
}

const named = z.looseObject({ id2label: z.record(z.string(), z.string()) });
/** What transformers calls classes that nobody has named. */
const NAMELESS = /^label_\d+$/i;

/**
 * What the head in a checkpoint answers by its config.json; undefined where it has none. `numbers` are its rows.
 * @throws InputError where the config names more or fewer classes than that
 */
export function trainedHead(
  json: unknown,
  numbers: number | undefined,
  { layer, where, family }: { readonly layer: string; readonly where: string; readonly family: string },
): TrainedHead | undefined {
  if (numbers === undefined) return undefined;
  const parsed = named.safeParse(json);
  const said = Object.keys(parsed.data?.id2label ?? {}).length;
  if (said !== 0 && said !== numbers) {
    throw wrongConfig(`id2label: ${said} classes, and ${layer}.weight has rows for ${numbers}`, where, family);
  }
  const names = Array.from({ length: numbers }, (_, i) => parsed.data?.id2label[i]);
  const isNamed = names.every(name => name !== undefined && !NAMELESS.test(name));
  const kind: HeadAnswer = numbers === 1 ? { kind: 'number' } : { kind: 'class', classes: numbers };
  return { kind, ...(isNamed && numbers > 1 && { labels: names as string[] }) };
}

/** What of a trained head a task begins with. */
interface TakenOver {
  /** Rows of its last layer in the order of the task's answers, none where that begins fresh; absent: as they are. */
  readonly rows?: readonly number[];
  /** What is to be said where something trained is left. */
  readonly notice?: string;
}

/**
 * A trained head serves a task that asks for as many numbers. Where both name their classes these must be the same
 * ones, in whatever order: the head's rows are put into the task's.
 */
export function takenOver(trained: TrainedHead | undefined, asked: HeadAnswer): TakenOver {
  if (trained === undefined) return {};
  const [own, wanted] = [trained.kind, asked];
  const [numbers, answers] = [own, wanted].map(kind => (kind.kind === 'class' ? kind.classes : 1));
  if (numbers !== answers) return left(trained, asked);
  if (trained.labels === undefined || wanted.kind !== 'class' || wanted.labels === undefined) return {};
  const known = trained.labels.map(plain);
  const rows = wanted.labels.map(label => known.indexOf(plain(label)));
  return rows.includes(-1) || new Set(rows).size < rows.length ? left(trained, asked) : { rows };
}

const plain = (label: string): string => label.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, ' ');

function left({ kind, labels }: TrainedHead, asked: HeadAnswer): TakenOver {
  const notice = `the checkpoint's trained head answers ${told(kind, labels)}, and the task asks for ${told(asked)}`;
  return { rows: [], notice: `${notice}: its last layer begins fresh` };
}

function told(kind: HeadAnswer, labels = kind.kind === 'class' ? kind.labels : undefined): string {
  if (kind.kind !== 'class') return kind.kind === 'number' ? 'a number' : 'a choice';
  return `${kind.classes} classes${labels ? ` (${labels.join(', ')})` : ''}`;
}
