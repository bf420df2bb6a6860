import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { encodeTask } from '../../src/library/encode-task.ts';
import { encodeFilms, films, remarks, tiny } from './films.ts';

const { tokenizer } = tiny;

test('every set is encoded, sources end in the end-of-sequence id and are cut, targets stay whole', async () => {
  const data = await encodeFilms({ 'max-length': 5 });
  assert.deepEqual([data.train.length, data.validation.examples.length, data.test.examples.length], [24, 8, 6]);
  for (const { ids } of [...data.train, ...data.test.examples].map(({ input }) => input)) {
    assert.ok(ids.length <= 5);
    assert.equal(ids.at(-1), tokenizer.endId);
  }
  assert.deepEqual(data.train[1]!.output, { ids: [...tokenizer.encode('1'), tokenizer.endId] });
  assert.deepEqual(data.test.targets, ['0', '1', '0', '1', '0', '1']);
});

test('without settings the longest source is the task’s', async () => {
  const long = { input: [{ text: 'film '.repeat(100) }], output: { class: 0 }, line: 1 };
  const sets = { train: [long], validation: [long], test: [long], note: '' };
  const data = await encodeTask(tiny, films, sets);
  assert.equal(data.train[0]!.input.ids.length, films.maxSourceLength);
  const one = { all: 1, cut: 1 };
  const counts = { all: 3, cut: 3, sets: { train: one, validation: one, test: one }, lost: { text: 3 } };
  assert.deepEqual(data.inputs, counts);
  assert.equal(
    data.cutTexts,
    `3 of 3 (100 %) texts are longer than the ${films.maxSourceLength} tokens that are read and are cut: train 1 of 1 (100 %), ` +
      'validation 1 of 1 (100 %), test 1 of 1 (100 %); what loses its end is "text" in 3 (--max-length)',
  );
  const short = await encodeFilms();
  assert.deepEqual([short.inputs.all, short.inputs.cut, short.cutTexts], [38, 0, undefined]);
});

test('samples are drawn by the seed, targets with their sources, the training set whole', async () => {
  const settings = { 'max-validation': 4, 'max-test': 3, seed: 5 };
  const data = await encodeFilms(settings);
  assert.deepEqual([data.train.length, data.validation.examples.length, data.test.examples.length], [24, 4, 3]);
  assert.deepEqual((await encodeFilms(settings)).test, data.test);
  const all = await encodeFilms();
  for (const [i, { input }] of data.test.examples.entries()) {
    const place = all.test.examples.findIndex(each => String(each.input.ids) === String(input.ids));
    assert.equal(all.test.targets[place], data.test.targets[i]);
  }
});

test('of a user’s own rows so many are told of as are tested on', async () => {
  const rows = [{ input: [{ text: 'good' }], output: { class: 1 }, line: 1 }];
  const test = Array.from({ length: 400 }, () => rows[0]!);
  const sets = { train: rows, validation: rows, test, note: '', findings: [] };
  const told = async (settings: object) => (await encodeTask(tiny, films, sets, settings)).findings;
  assert.deepEqual(await told({}), []);
  const [finding] = await told({ 'max-test': 15 });
  assert.match(finding!.text, /^the test set has 15 rows: a score may be off by 25 points/);
});

test('the metric is the task’s, and an answer has room for the longest label and the end', async () => {
  const { scoring } = await encodeFilms();
  assert.equal(scoring.score(['1', '0', 'x', '1'], ['1', '0', '1', '0']), 50);
  assert.equal(scoring.batchSize, 4);
  const longest = Math.max(...['0', '1'].map(word => tokenizer.encode(word).length));
  assert.equal(scoring.codec.writing!.maxTokens, longest + 1);
  const free = await encodeFilms({}, { ...films, labels: undefined });
  assert.equal(free.scoring.codec.writing!.maxTokens, 16);
});

test('free text is given as long as the task says; what is longer is counted', async () => {
  const target = 'a good film. '.repeat(9).trim();
  const { length } = tokenizer.encode(target);
  const sets = {
    train: [...remarks(3), { input: [{ text: 'a film' }], output: { text: target }, line: 4 }],
    validation: remarks(2),
    test: remarks(2),
    note: '',
  };
  const free = { ...films, labels: undefined };
  const short = await encodeTask(tiny, { ...free, maxTargetLength: length - 1 }, sets);
  assert.equal(short.scoring.codec.writing!.maxTokens, length - 1);
  assert.match(short.tooLong!, new RegExp(`^1 of 8 answers have more than ${length - 1} tokens`));
  const told = await encodeTask(tiny, { ...free, maxTargetLength: length }, sets, { sentinel: true });
  assert.deepEqual([told.scoring.codec.writing!.maxTokens, told.tooLong], [length + 1, undefined]);
  // Whichever of the two is drawn, the other does not count.
  const drawn = { ...sets, train: remarks(3), validation: [...remarks(1), ...sets.train.slice(3)] };
  const counts = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7].map(async seed => {
      const { tooLong, validation } = await encodeTask(tiny, free, drawn, { 'max-validation': 1, seed });
      assert.equal(tooLong !== undefined, validation.targets[0] === target);
      return tooLong;
    }),
  );
  assert.ok(counts.includes(undefined) && counts.some(text => text !== undefined));
  const answers = [target, 'good'].map(text => ({ text }));
  const either = { input: [{ text: 'a film' }], output: answers[0]!, answers, line: 5 };
  const cases = [
    [{ ...free, maxTargetLength: length }, sets],
    [{ ...films, maxTargetLength: 1 }, sets],
    [free, { ...sets, train: remarks(3), validation: [either] }],
  ] as const;
  for (const [task, data] of cases) assert.equal((await encodeTask(tiny, task, data)).tooLong, undefined);
});

