import assert from 'node:assert/strict';
import { basename, dirname } from 'node:path';
import { describe, test } from 'node:test';
import {
  AutoModelForSequenceClassification,
  AutoTokenizer,
  env,
  type PreTrainedTokenizer,
  pipeline,
  type Tensor,
} from '@huggingface/transformers';
import { type ExportedTask, readDescription } from '../../src/export/description.ts';
import { onnx } from '../../src/export/onnx-format.ts';
import { safetensors } from '../../src/export/safetensors-format.ts';
import { exportModel } from '../../src/library/export-model.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import {
  allKinds,
  assertClose,
  exported,
  freshFolder,
  greedyAnswers,
  hundredTexts,
  loadTiny,
  MOST,
  said,
  stars,
  task,
  trained,
} from './support.ts';

env.allowRemoteModels = false;
env.useFSCache = false;

/** The name by which transformers.js finds a folder of this machine. */
function found(folder: string): string {
  env.localModelPath = dirname(folder);
  return basename(folder);
}

/** First text and number of texts: one alone, and many of unequal lengths. */
const batches = [
  ...Array.from({ length: 10 }, (_, i) => [i, 1] as const),
  ...Array.from({ length: 6 }, (_, i) => [10 + 15 * i, 15] as const),
];

for (const name of ['tiny-t5', 'tiny-t5-v1_1', 'tiny-t5-float16']) {
  describe(`${name} in transformers.js`, async () => {
    const model = await loadTiny(name);
    const tuned = trained(model, allKinds(model));
    const folder = await exported(model, tuned, task, ['fp32', 'fp16', 'int8', 'q8']);
    const expected = await greedyAnswers(model, tuned, hundredTexts, MOST);

    test('a pipeline writes what we write', async () => {
      const write = await pipeline('text2text-generation', found(folder), { dtype: 'fp32' });
      const answers = expected.map(ids => write.tokenizer.decode(ids, { skip_special_tokens: true }));
      for (const [i, text] of hundredTexts.entries()) {
        const [answer] = await write(text, { max_new_tokens: MOST });
        assert.equal((answer as unknown as { generated_text: string }).generated_text, answers[i]);
      }
      assert.ok(new Set(answers).size > 50);
      await write.dispose();
    });

    test('it reads and writes token for token as we do, in a batch of unequal lengths and alone', async () => {
      const write = await pipeline('text2text-generation', found(folder), { dtype: 'fp32' });
      for (const [first, size] of batches) {
        const rows = hundredTexts.slice(first, first + size);
        const inputs = (write.tokenizer as PreTrainedTokenizer)([...rows], { padding: true });
        const read = (inputs.input_ids.tolist() as bigint[][]).map(ids => ids.map(Number));
        assert.deepEqual(
          read.map(ids => ids.filter(id => id !== model.tokenizer.padId)),
          rows.map(text => [...model.tokenizer.encode(text), model.tokenizer.endId]),
        );
        const written = (await write.model.generate({ ...inputs, max_new_tokens: MOST } as never)) as Tensor;
        const answers = (written.tolist() as bigint[][]).map(ids => said(model, ids.map(Number)));
        assert.deepEqual(answers, expected.slice(first, first + size));
      }
      await write.dispose();
    });

    // Weights of this size, made by chance, leave many a choice to the last digits.
    for (const [dtype, least] of [
      ['fp16', 60],
      ['int8', 1],
      ['q8', 1],
    ] as const) {
      test(`${dtype} is found by its suffix, and answers as far as its rounding lets it`, async () => {
        const write = await pipeline('text2text-generation', found(folder), { dtype });
        const written = await write([...hundredTexts], { max_new_tokens: MOST });
        const answers = written.map(each => (each as unknown as { generated_text: string }).generated_text);
        const ours = expected.map(ids => write.tokenizer.decode(ids, { skip_special_tokens: true }));
        const alike = answers.filter((answer, i) => answer.startsWith(ours[i]!)).length;
        assert.ok(alike >= least, `${alike} of ${answers.length}`);
        await write.dispose();
      });
    }
  });
}

const score = { name: 'score', metric: 'pearson', labels: undefined, numbers: true } as const;
const sentences = ['the film was good', 'no, it was too long, and nobody laughed at it', '', 'the'];

