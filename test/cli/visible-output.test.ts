import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Command, runCommandLine } from '../../src/cli/command.ts';
import { describeFailure } from '../../src/cli/process-end.ts';
import { createProgress } from '../../src/cli/progress/progress.ts';
import { heatMapLines, paintCodes } from '../../src/report/heat-map-terminal.ts';
import { runFolder } from '../../src/runs/run-folder.ts';
import { runCli, tinyModel, workspace } from './support.ts';

// Clears the screen, in 7 and in 8 bits; colours; goes back; turns the order round.
const outside = 'a\u001b[2J\u009b2J\u001b[31m\r\u202eb';
const shown = 'a\\u001b[2J\\u009b2J\\u001b[31m\\u000d\\u202eb';
const map = {
  rows: [outside],
  columns: [{ label: outside, place: { stack: 'encoder', layer: 0 } }],
  cells: [[{ value: 0.5, kept: true }]],
  quantity: { name: outside },
  maximum: 0.5,
};

const command: Command = {
  description: '',
  examples: {},
  args: {},
  run: async (_, { colour }) => ({
    document: { outside },
    lines: [outside, ...heatMapLines(map as never, { colour })],
    stream: (async function* () {
      yield outside;
    })(),
  }),
};

test('what a command prints of data steers no terminal; the colours of its heat map do, where there are any', async () => {
  for (const colour of [false, true]) {
    const { text, stream } = await runCommandLine(['x'], { x: command }, '0.0.0', { colour });
    assert.ok(text.startsWith(`${shown}\n`));
    assert.equal(text.includes('\u001b[48;5;'), colour);
    assert.doesNotMatch(text.replaceAll(paintCodes, ''), /(?!\n)\p{Cc}|\u202e/u);
    for await (const line of stream!) assert.equal(line, shown);
    const { text: json } = await runCommandLine(['x', '--json'], { x: command }, '0.0.0', { colour });
    assert.doesNotMatch(json, /(?!\n)\p{Cc}|\u202e/u);
    assert.deepEqual(JSON.parse(json), { outside });
  }
});

test('nor do messages, warnings and failures', () => {
  for (const isTTY of [false, true]) {
    const pieces: string[] = [];
    const write = (text: string) => pieces.push(text);
    const screen = { isTTY, colour: false, columns: 80, rows: 24, write };
    const progress = createProgress(screen, { now: () => 1e9, memory: () => 0 });
    for (const type of ['message', 'warning'] as const) progress.show({ type, text: outside });
    progress.finish();
    const written = pieces.join('');
    assert.ok(written.includes(shown));
    assert.doesNotMatch(written, /(?!\n)\p{Cc}|\u202e/u);
  }
  const { lines } = describeFailure(new TypeError(outside));
  assert.doesNotMatch(lines.join('\n'), /(?!\n)\p{Cc}|\u202e/u);
});

test('a lock from elsewhere names its host readably, and a message does not quote a whole file', async () => {
  const { folder, task } = workspace();
  const run = runFolder(folder);
  const lock = { id: 'a', pid: 1, host: outside, birth: null, since: outside };
  writeFileSync(run.lock, JSON.stringify(lock));
  const search = await runCli(['search', '--model', tinyModel, '--task', task, '--out', folder], folder);
  assert.equal(search.exitCode, 2);
  assert.match(search.stderr, /process 1 on a\\u001b\[2J/);
  assert.doesNotMatch(search.stderr, /(?!\n)\p{Cc}|\u202e/u);
  // As pandas' to_json writes a table: a column of the rows by their numbers, a row of thousands of columns for us.
  const column = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [i, `text ${i}`]));
  const file = join(folder, 'table.json');
  writeFileSync(file, JSON.stringify({ text: column, label: column }));
  const init = await runCli(['init', '--yes', '--task', file, '--model', tinyModel], folder);
  assert.equal(init.exitCode, 2, init.stderr);
  assert.ok(init.stderr.length < 5000, `${init.stderr.length}`);
});
