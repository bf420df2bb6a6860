import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { InputError } from '../../src/core/errors.ts';
import { guessOwnTask } from '../../src/jobs/draft-job.ts';
import { loadModel } from '../../src/models/load-model.ts';
import { readOwnData } from '../../src/tasks/custom/own-data.ts';
import { loadTask, loadTaskData } from '../../src/tasks/tasks.ts';
import { withEnvironment } from '../hub/hub-server.ts';
import { fixturePath } from '../witness/fixtures.ts';
import { writeFiles } from './write-files.ts';
import { loadWritten, written } from './written.ts';

const minimal = {
  name: 'mine',
  template: 'mine text: {text}',
  label: 'kind',
  labels: ['no', 'yes'],
  metric: 'accuracy',
  files: { train: 'rows.tsv' },
};
const rows = `text\tkind\n${Array.from({ length: 20 }, (_, i) => `row ${i}\t${i % 2 ? 'yes' : 'no'}`).join('\n')}\n`;

test('a task file gives a task; paths stand relative to it, keys that are left out have defaults', async t => {
  const folder = await writeFiles(t, { 'sub/task.yaml': stringify(minimal), 'sub/rows.tsv': rows });
  const task = await loadTask(join(folder, 'sub/task.yaml'));
  assert.deepEqual(
    [task.name, task.metric, task.labels, task.maxSourceLength],
    ['mine', 'accuracy', ['no', 'yes'], 128],
  );
  assert.deepEqual(task.presets.search, { batchSize: 32, epochs: 10, evaluateEvery: 100 });
  assert.deepEqual(task.presets.retrain, task.presets.search);
  const { train, validation, test } = await loadTaskData(task, { data: '/nowhere', seed: 1 });
  assert.deepEqual([train.length, validation.length, test.length], [16, 2, 2]);
  const [first] = [...train, ...validation, ...test].toSorted((a, b) => a.line - b.line);
  assert.deepEqual(first, {
    input: [{ text: 'mine text: row 0', pieces: [{ text: 'mine text: ' }, { text: 'row 0', field: 'text' }] }],
    output: { class: 0 },
    line: 2,
  });
  assert.equal(written(task, first!).target, 'no');
});

test('two templates are two texts, which an encoder reads as a pair with its own separators', async t => {
  const folder = await writeFiles(t, {
    'task.yaml': stringify({ ...minimal, template: ['{text}', 'is it {other}?'] }),
    'rows.tsv': `text\tother\tkind\n${Array.from({ length: 20 }, (_, i) => `abc ${i}\tx y\t${i % 2 ? 'yes' : 'no'}`).join('\n')}\n`,
  });
  const task = await loadTask(join(folder, 'task.yaml'));
  const { train } = await loadTaskData(task, { data: '', seed: 0 });
  const first = train[0]!;
  assert.deepEqual(
    first.input.map(({ text }) => text),
    [`abc ${first.line - 2}`, 'is it x y?'],
  );
  const model = await (await loadModel(fixturePath('tiny-bert'), { threads: 1 })).forTask(task);
  const { input } = model.codec(task, { maxLength: 64 }).read(first.input);
  // [CLS] and the first text with its [SEP] are of type 0, the second with its own of type 1.
  const types = input.types!;
  const border = types.indexOf(1);
  assert.equal(input.ids[border - 1], input.ids.at(-1));
  assert.ok(border > 2 && types.slice(border).every(type => type === 1));
  const wrong = { ...minimal, template: ['{text}', 'no column'] };
  await assert.rejects(
    loadTask(join(await writeFiles(t, { 'task.yaml': stringify(wrong), 'rows.tsv': rows }), 'task.yaml')),
    /`template`, "no column", names no column/,
  );
});