for (const [name, of] of [
  ['tiny-bert', stars],
  ['tiny-bert', score],
  ['tiny-bert-old', stars],
  ['tiny-roberta', stars],
  ['tiny-xlm-roberta', stars],
  ['tiny-distilbert', stars],
  ['tiny-mpnet', stars],
  ['tiny-modernbert', stars],
] as const) {
  test(`${name}, asked for ${of.name}: classes and scores in transformers.js are ours`, async () => {
    const model = await (await loadTiny(name)).forTask(of);
    const modules = allKinds(model);
    const tuned = trained(model, modules);
    const folder = await exported(model, tuned, of, ['fp32', 'int8']);
    const codec = model.codec(of, { maxLength: 64 });
    const program = await model.compile(modules);
    const rows = sentences.map(text => [text]);
    const pairs = sentences.map((text, i) => [text, ['it was', 'a film'][i % 2]!]);
    const read = (texts: readonly string[]) => codec.read(texts.map(text => ({ text }))).input;
    const scores = await program.choose(rows.map(read), codec.choice!.outputs, tuned.delta);
    if (of === stars) {
      const classify = await pipeline('text-classification', found(folder), { dtype: 'fp32' });
      for (const [i, text] of sentences.entries()) {
        const answers = (await classify(text, { top_k: 3 })) as unknown as { label: string; score: number }[];
        const byLabel = new Map(answers.map(({ label, score }) => [label, score]));
        assertClose(
          of.labels.map(label => byLabel.get(label)!),
          scores[i]!.map(Math.exp),
          1e-4,
        );
        assert.equal(answers[0]!.label, of.labels[scores[i]!.indexOf(Math.max(...scores[i]!))]);
      }
      await classify.dispose();
    }
    const tokenizer = await AutoTokenizer.from_pretrained(found(folder));
    for (const dtype of ['fp32', 'int8'] as const) {
      const theirs = await AutoModelForSequenceClassification.from_pretrained(found(folder), { dtype });
      for (const texts of [rows, pairs]) {
        const second = texts === pairs ? { text_pair: pairs.map(([, pair]) => pair!) } : {};
        const inputs = tokenizer(
          texts.map(([text]) => text!),
          { padding: true, truncation: true, ...second },
        );
        const { logits } = (await theirs(inputs)) as { logits: Tensor };
        const batch = texts.map(text => ({ input: read(text), output: of === score ? { value: 0 } : { class: 0 } }));
        const expected = await program.logits(batch, tuned.delta);
        assert.deepEqual(logits.dims, expected.shape);
        assertClose(logits.data as Float32Array, expected.data, dtype === 'fp32' ? 1e-4 : 0.2);
      }
      await theirs.dispose();
    }
    await program.release();
  });
}

const asChoice = (text: string) => ({ text, choice: true });

for (const name of ['tiny-bert', 'tiny-roberta', 'tiny-distilbert', 'tiny-mpnet', 'tiny-modernbert'] as const) {
  test(`${name} with choices: transformers.js scores each beside its question, and predict answers as before`, async () => {
    const of: ExportedTask = {
      ...{ name: 'reasons', metric: 'accuracy', labels: undefined, choices: true },
      segments: field => [{ text: field('question') }, ...field('choices').split('|').map(asChoice)],
    };
    const model = await (await loadTiny(name)).forTask(of);
    const modules = listManualModules(model.sites, 'lora');
    const tuned = trained(model, modules);
    const questions = [
      ['the film was good', 'it was a film', 'nobody laughed at it'],
      ['no, it was too long', 'the', 'a fine end of all', 'it was good'],
    ] as const;
    const codec = model.codec(of, { maxLength: 64 });
    const inputs = questions.map(([question, ...choices]) => {
      return codec.read([{ text: question }, ...choices.map(asChoice)]).input;
    });
    const outputs = [{ class: 0 }, { class: 1 }];
    const program = await model.compile(modules);
    const expected = await program.choose(inputs, outputs, tuned.delta);
    await program.release();

    const folder = await exported(model, tuned, of);
    const theirs = await AutoModelForSequenceClassification.from_pretrained(found(folder), { dtype: 'fp32' });
    const tokenizer = await AutoTokenizer.from_pretrained(found(folder));
    for (const [i, [question, ...choices]] of questions.entries()) {
      const asked = choices.map(() => question);
      const read = tokenizer(asked, { padding: true, truncation: true, text_pair: choices });
      const { logits } = (await theirs(read)) as { logits: Tensor };
      const values = [...(logits.data as Float32Array)];
      const logSum = Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
      assertClose(
        values.slice(0, 2).map(value => value - logSum),
        expected[i]!,
        1e-4,
      );
    }
    await theirs.dispose();

    const checkpoint = freshFolder();
    await exportModel(model, tuned, { format: 'safetensors', out: checkpoint, task: { ...task, ...of } });
    for (const [exporter, where] of [
      [onnx, folder],
      [safetensors, checkpoint],
    ] as const) {
      const opened = await exporter.open!(where, await readDescription(where), { threads: 1 });
      const answers = await opened.choose(inputs, outputs, new Float32Array(0));
      for (const [i, scores] of answers.entries()) assertClose(scores, expected[i]!, 1e-4);
      await opened.release();
    }
  });
}
