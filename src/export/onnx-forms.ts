import { join } from 'node:path';
import { InputError } from '../core/errors.ts';
import type { EncodedInput, EncodedOutput } from '../core/program.ts';
import { answerForm, type HeadAnswer } from '../models/kit/answer-forms.ts';
import { type Feed, openSession, type SessionSettings } from '../runtime/session.ts';
import { openStandalone } from '../runtime/standalone-program.ts';
import type { InferenceProgram } from './exporter.ts';

/** What is known of exported graphs: their files' paths, and what their family says of them. */
interface OpenedFrom {
  file(name: string): string;
  fact(name: string): number;
}

type OpenForm = (from: OpenedFrom, settings: SessionSettings) => Promise<InferenceProgram>;

const encoderDecoder: OpenForm = ({ file, fact }, settings) =>
  openStandalone(
    {
      ...{ encoder: file('encoder_model'), decoder: file('decoder_model_merged') },
      ...{ startId: fact('startId'), padId: fact('padId'), endId: fact('endId') },
      ...{ layers: fact('layers'), heads: fact('heads'), headWidth: fact('headWidth') },
    },
    settings,
  );

/** An encoder with a head: the logits of a text are its classes', or the number it says, of itself or as a choice. */
const classifier: OpenForm = async ({ file, fact }, settings) => {
  const session = await openSession(file('model'), settings);
  const hasTypes = fact('hasTypes') === 1;
  return {
    async choose(inputs, outputs) {
      if (inputs.length === 0) return [];
      const form = answerForm(answerOf(inputs, outputs));
      const texts = form.textsOf(inputs);
      const length = Math.max(1, ...texts.map(({ ids }) => ids.length));
      const feed = (rows: readonly (readonly number[])[]): Feed => {
        const data = new BigInt64Array(rows.length * length);
        for (const [row, values] of rows.entries()) data.set(values.map(BigInt), row * length);
        return { type: 'int64', data, dims: [rows.length, length] };
      };
      const { logits } = await session.run({
        input_ids: feed(texts.map(({ ids }) => ids)),
        attention_mask: feed(texts.map(({ ids }) => ids.map(() => 1))),
        ...(hasTypes && { token_type_ids: feed(texts.map(({ ids, types }) => types ?? ids.map(() => 0))) }),
      });
      const data = logits!.data as Float32Array;
      let read = 0;
      return inputs.map(input => {
        const begin = read;
        read += form.textsOf([input]).length * logits!.dims[1]!;
        return form.scores(data.subarray(begin, read), outputs);
      });
    },
    release: () => session.release(),
  };
};

/** What is asked for: choices are those of an input, classes those that are there. */
function answerOf(inputs: readonly EncodedInput[], outputs: readonly EncodedOutput[]): HeadAnswer {
  if (outputs.every(output => 'value' in output)) return { kind: 'number' };
  const isChoice = inputs.some(({ otherChoices }) => otherChoices !== undefined);
  return isChoice ? { kind: 'choice' } : { kind: 'class', classes: outputs.length };
}

/** How exported graphs are asked, by the name that their family gives their form (`StandaloneGraphs`). */
const forms: Readonly<Record<string, OpenForm>> = { 'encoder-decoder': encoderDecoder, classifier };

/** @throws InputError where the form is unknown, or files or facts are missing */
export function openForm(
  folder: string,
  {
    form,
    graphs,
    facts,
  }: {
    readonly form: string;
    readonly graphs: Readonly<Record<string, { readonly file: string }>>;
    readonly facts: Readonly<Record<string, number>>;
  },
  settings: SessionSettings,
): Promise<InferenceProgram> {
  const needed = <Item>(known: Readonly<Record<string, Item>>, name: string): Item => {
    if (Object.hasOwn(known, name)) return known[name]!;
    throw new InputError(`its description says nothing of ${name}`, {
      code: 'unreadable-export',
      where: folder,
      remedy: 'export the run again',
    });
  };
  const from: OpenedFrom = {
    file: name => join(folder, needed(graphs, name).file),
    fact: name => needed(facts, name),
  };
  return needed(forms, form)(from, settings);
}
