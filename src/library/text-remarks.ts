import { outputLength } from '../core/program.ts';
import { mapInSlices } from '../data/batches.ts';
import { answersTo, type Example } from '../data/example.ts';
import type { Codec, Reading } from '../models/codec.ts';

/** Inputs of a set, and how many of them were longer than is read and have been cut. */
interface CutCount {
  readonly all: number;
  readonly cut: number;
}

/** The same of all sets, of each, and how many rows have lost something of which part of their text. */
export interface CutTally extends CutCount {
  readonly sets: Readonly<Record<string, CutCount>>;
  readonly lost: Readonly<Record<string, number>>;
}

/** Counts what is read, set by set. */
export class CutCounter {
  readonly #sets = new Map<string, { all: number; cut: number }>();
  readonly #lost = new Map<string, number>();

  count(set: string, { cut, lost = {} }: Pick<Reading, 'cut' | 'lost'>): void {
    const counts = this.#sets.get(set) ?? { all: 0, cut: 0 };
    this.#sets.set(set, { all: counts.all + 1, cut: counts.cut + (cut > 0 ? 1 : 0) });
    for (const part of Object.keys(lost)) this.#lost.set(part, (this.#lost.get(part) ?? 0) + 1);
  }

  get tally(): CutTally {
    const sets = [...this.#sets.values()];
    const sum = (key: keyof CutCount) => sets.reduce((total, counts) => total + counts[key], 0);
    return {
      all: sum('all'),
      cut: sum('cut'),
      sets: Object.fromEntries(this.#sets),
      lost: Object.fromEntries(this.#lost),
    };
  }
}

/** What was cut, in a sentence; undefined where nothing was. */
export function cutInWords({ all, cut, sets, lost }: CutTally, maxLength: number): string | undefined {
  if (cut === 0) return undefined;
  const entries = Object.entries(sets).filter(([, counts]) => counts.cut > 0);
  const where =
    Object.keys(sets).length < 2 ? '' : `: ${entries.map(([set, each]) => `${set} ${share(each)}`).join(', ')}`;
  const parts = Object.entries(lost).map(([part, rows]) => `"${part}" in ${rows}`);
  const which = parts.length === 0 ? '' : `; what loses its end is ${parts.join(', ')}`;
  return (
    `${share({ all, cut })} texts are longer than the ${maxLength} tokens that are read and are ` +
    `cut${where}${which} (--max-length)`
  );
}

/** `12 of 40 (30 %)` */
function share({ all, cut }: CutCount): string {
  const percent = (100 * cut) / all;
  return `${cut} of ${all} (${percent < 1 ? percent.toFixed(1) : Math.round(percent)} %)`;
}

/** How many free-text answers are longer than any that is written, in a sentence; undefined where none is. */
export async function tooLongInWords(
  { choice, writing, encode }: Codec,
  maxTargetLength: number | undefined,
  examples: readonly Example[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (choice !== undefined || writing === undefined) return undefined;
  // How long a text is does not depend on what was read. Its last token ends it, and need not be generated.
  const unread = { input: { ids: [] } };
  const isTooLong = (example: Example) =>
    answersTo(example).every(answer => outputLength(encode(answer, unread)) - 1 > writing.maxTokens);
  const found = await mapInSlices(examples, isTooLong, signal);
  const count = found.filter(Boolean).length;
  if (count === 0) return undefined;
  return (
    `${count} of ${found.length} answers have more than ${maxTargetLength ?? writing.maxTokens} tokens, ` +
    `the task's maxTargetLength, and can never be given`
  );
}

/** How many free-text answers the model cannot say as they are written, in a sentence; undefined where none is. */
export async function respelledInWords(
  { write }: Codec,
  examples: readonly Example[],
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const texts = examples.flatMap(example =>
    answersTo(example).flatMap(answer => ('text' in answer ? [answer.text] : [])),
  );
  const pairs = await mapInSlices(texts, text => [text, write({ text })] as const, signal);
  const other = pairs.filter(([text, said]) => text !== said);
  if (other.length === 0) return undefined;
  const [text, said] = other[0]!;
  return (
    `${other.length} of ${texts.length} answers cannot be said as they are written, and are learnt and ` +
    `judged as the model's vocabulary spells them, for example ${JSON.stringify(text)} as ${JSON.stringify(said)}`
  );
}
