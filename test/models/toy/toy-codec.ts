import type { Tokenizer } from '../../../src/data/tokenizer/tokenizer.ts';
import type { Codec, CodecOptions, CodedTask } from '../../../src/models/codec.ts';
import { headCodec } from '../../../src/models/kit/head-codec.ts';

/** Texts one after the other, then the end. */
export function toyCodec(tokenizer: Tokenizer, task: CodedTask, options: CodecOptions): Codec {
  return headCodec(tokenizer, task, options, (first, second = [], maxLength) => {
    const ids = [...first, ...second];
    const kept = ids.slice(0, maxLength - 1);
    return { input: { ids: [...kept, tokenizer.endId] }, cut: ids.length - kept.length };
  });
}
