import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { EncodedInput } from '../../src/core/program.ts';
import type { DeltaModule } from '../../src/core/site.ts';
import { createModule, deltaNamed } from '../../src/deltas/kinds.ts';
import { type ExportedTask, readDescription } from '../../src/export/description.ts';
import { safetensors } from '../../src/export/safetensors-format.ts';
import { exportModel } from '../../src/library/export-model.ts';
import type { Model } from '../../src/models/model.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { assertClose, freshFolder, loadTiny, task, trained } from './support.ts';

/** A Python that has torch, transformers and peft. */
const python = process.env.S3DELTA_PYTHON;
const skip = python === undefined ? 'S3DELTA_PYTHON names no Python with torch, transformers and peft' : false;

interface Question {
  readonly base: string;
  readonly adapter?: string;
  readonly labels?: number;
  readonly batch: readonly EncodedInput[];
}

interface Answer {
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly string[];
  readonly problem: string | null;
  readonly class: string;
}

/** All at once: importing the libraries takes longer than any answer. */
function askPython(questions: readonly Question[]): Answer[] {
  const script = fileURLToPath(new URL('hugging_face.py', import.meta.url));
  return JSON.parse(
    execFileSync(python!, [script], { input: JSON.stringify(questions), encoding: 'utf8', stdio: 'pipe' }),
  );
}

const stars: ExportedTask = { name: 'stars', metric: 'accuracy', labels: ['bad', 'so so', 'good', 'great'] };
const score: ExportedTask = { name: 'score', metric: 'pearson', labels: undefined, numbers: true };
const reasons: ExportedTask = {
  ...{ name: 'reasons', metric: 'accuracy', labels: undefined, choices: true },
  segments: field => [{ text: field('question') }, { text: field('choice'), choice: true }],
};
const asked = [['the film was good'], ['no, it was too long', 'the end'], [''], ['the']];

const linear = ({ sites }: Model) => sites.filter(({ host, weightIsShared }) => host === 'linear' && !weightIsShared);
const lora = (model: Model): DeltaModule[] =>
  linear(model).map((site, i) => createModule(site, 'lora', { rank: 1 + (i % 3), alpha: 4 + (i % 2) }));
const norms = ({ sites }: Model) => listManualModules(sites, 'lnfit');
const scales = ({ sites }: Model) => sites.filter(deltaNamed('ia3').hosts).map(site => createModule(site, 'ia3'));
const biases = (model: Model) =>
  linear(model)
    .filter(({ hasBias }) => hasBias)
    .map(site => createModule(site, 'bitfit'));

const read = (model: Model, of: ExportedTask) => {
  const codec = model.codec(of, { maxLength: 64 });
  // A task with choices asks a question of all of these texts but the first.
  const segments = (texts: readonly string[]) =>
    texts.map((text, i) => ({ text, ...(of.choices && { choice: i > 0 }) }));
  const rows = of.choices ? asked.filter(texts => texts.length > 1) : asked;
  return rows.map(texts => codec.read(segments(texts)).input);
};

const heads = [
  ['tiny-bert', stars, 'BertForSequenceClassification'],
  ['tiny-bert', score, 'BertForSequenceClassification'],
  ['tiny-bert', reasons, 'BertForSequenceClassification'],
  ['tiny-mpnet', reasons, 'MPNetForSequenceClassification'],
  ['tiny-bert-old', stars, 'BertForSequenceClassification'],
  ['tiny-roberta', stars, 'RobertaForSequenceClassification'],
  ['tiny-xlm-roberta', score, 'XLMRobertaForSequenceClassification'],
  ['tiny-distilbert', stars, 'DistilBertForSequenceClassification'],
  ['tiny-mpnet', stars, 'MPNetForSequenceClassification'],
  ['tiny-modernbert', stars, 'ModernBertForSequenceClassification'],
] as const;
/** Whose queries, keys and values are one tensor: an adapter of PEFT cannot tell them apart. */
const fused = 'tiny-modernbert';

describe('an encoder with a head, in transformers and PEFT', { skip }, async () => {
  const cases = [];
  for (const [name, of, architecture] of skip === false ? heads : []) {
    const model = await (await loadTiny(name)).forTask(of);
    for (const [format, what, modules] of [
      ['safetensors', 'LoRA, norms and biases', [...lora(model), ...norms(model), ...biases(model)]],
      ['safetensors', 'IA3', scales(model)],
      ['peft', 'LoRA of several ranks, and norms', [...lora(model), ...norms(model)]],
      ['peft', 'LoRA, norms and biases', [...lora(model).slice(1), ...norms(model).slice(0, 2), ...biases(model)]],
      ['peft', 'biases alone', biases(model)],
      ['peft', 'IA3', scales(model)],
      ['peft', 'the head alone', []],
    ] as const) {
      if (name === fused && format === 'peft' && modules.length > 0) continue;
      const tuned = trained(model, modules);
      const out = freshFolder();
      await exportModel(model, tuned, { format, out, task: { ...task, ...of }, settings: {} });
      const adapter = { base: model.folder, adapter: out, labels: of.labels?.length ?? 1 };
      const question = { ...(format === 'peft' ? adapter : { base: out }), batch: read(model, of) };
      cases.push({
        title: `${name}, ${of.name}: ${what} as ${format}`,
        of,
        architecture,
        model,
        modules,
        tuned,
        format,
        out,
        question,
      });
    }
  }
  const answers = cases.length > 0 ? askPython(cases.map(({ question }) => question)) : [];

  for (const [i, { title, of, architecture, model, modules, tuned, format, out, question }] of cases.entries()) {
    test(title, async () => {
      const program = await model.compile(modules);
      const output = of.numbers ? { value: 0 } : { class: 0 };
      for (const [row, input] of question.batch.entries()) {
        const { data } = await program.logits([{ input, output }], tuned.delta);
        assertClose(answers[i]!.logits[row]!, data, 1e-4);
      }
      if (format === 'safetensors') {
        const { labels, problem, class: theirs } = answers[i]!;
        assert.equal(theirs, architecture);
        assert.deepEqual(labels, of.labels ?? ['LABEL_0']);
        assert.equal(
          problem,
          of.choices ? 'multi_label_classification' : of.labels ? 'single_label_classification' : 'regression',
        );
        const opened = await safetensors.open!(out, await readDescription(out), { threads: 1 });
        const { outputs } = model.codec(of, { maxLength: 64 }).choice!;
        const scores = await opened.choose(question.batch, outputs, new Float32Array(0));
        for (const [row, expected] of (await program.choose(question.batch, outputs, tuned.delta)).entries()) {
          assertClose(scores[row]!, expected, 1e-4);
        }
        await opened.release();
      }
      await program.release();
    });
  }
});
