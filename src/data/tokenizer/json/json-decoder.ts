import { z } from 'zod';
import { libraryParts } from './library.ts';

/** Texts of tokens, in order, to the texts whose concatenation they stand for. */
type Decoder = (tokens: readonly string[]) => readonly string[];

const step = z.looseObject({ type: z.string() });
const metaspace = z.object({ replacement: z.string().length(1), prepend_scheme: z.string().default('always') });

/** Steps of a `tokenizer.json`'s decoder of which JavaScript's library differs from Rust's. All others are its own. */
const DECODERS: Readonly<Record<string, (config: unknown) => Decoder>> = {
  Sequence: config => {
    const all = z
      .object({ decoders: z.array(z.unknown()) })
      .parse(config)
      .decoders.map(stepOf);
    return tokens => all.reduce((result, decode) => decode(result), tokens);
  },
  // The first token loses every mark of a space, where one is put before texts.
  Metaspace: config => {
    const { replacement, prepend_scheme } = metaspace.parse(config);
    const first = prepend_scheme === 'never' ? ' ' : '';
    return tokens => tokens.map((token, i) => token.replaceAll(replacement, i === 0 ? first : ' '));
  },
  ByteFallback: () => joinBytes,
};

/** @throws ZodError, Error where the configuration is damaged or of an unknown type */
export function decoderOf(config: unknown): (tokens: readonly string[]) => string {
  if (config === null || config === undefined) return tokens => tokens.join(' ');
  const decode = stepOf(config);
  return tokens => decode(tokens).join('');
}

function stepOf(config: unknown): Decoder {
  const { type } = step.parse(config);
  if (Object.hasOwn(DECODERS, type)) return DECODERS[type]!(config);
  const { decoder } = libraryParts({ decoder: config });
  return tokens => decoder!.decode_chain(tokens);
}

/** A run of pieces like `<0x0A>` becomes the text of its bytes; where it is none, each byte a replacement character. */
function joinBytes(tokens: readonly string[]): readonly string[] {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const joined: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length === 0) return;
    try {
      joined.push(utf8.decode(Uint8Array.from(bytes)));
    } catch {
      joined.push('\ufffd'.repeat(bytes.length));
    }
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
    else {
      flush();
      joined.push(token);
    }
  }
  flush();
  return joined;
}
