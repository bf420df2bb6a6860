import type { EncodedInput, EncodedOutput } from '../../../src/core/program.ts';
import type { Output } from '../../../src/data/example.ts';
import type { Tokenizer } from '../../../src/data/tokenizer/tokenizer.ts';
import { answerKindOf } from '../../../src/models/answer-kind.ts';
import type { Choosing, Codec, CodecOptions, CodedTask, InferenceInput } from '../../../src/models/codec.ts';

/** Segments one after another, then the end; where an example gives choices, once with each of them. */
export function toyCodec(tokenizer: Tokenizer, task: CodedTask, { maxLength }: CodecOptions): Codec {
  const kind = answerKindOf(task);
  const encode = (text: string) => {
    const ids = tokenizer.encode(text);
    const kept = ids.slice(0, maxLength - 1);
    return { input: { ids: [...kept, tokenizer.endId] }, cut: ids.length - kept.length };
  };
  return {
    read(segments) {
      const isChoice = kind.kind === 'choice' ? segments.filter(({ choice }) => choice) : [];
      const rest = segments.filter(segment => !isChoice.includes(segment)).map(({ text }) => text);
      const text = segments.map(segment => segment.text).join(' ');
      if (isChoice.length === 0) return { ...encode(rest.join(' ')), text };
      const [first, ...others] = isChoice.map(choice => encode([...rest, choice.text].join(' ')));
      const input: EncodedInput = { ...first!.input, otherChoices: others.map(other => other.input) };
      const cut = Math.max(first!.cut, ...others.map(other => other.cut));
      return { input, cut, text, choices: isChoice.map(choice => choice.text) };
    },
    encode: (output, asked) => encoded(output, asked),
    write: output =>
      'class' in output ? task.labels![output.class]! : 'value' in output ? output.spelled : output.text,
    choice: choosing(task, kind.kind),
    form: {},
  };
}

function encoded(output: Output, { choices = [] }: InferenceInput): EncodedOutput {
  if ('text' in output) return { class: choices.indexOf(output.text) };
  return 'class' in output ? { class: output.class } : { value: output.value };
}

function choosing({ labels = [] }: CodedTask, kind: string): Choosing {
  if (kind === 'number') return { outputs: [{ value: 0 }] };
  if (kind === 'choice') return { outputs: [] };
  return { outputs: labels.map((_, i) => ({ class: i })), labels: labels.map(name => ({ name, word: name })) };
}