test('the majority is of the training set, scored on the test examples that are used', async () => {
  const sets = {
    train: remarks(3),
    validation: remarks(2),
    test: remarks(8).filter((_, i) => i % 2 === 1),
    note: '',
  };
  // Of three remarks two are of label 0, which no test example has.
  assert.equal((await encodeTask(tiny, films, sets)).majority, 0);
  assert.equal((await encodeTask(tiny, films, { ...sets, train: remarks(3).slice(1, 2) })).majority, 100);
});

test('labels that the vocabulary cannot spell are refused before anything is trained', async () => {
  await assert.rejects(
    encodeFilms({}, { ...films, words: ['0', '\u4e2d'] }),
    (error: InputError) => error instanceof InputError && /spells the label "\u4e2d"/.test(error.message),
  );
});

test('a setting that no flag could have is refused by name', async () => {
  await assert.rejects(encodeFilms({ 'batch-size': 0 }), /batch-size/);
  await assert.rejects(encodeFilms({ batchSize: 8 } as object), /`batchSize`/);
});

test('of several right answers the training set gets a row each, the other sets one that any of them answers', async () => {
  const examples = [
    { input: [{ text: 'a' }], output: { text: '1' }, answers: [{ text: '1' }, { text: '0' }], line: 1 },
    { input: [{ text: 'b' }], output: { text: '0' }, line: 2 },
  ];
  const sets = { train: examples, validation: examples, test: examples, note: 'as given', incomplete: 'half of it' };
  const data = await encodeTask(
    tiny,
    { ...films, labels: undefined, metric: 'token-f1', details: ['exact-match'] },
    sets,
  );
  const spelled = data.train.map(({ output }) => tokenizer.decode(('ids' in output ? output.ids : []).slice(0, -1)));
  assert.deepEqual(spelled, ['1', '0', '0']);
  assert.deepEqual(data.test.targets, [{ answers: ['1', '0'], group: undefined }, '0']);
  assert.equal(data.scoring.score(['0', '0'], data.test.targets), 100);
  assert.deepEqual(data.scoring.details?.(['0', '1'], data.test.targets), { 'exact-match': 50 });
  // The commonest target of the training rows is 0, which is right everywhere.
  assert.equal(data.majority, 100);
  assert.deepEqual([data.note, data.incomplete], ['as given', 'half of it']);
});

test('answers are generated unless they are to be chosen, which takes labels', async () => {
  assert.equal((await encodeFilms()).scoring.answers, 'generate');
  assert.equal((await encodeFilms({ answers: 'choose' })).scoring.answers, 'choose');
  const refused = (error: InputError) => error instanceof InputError && error.where === '--answers';
  await assert.rejects(encodeFilms({ answers: 'choose' }, { ...films, labels: undefined }), refused);
});

test('a model that writes no text has its answers chosen, and cannot be told to generate', async () => {
  const chooser = {
    name: 'chooser',
    codec: (...args: Parameters<typeof tiny.codec>) => {
      const { writing: _, ...codec } = tiny.codec(...args);
      return codec;
    },
  };
  const data = { train: remarks(4), validation: remarks(2), test: remarks(2), note: '' };
  assert.equal((await encodeTask(chooser, films, data)).scoring.answers, 'choose');
  await assert.rejects(
    encodeTask(chooser, films, data, { answers: 'generate' }),
    (error: InputError) => error instanceof InputError && /writes no text/.test(error.message),
  );
});

test('an answer that the vocabulary spells otherwise is judged as it spells it, and that is told', async () => {
  const texts = ['a  good film', 'a good film '];
  const sets = {
    train: texts.map((text, i) => ({ input: [{ text: 'a film' }], output: { text }, line: i + 1 })),
    validation: remarks(2).map(each => ({ ...each, output: { text: 'a film' } })),
    test: [{ input: [{ text: 'a film' }], output: { text: texts[0]! }, line: 1 }],
    note: '',
  };
  const data = await encodeTask(tiny, { ...films, labels: undefined }, sets);
  const { codec, score } = data.scoring;
  const learnt = data.test.examples[0]!.output;
  const said = codec.writing!.decode('ids' in learnt ? learnt.ids.slice(0, -1) : []);
  assert.equal(said, 'a good film');
  assert.equal(score([said], data.test.targets), 100);
  assert.match(
    data.respelled!,
    /^3 of 5 answers cannot be said as they are written.*"a {2}good film" as "a good film"$/,
  );
});
