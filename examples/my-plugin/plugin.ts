import { definePlugin, type Task } from 's3delta';
import { type Delta, defineStrategy } from 's3delta/research';
import { z } from 'zod';

/** Scale and shift: y ⊙ (1 + γ) + β on the output of a linear map (Lian et al. 2022). Both are linear in what is trained. */
const scaleShift: Delta = {
  kind: 'scale-shift',
  label: 'Scale and shift',
  defaults: {},
  hosts: site => site.host === 'linear',
  inert: () => false,
  parameters: site =>
    ['scale', 'shift'].map(name => ({
      ...{ name, shape: [site.outFeatures], initializer: { distribution: 'zeros' }, gated: true },
    })),
  contribute: ({ parameters: { scale, shift } }) => ({ outputScale: scale!, bias: shift! }),
};

/** The cheapest modules first: it looks at nothing, and so compiles nothing. `--ceiling` closes all that cost more. */
const cheapestFirst = defineStrategy({
  name: 'cheapest-first',
  label: 'cheapest first',
  description: 'the modules with the fewest parameters',
  options: z.object({
    ceiling: z.coerce.number().positive().default(1e6).meta({ description: 'most parameters of a module', hint: 'N' }),
  }),
  varied: [],
  cost: () => undefined,
  async *search({ candidates }, { ceiling }) {
    yield* [];
    return {
      ...{ worth: Float64Array.from(candidates, ({ parameters }) => -parameters) },
      ...{ closed: candidates.map(({ parameters }) => parameters > ceiling) },
      ...{ steps: 0, evaluations: 0, seconds: 0, warnings: [] },
    };
  },
});

/** Does a sum of two digits reach ten? The task brings its examples itself. */
const carries: Task = {
  name: 'carries',
  description: 'does a sum of two digits reach ten?',
  metric: 'least-class',
  labels: ['no', 'yes'],
  maxSourceLength: 16,
  presets: {
    search: { batchSize: 8, epochs: 1, evaluateEvery: 10 },
    retrain: { batchSize: 8, epochs: 1, evaluateEvery: 10 },
  },
  find: () => 'in the plugin',
  mayRead: () => false,
  load: async () => ({
    train: Array.from({ length: 100 }, (_, i) => {
      const [a, b] = [Math.floor(i / 10), i % 10];
      return { input: [{ name: 'sum', text: `${a} + ${b}` }], output: { class: a + b >= 10 ? 1 : 0 }, line: i + 1 };
    }),
  }),
  split: ({ train: all }) => {
    const every = (remainders: readonly number[]) => all.filter(({ line }) => remainders.includes(line % 7));
    return { train: every([0, 1, 2, 3, 4]), validation: every([5]), test: every([6]), note: 'dealt by their lines' };
  },
};

export default definePlugin({
  name: 'my-plugin',
  deltas: [scaleShift],
  spaces: {
    scales: {
      label: 'scales and LoRA',
      description: 'scale and shift, LoRA, on queries and values',
      rules: ['scale-shift', 'lora'].map(kind => ({
        ...{ kind, roles: ['self-attention.query', 'self-attention.value'] as const },
      })),
    },
  },
  strategies: [cheapestFirst],
  tasks: [carries],
  metrics: {
    /** Share of right answers in the class that has the fewest of them, in percent. */
    'least-class': (predictions, targets) => {
      const shares = [...new Set(targets)].map(label => {
        const own = predictions.filter((_, i) => targets[i] === label);
        return own.filter(prediction => prediction === label).length / own.length;
      });
      return 100 * Math.min(...shares);
    },
  },
});
