import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { described } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { columns, commandUsage, usage } from '../../src/cli/usage.ts';

const reference = described(commands);
const plain = { width: 80, colour: false };

test('columns: the right one is wrapped, a wide term stands above it', () => {
  const rows = [
    ['--lr=<R>', 'how far a step goes'],
    ['--device=<auto|cpu|webgpu|cuda>', 'where to compute'],
    ['--out=<FOLDER>', ''],
  ] as const;
  assert.deepEqual(
    columns(rows, { width: 30, indent: 2 }).map(line => line.join('')),
    [
      '  --lr=<R>        how far a',
      '                  step goes',
      '  --device=<auto|cpu|webgpu|cuda>',
      '                  where to',
      '                  compute',
      '  --out=<FOLDER>  ',
    ],
  );
});

test('columns: every word in its order, no line wider than asked where the words are not', () => {
  const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'abc-<|>') });
  const row = fc.tuple(
    fc.string({ maxLength: 30, unit: fc.constantFrom(...'xyz=') }),
    fc.array(word, { minLength: 1 }),
  );
  fc.assert(
    fc.property(fc.array(row), fc.integer({ min: 45, max: 120 }), (rows, width) => {
      const lines = columns(
        rows.map(([term, words]) => [term, words.join(' ')] as const),
        { width, indent: 2 },
      );
      for (const line of lines) assert.ok(line.join('').length <= width, `${width}: ${line.join('')}`);
      const words = lines.flatMap(([, text]) => text.split(' ').filter(Boolean));
      assert.deepEqual(
        words,
        rows.flatMap(([, each]) => each),
      );
      assert.deepEqual(lines.map(([term]) => term.trim()).filter(Boolean), rows.map(([term]) => term).filter(Boolean));
    }),
  );
});

test('every command explains every argument, in lines that fit a terminal', () => {
  const pages = Object.entries(reference).map(
    ([name, command]) => [command.args, commandUsage(name, command, plain)] as const,
  );
  for (const [args, page] of pages) {
    for (const [arg, { type, description }] of Object.entries(args)) {
      assert.match(
        page,
        type === 'positional' ? new RegExp(`^ {2}${arg.toUpperCase()} `, 'm') : new RegExp(`^ {2}--${arg}\\b`, 'm'),
      );
      assert.ok(page.replaceAll(/\s+/g, ' ').includes(String(description)), `${arg}: ${description}`);
    }
    for (const line of page.split('\n')) assert.ok(line.length <= plain.width, line);
  }
  const start = usage(reference, '1.2.3', plain);
  for (const name of Object.keys(reference)) assert.match(start, new RegExp(`^ {2}${name} `, 'm'));
  assert.match(start, /s3delta 1\.2\.3/);
});

test('many options stand under headings, each once; few in one list', () => {
  const search = commandUsage('search', reference.search!, plain);
  const headings = search.split('\n').filter(line => /^[A-Z][^:]*$/.test(line) && line.length < 40);
  assert.deepEqual(headings.slice(0, 3), ['Arguments', 'Options', 'Model and data']);
  assert.deepEqual(headings.slice(-2), ['Every command', 'Examples']);
  assert.ok(headings.length > 8, headings.join());
  assert.equal(search.match(/^ {2}--lr=/gm)?.length, 1);
  const exported = commandUsage('export', reference.export!, plain);
  assert.match(exported, /^Options\n(.+\n)*? {2}--help .*\n\nExamples\n/m);
  // Several values are as much of a budget as one.
  const compared = commandUsage('compare', reference.compare!, plain);
  assert.match(compared, /^Structure\n(.+\n)*? {2}--budget=<AMOUNT,…>/m);
});

test('the examples of every command are ones that it takes', () => {
  for (const [name, command] of Object.entries(reference)) {
    const examples = Object.entries(command.examples);
    assert.ok(examples.length > 0, name);
    for (const [line, does] of examples) {
      assert.notEqual(does, '', `${name} ${line}`);
      const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
      assert.doesNotThrow(() => parseArguments(words, command.args), `${name} ${line}`);
    }
  }
});

test('an option of many words lists them in its description, one that can be switched off says so', () => {
  const page = commandUsage('train', reference.train!, plain);
  assert.match(page, /--method=<NAME> +lora, adapter, low-rank-adapter/);
  assert.match(page, /^ {2}--no-prepack {2,}read the weights/m);
  assert.match(page, /^Usage: s3delta train \[CONFIG\] \[options\]$/m);
});

test('colours are added where they are wanted, and only there', () => {
  const [coloured, bare] = [true, false].map(colour => usage(reference, '1.2.3', { width: 80, colour }));
  assert.equal(stripVTControlCharacters(bare!), bare);
  assert.notEqual(coloured, bare);
  assert.equal(stripVTControlCharacters(coloured!), bare);
});

test('no argument is said to have two defaults', () => {
  for (const [name, { args }] of Object.entries(reference)) {
    for (const [arg, { description = '' }] of Object.entries(args)) {
      assert.ok(description.split('(default').length <= 2, `${name} --${arg}: ${description}`);
    }
  }
});