test('every kind of data file, and files without a header line', async t => {
  const files = { train: 'a.csv', validation: 'b.jsonl', test: 'c.json' };
  const folder = await writeFiles(t, {
    'task.yaml': stringify({ ...minimal, files }),
    'a.csv': 'text,kind\n"one, two",yes\n',
    'b.jsonl': '{"text": "x", "kind": "no", "other": null}\n',
    'c.json': '[{"text": 3, "kind": "yes"}]',
    'bare.yaml': stringify({ ...minimal, columns: ['kind', 'text'], files: { ...files, train: 'bare.csv' } }),
    'bare.csv': 'yes,first\n',
  });
  const data = await loadWritten(await loadTask(join(folder, 'task.yaml')), '');
  assert.deepEqual(
    [data.train, data.validation, data.test].map(set => `${set[0]!.source} → ${set[0]!.target}`),
    ['mine text: one, two → yes', 'mine text: x → no', 'mine text: 3 → yes'],
  );
  const bare = await loadWritten(await loadTask(join(folder, 'bare.yaml')), '');
  assert.equal(bare.train[0]!.source, 'mine text: first');
});

test("a label table maps the data's labels, and keeps the order it is written in", async t => {
  const yaml = stringify({ ...minimal, metric: 'f1' }).replace(/labels:\n( {2}- .*\n)+/, 'labels:\n  1: b\n  0: a\n');
  const folder = await writeFiles(t, { 'task.yaml': yaml, 'rows.tsv': 'text\tkind\nx\t0\ny\t1\n' });
  const task = await loadTask(join(folder, 'task.yaml'));
  assert.deepEqual(
    [task.labels, task.words],
    [
      ['1', '0'],
      ['b', 'a'],
    ],
  );
  assert.deepEqual(
    (await loadWritten(task, '')).train.map(example => example.target),
    ['a', 'b'],
  );
});

test('what YAML takes for a number, a boolean or nothing is the text that is written', async t => {
  const yaml = (labels: string) =>
    `name: 2024\ntemplate: "{1.0}"\nlabel: null\nlabels: ${labels}\nmetric: accuracy\nfiles: {train: rows.tsv}\nepochs: 1e1\n`;
  const folder = await writeFiles(t, {
    'list.yaml': yaml('[0.0, True, null, ~]'),
    'table.yaml': yaml('{0.0: 1.0, True: False, null: "~", ~: 0x1}'),
    'rows.tsv': '1.0\tnull\na\t0.0\nb\tTrue\nc\tnull\nd\t~\n',
  });
  const targets = async (file: string) =>
    (await loadWritten(await loadTask(join(folder, file)), '')).train.map(({ target }) => target);
  assert.deepEqual(await targets('list.yaml'), ['0.0', 'True', 'null', '~']);
  assert.deepEqual(await targets('table.yaml'), ['1.0', 'False', '~', '0x1']);
  const task = await loadTask(join(folder, 'table.yaml'));
  assert.deepEqual([task.name, task.presets.search.epochs], ['2024', 10]);
});

test('without labels targets are free text', async t => {
  const { labels: _, ...free } = { ...minimal, metric: 'pearson' };
  const folder = await writeFiles(t, { 'task.yaml': stringify(free), 'rows.tsv': 'text\tkind\nx\t3.8\n' });
  const task = await loadTask(join(folder, 'task.yaml'));
  assert.equal(task.labels, undefined);
  assert.deepEqual((await task.load('')).train[0]!.output, { value: 3.8, spelled: '3.8' });
  assert.equal((await loadWritten(task, '')).train[0]!.target, '3.8');
});

test('data files may have absolute names, also with a `*`, and names that begin with a dot', async t => {
  const folder = await writeFiles(t, { 'data/rows-1.tsv': rows, 'data/rows-2.tsv': rows });
  const load = async (train: string) => {
    const path = join(await writeFiles(t, { 'task.yaml': stringify({ ...minimal, files: { train } }) }), 'task.yaml');
    return loadTask(path);
  };
  assert.equal((await (await load(join(folder, 'data', 'rows-*.tsv'))).load('')).train.length, 40);
  const missing = join(folder, 'data', 'none.tsv');
  await assert.rejects((await load(missing)).load(''), (error: InputError) => error.where === missing);
  const dotted = await load('./data/rows-*.tsv');
  assert.equal((await dotted.load(folder)).train.length, 40);
  assert.deepEqual([dotted.mayRead('data/rows-1.tsv'), dotted.mayRead('rows-1.tsv')], [true, false]);
});

