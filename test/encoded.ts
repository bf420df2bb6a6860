import type { EncodedInput } from '../src/core/program.ts';

/** An example as an encoder-decoder takes it, and as the fixtures hold it: ids that are read, and ids to be said. */
export interface TextToText {
  readonly input: EncodedInput;
  readonly output: { readonly ids: readonly number[] };
}

export const example = (source: readonly number[], target: readonly number[]): TextToText => ({
  input: { ids: source },
  output: { ids: target },
});

export const inputsOf = (batch: readonly TextToText[]): EncodedInput[] => batch.map(({ input }) => input);
