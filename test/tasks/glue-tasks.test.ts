import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { loadTask, loadTaskData } from '../../src/tasks/tasks.ts';
import { writeFiles } from './write-files.ts';
import { loadWritten } from './written.ts';

const data = join(process.env.S3DELTA_SHARED ?? '../shared', 'data');
const skip = existsSync(join(data, 'glue')) ? false : `no GLUE data at ${data}`;

/** Files of our own writing in GLUE's formats, with what has to come out. */
const small = {
  sst2: {
    folder: 'SST-2',
    header: 'sentence\tlabel\n',
    rows: ['a "warm film \t1', 'dull\t0'],
    sources: ['sst2 sentence: a "warm film ', 'sst2 sentence: dull'],
    targets: ['1', '0'],
  },
  cola: {
    folder: 'CoLA',
    header: '',
    rows: ['x01\t1\t\tThe cat sleeps.', 'x01\t0\t*\tCat the "sleeps.'],
    sources: ['cola sentence: The cat sleeps.', 'cola sentence: Cat the "sleeps.'],
    targets: ['1', '0'],
  },
  mrpc: {
    folder: 'MRPC',
    header: '\uFEFFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n',
    rows: ['1\t7\t8\tIt rained .\tRain fell .', '0\t9\t10\t" No " .\tYes .'],
    sources: ['mrpc sentence1: It rained . sentence2: Rain fell .', 'mrpc sentence1: " No " . sentence2: Yes .'],
    targets: ['1', '0'],
  },
  rte: {
    folder: 'RTE',
    header: 'index\tsentence1\tsentence2\tlabel\n',
    rows: ['0\tIt rains.\tIt is wet.\tentailment', '1\tIt rains.\tIt snows.\tnot_entailment'],
    sources: ['rte sentence1: It rains. sentence2: It is wet.', 'rte sentence1: It rains. sentence2: It snows.'],
    targets: ['0', '1'],
  },
} as const;

for (const [name, { folder, header, rows, sources, targets }] of Object.entries(small)) {
  const content = `${header}${rows.join('\n')}\n`;

  for (const layout of [`glue/${folder}/`, `${folder}/`, '']) {
    test(`${name}: text form of rows in ${layout || 'the folder itself'}`, async t => {
      const where = await writeFiles(t, { [`${layout}train.tsv`]: content, [`${layout}dev.tsv`]: content });
      const { train, validation } = await loadWritten(await loadTask(name), where);
      assert.deepEqual(
        train.map(example => example.source),
        sources,
      );
      assert.deepEqual(
        train.map(example => example.target),
        targets,
      );
      const first = header === '' ? 1 : 2;
      assert.deepEqual(
        train.map(example => example.line),
        [first, first + 1],
      );
      assert.deepEqual(validation, train);
    });
  }

  test(`${name}: a label outside the task's is refused with its line`, async t => {
    const changed = content.replaceAll(/\tnot_entailment|\t0\n|^0\t|\t0\t\*/gm, found =>
      found.replace(/not_entailment|0/, 'maybe'),
    );
    const where = await writeFiles(t, { 'train.tsv': changed, 'dev.tsv': content });
    const line = header === '' ? 2 : 3;
    await assert.rejects((await loadTask(name)).load(where), (error: unknown) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, new RegExp(`train\\.tsv:${line}: the label "maybe" is not one of the task's`));
      assert.match(error.remedy!, /the labels are /);
      return true;
    });
  });

  test(`${name}: a missing column is refused with its line`, async t => {
    const short = content.replace(/\t[^\t\n]*\n$/, '\n');
    const where = await writeFiles(t, { 'train.tsv': content, 'dev.tsv': short });
    await assert.rejects((await loadTask(name)).load(where), /dev\.tsv:\d: this line has \d columns, \d are expected/);
  });
}

