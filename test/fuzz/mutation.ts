import fc from 'fast-check';

/** One change of a file's bytes. Places are taken modulo what there is, so that every mutation fits every file. */
export type Mutation =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'copy'; readonly from: number; readonly length: number; readonly at: number }
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'bytes'; readonly at: number; readonly bytes: readonly number[] }
  | { readonly kind: 'nest'; readonly at: number; readonly text: string; readonly depth: number }
  | { readonly kind: 'number'; readonly nth: number; readonly text: string }
  | { readonly kind: 'word'; readonly nth: number; readonly text: string }
  | { readonly kind: 'line'; readonly nth: number; readonly to: number }
  | { readonly kind: 'header'; readonly value: bigint };

const numbers = ['0', '-1', '0.5', '1e400', '-0', '2147483648', '4294967296', '9007199254740993', '1e15', '99999999'];
const words = [
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'null',
    'true',
    '~',
    '\\ud800',
    '\\u0000',
    '\ufeff',
  ],
  ...['\u2028', '\u2581', '<0x0A>', '*a', '&a', '!!binary', '{{', '}}', '{text}', '../..', '/dev/zero', 'NaN', '.inf'],
];
const texts = [
  ...words,
  '\0',
  '\n',
  '\r',
  '\t',
  '"',
  "'",
  '\\',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '- ',
  '<<: ',
  '# ',
  '---\n',
];
const nests = ['[', '{"a":', '{a: ', '- ', '(', '"', '\t', '? '];
const byteRuns = [
  [0xff],
  [0xc3, 0x28],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0x80, 0x80],
  [0, 0, 0, 0, 0, 0, 0, 0],
];

// Headers and first lines decide most, and are a small part of a large file.
const place = fc.oneof(fc.nat(64), fc.nat(2000), fc.nat(1 << 30));
const length = fc.oneof(fc.nat(8), fc.nat(400));

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
  fc.record({ kind: fc.constant('remove' as const), at: place, length }),
  fc.record({ kind: fc.constant('copy' as const), from: place, length, at: place }),
  fc.record({ kind: fc.constant('insert' as const), at: place, text: fc.constantFrom(...texts) }),
  fc.record({ kind: fc.constant('bytes' as const), at: place, bytes: fc.constantFrom(...byteRuns) }),
  fc.record({
    kind: fc.constant('nest' as const),
    at: fc.nat(200),
    text: fc.constantFrom(...nests),
    depth: fc.constantFrom(3, 200, 10_000),
  }),
  fc.record({ kind: fc.constant('number' as const), nth: fc.nat(60), text: fc.constantFrom(...numbers) }),
  fc.record({
    kind: fc.constant('word' as const),
    nth: fc.nat(120),
    text: fc.oneof(fc.constantFrom(...words), fc.json({ maxDepth: 2 })),
  }),
  fc.record({ kind: fc.constant('line' as const), nth: fc.nat(40), to: fc.nat(40) }),
  fc.record({ kind: fc.constant('header' as const), value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) }),
);

/** A few changes, one after the other; as often a single one, which goes deeper into a reader. */
export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.oneof(
  fc.array(mutation, { minLength: 1, maxLength: 1 }),
  fc.array(mutation, { minLength: 2, maxLength: 4 }),
);

/** The file after all changes; the original is left alone. */
export function mutate(original: Uint8Array, changes: readonly Mutation[]): Buffer {
  return changes.reduce<Buffer>((bytes, change) => apply(bytes, change), Buffer.from(original));
}

function apply(bytes: Buffer, change: Mutation): Buffer {
  switch (change.kind) {
    case 'flip': {
      if (bytes.length === 0) return bytes;
      const flipped = Buffer.from(bytes);
      flipped[change.at % bytes.length]! ^= 1 << change.bit;
      return flipped;
    }
    case 'cut':
      return bytes.subarray(0, change.at % (bytes.length + 1));
    case 'remove':
      return splice(bytes, change.at, Buffer.alloc(0), change.length);
    case 'copy': {
      const from = change.from % (bytes.length + 1);
      return splice(bytes, change.at, bytes.subarray(from, from + change.length));
    }
    case 'insert':
      return splice(bytes, change.at, Buffer.from(change.text));
    case 'bytes':
      return splice(bytes, change.at, Buffer.from(change.bytes));
    case 'nest':
      return splice(bytes, change.at, Buffer.from(change.text.repeat(change.depth)));
    case 'number':
      return replace(bytes, /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g, change.nth, change.text);
    case 'word':
      return replace(bytes, /[A-Za-z_][\w.-]*/g, change.nth, change.text);
    case 'line': {
      const lines = bytes.toString('latin1').split('\n');
      lines.splice(change.to % (lines.length + 1), 0, lines[change.nth % lines.length]!);
      return Buffer.from(lines.join('\n'), 'latin1');
    }
    case 'header': {
      const changed = Buffer.concat([bytes, Buffer.alloc(Math.max(0, 8 - bytes.length))]);
      changed.writeBigUInt64LE(change.value >> BigInt(Number(change.value & 63n)));
      return changed;
    }
  }
}

function splice(bytes: Buffer, at: number, inserted: Uint8Array, removed = 0): Buffer {
  const place = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, place), inserted, bytes.subarray(place + removed)]);
}

/** Replaces the nth match, counted around. */
function replace(bytes: Buffer, pattern: RegExp, nth: number, by: string): Buffer {
  // Latin-1 has a character for every byte, so that places in the text are places in the file.
  const matches = [...bytes.subarray(0, 100_000).toString('latin1').matchAll(pattern)];
  if (matches.length === 0) return bytes;
  const { index, 0: found } = matches[nth % matches.length]!;
  return splice(bytes, index, Buffer.from(by), found.length);
}