test('an answer that the metric cannot compare is named, with file and line', async t => {
  const { labels: _, ...free } = minimal;
  const files = { train: 'rows.jsonl' };
  const folder = await writeFiles(t, {
    'numbers.yaml': stringify({ ...free, metric: 'pearson', files }),
    'classes.yaml': stringify({ ...minimal, metric: 'f1', files }),
    'rows.jsonl': '{"text": "x", "kind": "no"}\n{"text": "y", "kind": ["no", "yes"]}\n',
    'scale.yaml': stringify({ ...free, metric: 'pearson', files: { train: 'scale.jsonl' } }),
    'scale.jsonl': '{"text": "x", "kind": " 3.50 "}\n{"text": "y", "kind": [1, 2]}\n',
  });
  const refused = async (file: string, message: RegExp, remedy: RegExp) => {
    const task = await loadTask(join(folder, file));
    await assert.rejects(task.load(''), (error: unknown) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, message);
      assert.match(error.remedy!, remedy);
      return true;
    });
  };
  await refused('numbers.yaml', /rows\.jsonl:1: the label "no" is not a number/, /another `metric`/);
  await refused('classes.yaml', /rows\.jsonl:2: the row has several right answers in "kind"/, /accuracy/);
  await refused('scale.yaml', /scale\.jsonl:2: the row has several right answers/, /accuracy/);
});

test('the example of the repository loads', async () => {
  const task = await loadTask(fileURLToPath(new URL('../../examples/my-task/task.yaml', import.meta.url)));
  const { train, validation, test, note } = await loadTaskData(task, { data: '', seed: 0 });
  assert.deepEqual([train.length, validation.length, test.length], [24, 4, 4]);
  assert.match(note, /halves/);
  assert.equal(
    written(task, train[0]!).source,
    'guestbook meal: lunch remark: The soup was hot, the bread fresh, and nobody hurried us.',
  );
  assert.deepEqual(
    [task.labels, task.words],
    [
      ['complaint', 'praise'],
      ['0', '1'],
    ],
  );
  assert.deepEqual([train[0]!.output, train[1]!.output], [{ class: 1 }, { class: 0 }]);
  assert.ok(validation.concat(test).some(({ input }) => input[0]!.text.includes('said "not my table" and')));
});

test('what is wrong in a task file is named, with the remedy', async t => {
  const refused = async (task: object | string, message: RegExp, remedy: RegExp) => {
    const yaml = typeof task === 'string' ? task : stringify({ ...minimal, ...task });
    const folder = await writeFiles(t, { 'task.yaml': yaml, 'rows.tsv': rows });
    await assert.rejects(loadTask(join(folder, 'task.yaml')), (error: unknown) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, message);
      assert.match(error.message, /task\.yaml/);
      assert.match(error.remedy!, remedy);
      return true;
    });
  };
  await refused({ templat: 'x' }, /there is no key `templat`/, /did you mean `template`/);
  await refused({ files: { trian: 'x', train: 'y' } }, /no key `files\.trian`/, /did you mean `train`/);
  await refused({ xyzzyplugh: 1 }, /no key `xyzzyplugh`/, /the keys are name, /);
  await refused({ metric: 'acuracy' }, /`metric`/, /examples/);
  await refused({ batchSize: 0 }, /`batchSize`/, /examples/);
  await refused({ files: {} }, /the key `files\.train` is missing/, /examples/);
  await refused({ template: 'no column' }, /names no column/, /\{text\}/);
  for (const template of ['{text', '{text} }', '{} {text}', '{{text}}', '{text} {"a": 1}{', '{ {text}']) {
    await refused({ template }, /`template` has a brace that is not part/, /\{name\}/);
  }
  await refused({ labels: { x: 'one' } }, /leaves one answer at most/, /two labels/);
  await refused({ columns: ['a', 'b'] }, /"text" is not among `columns`/, /a, b/);
  await refused({ metric: 'f1', labels: ['a', 'b', 'c'] }, /exactly two different labels, not 3/, /positive one last/);
  await refused({ metric: 'matthews', labels: { x: 'same' } }, /not 1/, /two `labels`/);
  await refused({ metric: 'pearson' }, /pearson, which compares numbers/, /remove `labels`/);
  await refused('name: [unclosed\n', /task\.yaml:\d: not valid YAML/, /mend/);
  await refused('just text', /`the file`/, /examples/);
});

