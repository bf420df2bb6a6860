import assert from 'node:assert/strict';
import { it } from 'node:test';
import { InputError } from '../../../src/core/errors.ts';
import { answerOf, outputsOf } from '../../../src/models/codec.ts';
import { families } from '../../../src/models/families.ts';
import { loadModel } from '../../../src/models/load-model.ts';
import { fixturePath } from '../../witness/fixtures.ts';

const folder = fixturePath('tiny-bert');
const model = await loadModel(folder, { threads: 1 });
const { tokenizer } = model;
const [CLS, SEP] = [2, 3];
const options = { maxLength: 12 };
const segment = (text: string, name = 'text') => ({ name, text });

it('one text stands between [CLS] and [SEP], and what is cut is counted', () => {
  const codec = model.codec({ labels: ['pan', 'praise'] }, options);
  const ids = tokenizer.encode('a fine film');
  assert.deepEqual(codec.read([segment('a fine film')]), {
    input: { ids: [CLS, ...ids, SEP], types: [CLS, ...ids, SEP].map(() => 0) },
    text: 'a fine film',
    cut: 0,
  });
  const long = 'x '.repeat(30);
  const { input, cut } = codec.read([segment(long)]);
  assert.deepEqual([input.ids.length, input.ids[0], input.ids.at(-1), cut], [12, CLS, SEP, 20]);
});

it('two texts have types, the longer one is cut; a third segment belongs to the second', () => {
  const codec = model.codec({ labels: ['no', 'yes'] }, options);
  const { input, text, cut } = codec.read([segment('a b c d e f g h', 'premise'), segment('x y', 'hypothesis')]);
  const [first, second] = ['a b c d e f g', 'x y'].map(part => tokenizer.encode(part));
  assert.deepEqual(input.ids, [CLS, ...first!, SEP, ...second!, SEP]);
  assert.deepEqual(input.types, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1]);
  assert.deepEqual([text, cut], ['a b c d e f g h x y', 1]);
  const three = codec.read([segment('a'), segment('x'), segment('y')]);
  assert.deepEqual(three.input.ids, codec.read([segment('a'), segment('x y')]).input.ids);
});

it('no text is longer than the positions', () => {
  const { input } = model.codec({ labels: ['a', 'b'] }, { maxLength: 500 }).read([segment('x '.repeat(200))]);
  assert.equal(input.ids.length, 64);
});

it('classes answer by their names, numbers as they are spelled', () => {
  const classes = model.codec({ labels: ['pan', 'praise'], words: ['0', '1'] }, options);
  assert.deepEqual(classes.encode({ class: 1 }, classes.read([segment('a')])), { class: 1 });
  assert.equal(classes.write({ class: 1 }), 'praise');
  assert.equal(answerOf(classes.choice!, { input: { ids: [] } }, Float64Array.of(-0.1, -2)), 'pan');
  const numbers = model.codec({ numbers: true }, options);
  assert.deepEqual(numbers.encode({ value: 2.5, spelled: '2.50' }, numbers.read([segment('a')])), { value: 2.5 });
  assert.equal(numbers.write({ value: 2.5, spelled: '2.50' }), '2.50');
  assert.equal(answerOf(numbers.choice!, { input: { ids: [] } }, Float64Array.of(3.25)), '3.25');
});

const choosing = [segment('why', 'question'), ...['x', 'y'].map(text => ({ name: 'choice', text, choice: true }))];

it('each choice is read with what is asked, and answers by its text, or by the name that the task has for it', () => {
  const free = model.codec({ choices: true }, options);
  const reading = free.read(choosing);
  const [why, x, y] = ['why', 'x', 'y'].map(text => tokenizer.encode(text));
  assert.deepEqual(reading.input.ids, [CLS, ...why!, SEP, ...x!, SEP]);
  assert.deepEqual(
    reading.input.otherChoices!.map(({ ids }) => ids),
    [[CLS, ...why!, SEP, ...y!, SEP]],
  );
  assert.deepEqual(free.encode({ text: 'y' }, reading), { class: 1 });
  assert.deepEqual(outputsOf(free.choice!, [reading]), [{ class: 0 }, { class: 1 }]);
  assert.throws(() => free.read([segment('why', 'question')]), { code: 'wrong-field-type', where: 'why' });
  assert.equal(answerOf(free.choice!, reading, Float64Array.of(-2, -0.1)), 'y');

  const named = model.codec({ choices: true, labels: ['choice1', 'choice2'] }, options);
  const same = named.read(choosing);
  assert.deepEqual(same.input, reading.input);
  assert.equal(answerOf(named.choice!, same, Float64Array.of(-2, -0.1)), 'choice2');
  assert.equal(named.write({ class: 1 }), 'choice2');
});

it('what it cannot do is refused, and a folder without weights reads the same', async () => {
  assert.throws(() => model.codec({ name: 'free' }, options), /answers of free are free text/);
  assert.throws(() => model.codec({ labels: ['a', 'b'] }, { ...options, sentinel: true }), InputError);
  const config = { vocab_size: 160, hidden_size: 32, num_hidden_layers: 2, num_attention_heads: 4 };
  const codecOf = await families.bert!.openCodecs(folder, {
    ...config,
    intermediate_size: 48,
    max_position_embeddings: 64,
  });
  const [here, there] = [model.codec({ labels: ['a', 'b'] }, options), codecOf({ labels: ['a', 'b'] }, options)];
  assert.deepEqual(here.read([segment('a fine film')]), there.read([segment('a fine film')]));
});

it('of two texts each loss is told; one text of several fields loses of the longest, and its own words stay', () => {
  const codec = model.codec({ labels: ['no', 'yes'] }, options);
  assert.deepEqual(codec.read([segment('a b c d e f g h', 'premise'), segment('x y', 'hypothesis')]).lost, {
    premise: 1,
  });
  const [premise, hypothesis] = ['x '.repeat(30).trim(), 'y'];
  const pieces = [{ text: premise, field: 'premise' }, { text: ' so ' }, { text: hypothesis, field: 'hypothesis' }];
  const { input, lost } = codec.read([{ text: `${premise} so ${hypothesis}`, pieces }]);
  const end = tokenizer.encode('so y');
  assert.deepEqual(input.ids.slice(-1 - end.length), [...end, SEP]);
  assert.deepEqual([input.ids.length, Object.keys(lost!)], [12, ['premise']]);
});
