import type { PublishedModel, Usage } from './exporter.ts';

/** How programs load what is on the Hub, for model cards: three of each form. */

/** transformers' class of a model. */
const autoClass = ({ classifies }: PublishedModel) =>
  classifies ? 'AutoModelForSequenceClassification' : 'AutoModelForSeq2SeqLM';

const python = (program: string, ...lines: readonly string[]): Usage => ({
  ...{ program, language: 'python' },
  code: lines.join('\n'),
});

const shell = (program: string, ...lines: readonly string[]): Usage => ({
  ...{ program, language: 'sh' },
  code: lines.join('\n'),
});

const asked = ({ repository }: PublishedModel): Usage =>
  shell('s3delta', `hf download ${repository} --local-dir model`, 's3delta predict model --file texts.txt');

/** Of the graphs that transformers.js and Optimum go by. */
export function graphsUsage(published: PublishedModel): Usage[] {
  const { repository, classifies } = published;
  const pipeline = classifies ? 'text-classification' : 'text2text-generation';
  const runtimeClass = autoClass(published).replace('AutoModel', 'ORTModel');
  return [
    {
      ...{ program: 'transformers.js', language: 'js' },
      code: [
        "import { pipeline } from '@huggingface/transformers';\n",
        `const ask = await pipeline('${pipeline}', '${repository}');`,
      ].join('\n'),
    },
    python(
      'Optimum',
      `from optimum.onnxruntime import ${runtimeClass}\n`,
      `model = ${runtimeClass}.from_pretrained("${repository}")`,
    ),
    asked(published),
  ];
}

/** Of a checkpoint. */
export function checkpointUsage(published: PublishedModel): Usage[] {
  const [name, { repository }] = [autoClass(published), published];
  return [
    python('transformers', `from transformers import ${name}\n`, `model = ${name}.from_pretrained("${repository}")`),
    asked(published),
    shell('s3delta, as a backbone', `s3delta search --model ${repository} --task task.yaml`),
  ];
}

/** Of an adapter. */
export function adapterUsage(published: PublishedModel): Usage[] {
  const [name, { repository, base }] = [autoClass(published), published];
  const loaded = `base = ${name}.from_pretrained("${base}")`;
  return [
    python(
      'PEFT',
      ...['from peft import PeftModel', `from transformers import ${name}\n`, loaded],
      `model = PeftModel.from_pretrained(base, "${repository}")`,
    ),
    python('transformers', `from transformers import ${name}\n`, loaded, `base.load_adapter("${repository}")`),
    shell(
      's3delta',
      `hf download ${repository} --local-dir adapter`,
      `s3delta import adapter --model ${base} --task task.yaml --out runs/imported`,
    ),
  ];
}