test('labels that share an answer are refused with their lines, but not in what a run has kept', async t => {
  const yaml = (labels: string) => `${stringify({ ...minimal, labels: undefined })}labels:${labels}`;
  const shared = '\n  no: "0"\n  yes: "1"\n  Yes: "1"\n';
  for (const [labels, at, message] of [
    [shared, 3, /the labels "yes" \(line \d+\) and "Yes" have the same answer "1"/],
    [' {no: a, yes: b, never: a}', 0, /the labels "no" \(line \d+\) and "never" have the same answer "a"/],
    ['\n  - no\n  - yes\n  - no\n', 3, /the label "no" stands twice/],
    ['\n  - yes\n  - yes\n', 2, /the label "yes" stands twice/],
  ] as const) {
    const text = yaml(labels);
    const path = join(await writeFiles(t, { 'task.yaml': text, 'rows.tsv': rows }), 'task.yaml');
    const line = text.split('\n').indexOf(labels.startsWith('\n') ? 'labels:' : `labels:${labels}`) + 1 + at;
    const refusal = { code: 'bad-task-file', message, where: `${path}:${line}` };
    await assert.rejects(loadTask(path), refusal);
    await assert.rejects(readOwnData(path), refusal);
  }
  const kept = await loadTask(join(await writeFiles(t, { 'rows.tsv': rows }), 'task.yaml'), undefined, yaml(shared));
  assert.deepEqual(kept.words, ['0', '1']);
});

test('what is wrong in the data is named, with file and line', async t => {
  const refused = async (data: string | undefined, message: RegExp) => {
    const files: Record<string, string> = { 'task.yaml': stringify(minimal) };
    if (data !== undefined) files['rows.tsv'] = data;
    const folder = await writeFiles(t, files);
    const task = await loadTask(join(folder, 'task.yaml'));
    await assert.rejects(loadTaskData(task, { data: '', seed: 0 }), (error: unknown) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, message);
      assert.ok(error.remedy);
      return true;
    });
  };
  await refused(undefined, /rows\.tsv: no such file/);
  await refused('text\tkind\n', /rows\.tsv: this data file has no rows/);
  await refused('text\tkind\nx\tyes\ny\tmaybe\n', /rows\.tsv:3: the label "maybe" is not one of the task's/);
  await refused('text\tkind\nx\tyes\ny\tyes\n', /rows\.tsv: every training row has the same answer/);
  await refused('words\tkind\nx\tyes\n', /rows\.tsv:2: no column "text"/);
  await refused('text\tkind\nx\tyes\ny\n', /rows\.tsv:3: this line has 1 columns/);
  await refused('text\tkind\nx\tyes\ny\tno\n', /the train set of task mine is empty/);
});

test('a missing answer is missing in every kind of file, of classes, texts and numbers', async t => {
  const files = {
    'rows.csv': 'text,kind\nx,no\ny,\n',
    'blank.csv': 'text,kind\nx,no\ny,"  "\n',
    'rows.tsv': 'text\tkind\nx\tno\ny\t\n',
    'rows.jsonl': '{"text": "x", "kind": "no"}\n{"text": "y", "kind": null}\n',
    'rows.json': '[{"text": "x", "kind": "no"}, {"text": "y", "kind": [""]}]',
  };
  for (const name of Object.keys(files)) {
    for (const form of [{}, { labels: undefined }]) {
      const yaml = stringify({ ...minimal, ...form, files: { train: name } });
      const folder = await writeFiles(t, { ...files, 'task.yaml': yaml });
      const task = await loadTask(join(folder, 'task.yaml'));
      await assert.rejects(task.load(''), { code: 'missing-label', message: /no answer in "kind"/ }, name);
      await assert.rejects(guessOwnTask(join(folder, name), 'kind'), { code: 'missing-label' }, name);
    }
  }
});

test('files of the task may lie below the home folder', async t => {
  const folder = await writeFiles(t, {
    'home/rows.tsv': rows,
    'task.yaml': stringify({ ...minimal, files: { train: '~/rows.tsv' } }),
  });
  withEnvironment(t, { HOME: join(folder, 'home'), USERPROFILE: join(folder, 'home') });
  const { train } = await (await loadTask(join(folder, 'task.yaml'))).load('');
  assert.equal(train.length, 20);
});
