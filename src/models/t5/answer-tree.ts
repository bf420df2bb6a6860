import type { Feeds } from '../../runtime/session.ts';
import { causalMaskWithin, idsFeed, type Rows } from '../kit/padding.ts';
import { relativeBuckets } from '../kit/positions.ts';
import type { T5Config } from './t5-checkpoint.ts';

/** What the decoder reads at one place, and what answers say next. */
interface AnswerNode {
  readonly id: number;
  /** Numbers of the nodes that are read up to it, itself the last. */
  readonly path: readonly number[];
  /** Tokens that answers say after it, each once. */
  readonly said: readonly number[];
}

/** Answers, of which what several begin with is read once. */
export interface AnswerTree {
  /** The start token first. */
  readonly nodes: readonly AnswerNode[];
  /** Most tokens that are said after one node. */
  readonly choices: number;
  /** Where each answer's tokens are said, in [nodes, choices] row-major. */
  readonly places: readonly (readonly number[])[];
}

/** The tree of answers that the decoder says after its start token. */
export function answerTree(answers: Rows, startId: number): AnswerTree {
  const nodes = [{ id: startId, path: [0], said: [] as number[], next: new Map<number, number>() }];
  const steps = answers.map(answer => {
    let node = 0;
    return answer.map((token, position) => {
      const { path, said, next } = nodes[node]!;
      if (!said.includes(token)) said.push(token);
      const step = { node, choice: said.indexOf(token) };
      // What an answer ends with is said, and not read.
      if (position === answer.length - 1) return step;
      node = next.get(token) ?? nodes.length;
      if (node === nodes.length) nodes.push({ id: token, path: [...path, node], said: [], next: new Map() });
      next.set(token, node);
      return step;
    });
  });
  const choices = Math.max(...nodes.map(({ said }) => said.length));
  return { nodes, choices, places: steps.map(path => path.map(({ node, choice }) => node * choices + choice)) };
}

/** Of log p of all that is said, in [nodes, choices] row-major, the sum over each answer's tokens. */
export function answerScores({ places }: AnswerTree, logProbabilities: Float32Array): number[] {
  return places.map(said => said.reduce((sum, place) => sum + logProbabilities[place]!, 0));
}

/**
 * decoderIds, causalMask, decoderBuckets and labels [rows·target, choices] of the same answers to each of the texts of
 * each row: they stand side by side, for one text after the other, and a token sees what is read up to it.
 */
export function answersFeeds({ nodes, choices }: AnswerTree, texts: number, rows: number, config: T5Config): Feeds {
  const read = repeated(texts, nodes);
  const longest = Math.max(...nodes.map(({ path }) => path.length));
  const table = relativeBuckets(longest, false, config);
  // What no query sees may have any bucket: that of the query's own place.
  const buckets = Int32Array.from(
    read.flatMap(({ path: { length: query } }) =>
      read.map(({ path: { length: key } }) => table[(query - 1) * longest + Math.min(key, query) - 1]!),
    ),
  );
  const said = repeated(rows, read).flatMap(node => Array.from({ length: choices }, (_, i) => node.said[i] ?? 0));
  const ids = read.map(({ id }) => id);
  return {
    decoderIds: idsFeed(repeated(rows, [ids]), ids.length, config.padId),
    causalMask: causalMaskWithin(
      texts,
      nodes.map(({ path }) => path),
    ),
    decoderBuckets: { type: 'int32', data: buckets, dims: [ids.length, ids.length] },
    labels: { type: 'int32', data: Int32Array.from(said), dims: [rows * ids.length, choices] },
  };
}

const repeated = <Item>(times: number, list: readonly Item[]): Item[] =>
  Array.from({ length: times }, () => list).flat();
