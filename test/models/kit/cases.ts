import { softmax } from '../../../src/graph/ops/ops.ts';
import { attend, scoresOf } from '../../../src/models/kit/attention.ts';
import { rotaryFrequencies, rotaryTables, rotate } from '../../../src/models/kit/positions.ts';
import { pool, poolingWeights } from '../../../src/models/kit/text-classifier.ts';
import type { OpCase } from '../../graph/cases.ts';

const attention = (heads: number, keyHeads: number): OpCase => ({
  name: `attention of ${heads} heads to ${keyHeads}`,
  covers: ['FusedMatMul', 'Softmax'],
  shapes: [
    [1, heads, 2, 2],
    [1, keyHeads, 3, 2],
    [1, keyHeads, 3, 2],
  ],
  declared: [
    ['batch', heads, 'target', 2],
    ['batch', keyHeads, 'source', 2],
    ['batch', keyHeads, 'source', 2],
  ],
  build: ([queries, keys, values]) => attend(softmax(scoresOf(queries!, keys!)), values!),
});

/** Parts of models, for all that is done with `graph/cases.ts`. */
export const kitCases: readonly OpCase[] = [
  {
    name: 'rotary positions',
    covers: ['Split', 'Concat'],
    shapes: [[1, 2, 3, 4]],
    build: ([x], _, graph) => {
      const { cos, sin } = rotaryTables(rotaryFrequencies(4, 100), [0, 1, 7]);
      return rotate(x!, { cos: graph.floats(cos, [3, 2]), sin: graph.floats(sin, [3, 2]) });
    },
  },
  {
    name: 'rotary positions of named extents, a row its own',
    covers: ['Split', 'Concat'],
    shapes: [
      [2, 2, 2, 4],
      [2, 1, 2, 2],
      [2, 1, 2, 2],
    ],
    declared: [
      ['batch', 2, 'length', 4],
      ['batch', 1, 'length', 2],
      ['batch', 1, 'length', 2],
    ],
    build: ([x, cos, sin]) => rotate(x!, { cos: cos!, sin: sin! }),
  },
  attention(4, 2),
  attention(3, 1),
  attention(2, 2),
  {
    name: 'pooling',
    covers: ['FusedMatMul'],
    shapes: [
      [6, 4],
      [2, 3],
    ],
    declared: [
      ['3*batch', 4],
      ['batch', 3],
    ],
    build: ([states, weights]) => pool(states!, weights!),
  },
  {
    name: 'pooling by constant weights',
    covers: ['FusedMatMul'],
    shapes: [[6, 4]],
    build: ([states], _, graph) =>
      pool(
        states!,
        graph.floats(
          poolingWeights('mean', [
            [1, 1, 0],
            [1, 1, 1],
          ]),
          [2, 3],
        ),
      ),
  },
];
