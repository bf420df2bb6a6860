import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TOKENIZER_FILES } from '../data/tokenizer/tokenizer.ts';
import { tokenizerJsonFiles } from '../data/tokenizer/tokenizer-json.ts';
import type { Head } from '../deltas/layout.ts';
import { isThere, readBytes } from '../files/regular-file.ts';
import { readJson, readTextFile } from '../files/text-files.ts';
import { writeFileWhole } from '../files/write-whole.ts';
import { answerKindOf } from '../models/codec.ts';
import type { Model } from '../models/model.ts';
import type { ExportedTask } from './description.ts';

const CONFIG = 'config.json';
const GENERATION = 'generation_config.json';
const TOKENIZER_CONFIG = 'tokenizer_config.json';

type Json = Readonly<Record<string, unknown>>;

/** What an export says in a model's own files beside what stands there. */
export interface ModelFileChanges {
  /** Of config.json. */
  readonly config: Json;
  /** generation_config.json, where the model has none. */
  readonly generation?: Json;
  /** Of the weights, where it is not what the checkpoint had. */
  readonly dtype?: string;
  /** Longest input in tokens: other programs cut there what is longer. */
  readonly longest?: number;
}

/**
 * Copies what says how a model is built and how it reads text, all of its folder but weights and prose, with these
 * changes. A vocabulary without `tokenizer.json` gets one, as other programs read no other form.
 */
export async function writeModelFiles(
  { folder: from, tokenizer: { size } }: Pick<Model, 'folder' | 'tokenizer'>,
  to: string,
  { config, generation, dtype, longest }: ModelFileChanges,
): Promise<void> {
  const files = await readdir(from);
  for (const name of files.filter(file => file === GENERATION || TOKENIZER_FILES.includes(file))) {
    await writeFileWhole(join(to, name), await readBytes(join(from, name)));
  }
  if (generation && !files.includes(GENERATION)) await writeFileWhole(join(to, GENERATION), asText(generation));
  for (const [name, content] of Object.entries(await tokenizerJsonFiles(from, size))) {
    if (!files.includes(name)) await writeFileWhole(join(to, name), asText(content));
  }
  await change(join(from, CONFIG), join(to, CONFIG), known => ({
    ...{ ...known, ...architectureOf(known, config), ...config },
    ...(dtype !== undefined && { ['dtype' in known ? 'dtype' : 'torch_dtype']: dtype }),
  }));
  const tokenizer = join(to, TOKENIZER_CONFIG);
  if (longest === undefined || !isThere(tokenizer)) return;
  const known = (await readJson(tokenizer)) as Json;
  const model_max_length = Math.min(longest, Number(known.model_max_length ?? longest));
  await writeFileWhole(tokenizer, asText({ ...known, model_max_length }));
}

/**
 * transformers' words for what a head says. Of a choice it gives a number, the larger the better: one label beside
 * others, whose pipelines put a sigmoid on it, where a softmax over one number would say 1 of all.
 */
const PROBLEM_TYPES = {
  ...{ class: 'single_label_classification', number: 'regression', choice: 'multi_label_classification' },
  // Whoever writes texts has no head.
  text: undefined,
} as const;

/** What config.json says of a head: which labels its numbers stand for. Nothing where there is none. */
export function taskConfig(task: ExportedTask, heads: readonly Head[]): Json {
  if (heads.length === 0) return {};
  const kind = answerKindOf(task);
  // transformers names a number that stands alone so.
  const names = kind.kind === 'class' ? task.labels! : ['LABEL_0'];
  return {
    id2label: Object.fromEntries(names.map((name, id) => [id, name])),
    label2id: Object.fromEntries(names.map((name, id) => [name, id])),
    problem_type: PROBLEM_TYPES[kind.kind],
  };
}

/** transformers' name of the model with a head, made of the one that the checkpoint has: `BertForMaskedLM`, … */
function architectureOf(known: Json, { problem_type }: Json): Json {
  const [name] = (known.architectures ?? []) as readonly unknown[];
  if (problem_type === undefined || typeof name !== 'string') return {};
  return { architectures: [`${name.replace(/(For[A-Z]\w*|Model)$/, '')}ForSequenceClassification`] };
}

const { rawJSON } = JSON as unknown as { rawJSON(text: string): object };

/** Rewrites a file of JSON with numbers spelled as they are: Hugging Face's loader tells 1 from 1.0. */
async function change(from: string, to: string, edit: (known: Json) => Json): Promise<void> {
  const spelled = (_: string, value: unknown, { source }: { readonly source?: string }): unknown =>
    typeof value === 'number' ? rawJSON(source!) : value;
  const text = (await readTextFile(from)).replace(/^\uFEFF/, '');
  const known = (JSON.parse as (text: string, reviver: typeof spelled) => Json)(text, spelled);
  await writeFileWhole(to, asText(edit(known)));
}

const asText = (json: Json) => `${JSON.stringify(json, null, 2)}\n`;
