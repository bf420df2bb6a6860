import { z } from 'zod';
import { libraryParts } from './library.ts';

/** Texts of tokens, in order, to the text that they make up. */
export type Decoder = (tokens: readonly string[]) => string;

const metaspace = z.object({
  type: z.literal('Metaspace'),
  replacement: z.string().length(1),
  prepend_scheme: z.string().default('always'),
});

/** @throws Error where the configuration is damaged or of an unknown type */
export function decoderOf(config: unknown): Decoder {
  const own = metaspace.safeParse(config);
  if (own.success) return metaspaceDecoder(own.data.replacement, own.data.prepend_scheme !== 'never');
  const { decoder } = libraryParts({ decoder: config ?? null });
  return tokens => (decoder ? decoder([...tokens]) : tokens.join(' '));
}

/** As Rust's library has it: the first token loses every mark of a space, where one is put before texts. */
function metaspaceDecoder(mark: string, dropsFirst: boolean): Decoder {
  return tokens => tokens.map((token, i) => token.replaceAll(mark, i === 0 && dropsFirst ? '' : ' ')).join('');
}