test('a header without the column that is needed is refused with the columns there are', async t => {
  const where = await writeFiles(t, { 'train.tsv': 'text\tlabel\nx\t1\n', 'dev.tsv': 'text\tlabel\nx\t1\n' });
  await assert.rejects((await loadTask('sst2')).load(where), (error: unknown) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /train\.tsv:2: no column "sentence"/);
    assert.match(error.remedy!, /"text", "label"/);
    return true;
  });
});

test('a folder without the data is refused with where the files belong', async t => {
  const where = await writeFiles(t, { 'readme.txt': 'nothing here' });
  await assert.rejects((await loadTask('rte')).load(where), (error: unknown) => {
    assert.ok(error instanceof InputError);
    assert.match(error.message, /no data of GLUE's RTE/);
    assert.ok(error.remedy!.includes(join(where, 'glue', 'RTE')));
    return true;
  });
  const half = await writeFiles(t, { 'RTE/train.tsv': `${small.rte.header}${small.rte.rows[0]}\n` });
  await assert.rejects((await loadTask('rte')).load(half), /dev\.tsv: no such file/);
});

test('an empty file or split is refused by its name', async t => {
  const { header, rows } = small.sst2;
  const task = await loadTask('rte');
  const full = `${small.rte.header}${small.rte.rows.join('\n')}\n`;
  for (const [train, dev, message] of [
    ['', full, /train\.tsv: this file is empty/],
    [full, small.rte.header, /dev\.tsv: this data file has no rows/],
    [full, `${small.rte.header}${small.rte.rows[0]}\n`, /the validation set of task rte is empty/],
  ] as const) {
    const where = await writeFiles(t, { 'train.tsv': train, 'dev.tsv': dev });
    await assert.rejects(loadTaskData(task, { data: where, seed: 0 }), message);
  }
  const where = await writeFiles(t, { 'train.tsv': `${header}${rows[0]}\n`, 'dev.tsv': `${header}${rows[1]}\n` });
  await assert.rejects(
    loadTaskData(await loadTask('sst2'), { data: where, seed: 0 }),
    /the train set of task sst2 is empty/,
  );
});

/** Columns of the raw files, and the text form written out by hand. */
const rawForms: Record<string, (cells: string[]) => [source: string, target: string]> = {
  sst2: ([sentence, label]) => [`sst2 sentence: ${sentence}`, label!],
  cola: ([, label, , sentence]) => [`cola sentence: ${sentence}`, label!],
  mrpc: ([label, , , a, b]) => [`mrpc sentence1: ${a} sentence2: ${b}`, label!],
  rte: ([, a, b, label]) => [`rte sentence1: ${a} sentence2: ${b}`, label === 'entailment' ? '0' : '1'],
};

for (const [name, form] of Object.entries(rawForms)) {
  const { folder } = small[name as keyof typeof small];

  test(`${name}: every row of GLUE's own files`, { skip }, async () => {
    const { train, validation } = await loadWritten(await loadTask(name), data);
    for (const [part, examples] of [
      ['train', train],
      ['dev', validation],
    ] as const) {
      const lines = readFileSync(join(data, 'glue', folder, `${part}.tsv`), 'utf8').split('\n');
      const rows = lines.slice(name === 'cola' ? 0 : 1).filter(line => line !== '');
      assert.equal(examples.length, rows.length);
      rows.forEach((row, i) => {
        const [source, target] = form(row.split('\t'));
        assert.deepEqual([examples[i]!.source, examples[i]!.target], [source, target], row);
      });
    }
  });
}

test("GLUE's own files have the numbers of rows the data sets are known for", { skip }, async () => {
  const sizes = async (name: string) => {
    const { train, validation, test } = await loadTaskData(await loadTask(name), { data, seed: 0 });
    return [train.length, validation.length, test.length];
  };
  assert.deepEqual(await sizes('sst2'), [67349 - 2000, 2000, 872]);
  assert.deepEqual(await sizes('cola'), [8551, 521, 522]);
  assert.deepEqual(await sizes('mrpc'), [3668, 204, 204]);
  assert.deepEqual(await sizes('rte'), [2490, 138, 139]);
});
