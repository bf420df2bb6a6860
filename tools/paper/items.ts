/** What the paper holds, and where it is here. `symbol` is a text on the line that implements it. */
export interface PaperItem {
  readonly name: string;
  readonly says: string;
  readonly places: readonly { readonly file: string; readonly symbol: string }[];
  /** Name of the file in examples/paper/ that makes it again, with `-mini` for the built-in model; equations have none. */
  readonly example?: string;
  readonly command?: 'compare' | 'transfer';
  /** What the paper found on T5-large, and what is found here. Markdown. */
  readonly finding?: string;
  /** Whether heat maps of p are kept with its outcome, one a task. */
  readonly maps?: boolean;
}

const gates = 'src/search/strategies/bilevel/estimators.ts';
const concreteTest = 'test/search/strategies/bilevel/binary-concrete.test.ts';

export const equations: readonly PaperItem[] = [
  {
    name: '(18)',
    says: 'self-attention; T5 has no 1/√d',
    places: [{ file: 'src/models/kit/attention.ts', symbol: 'export function selfAttention' }],
  },
  {
    name: '(19)',
    says: 'queries, keys, values',
    places: [{ file: 'src/models/kit/attention.ts', symbol: 'const [asks, ...answers] = [attention.query' }],
  },
  {
    name: '(20)',
    says: 'feed-forward; T5 has no biases',
    places: [{ file: 'src/models/kit/layers.ts', symbol: 'export function feedForward' }],
  },
  {
    name: '(21)',
    says: 'layer norm; T5 divides by the root mean square and has no bias',
    places: [{ file: 'src/graph/ops/normalization.ts', symbol: 'export const rmsNorm' }],
  },
  {
    name: '(22)',
    says: 'a sub-layer as a map of its input, to which a gated module is added',
    places: [
      { file: 'src/deltas/attach.ts', symbol: 'export function attachModules' },
      { file: 'src/deltas/gates.ts', symbol: 'export function gatedDelta' },
    ],
  },
  { name: '(23)', says: 'Binary Concrete', places: [{ file: gates, symbol: 'export function binaryConcrete(' }] },
  {
    name: '(24)',
    says: 'P(z̃ > 0.5) = p',
    places: [{ file: concreteTest, symbol: 'P(z > 0.5) = p' }],
  },
  {
    name: '(25), (26)',
    says: 'its limit is Bernoulli',
    places: [{ file: concreteTest, symbol: 'tends to Bernoulli' }],
  },
  {
    name: '(27), (28)',
    says: 'global shifted sigmoid',
    places: [{ file: gates, symbol: 'const global: AlphaGradient' }],
  },
  {
    name: '(29)',
    says: 'gradient of the local form',
    places: [{ file: gates, symbol: 'const local: AlphaGradient' }],
  },
  {
    name: '(30)–(33)',
    says: 'gradient of the global form',
    places: [{ file: gates, symbol: 'const global: AlphaGradient' }],
  },
  {
    name: '(34)',
    says: 'the term that compares all modules',
    places: [{ file: gates, symbol: 'const mean = weighted / probabilities' }],
  },
];

export const tablesAndFigures: readonly PaperItem[] = [
  {
    name: 'Table 2',
    says: 'every method on every task; with two rivals that the paper lacks',
    places: [{ file: 'src/experiments/methods.ts', symbol: 'export function comparedMethods' }],
    ...{ example: 'table2', command: 'compare' as const },
    finding:
      "In the paper S³Delta-M keeps 99 % of full fine-tuning's score with 1.39 ‱. Here with 0.8 ‱, one LoRA and one " +
      'bias, it keeps 94 % on SST-2, as much as BitFit with 42 times the parameters, and random structures miss in one of ' +
      'two seeds. On CoLA, where 600 steps teach little, seeds differ by more than methods do. The scales of all norms ' +
      '(LNFit), 6 ‱, do as well as LoRA (r = 8) on both; their 30 minutes on SST-2 hold a pause of the machine. Two ' +
      'seeds cannot tell methods apart; eight, with tuned rivals, do: ' +
      '[found, random, and LoRA](measured/found-or-random.md).',
  },
  {
    name: 'Figure 2',
    says: 'score against trainable parameters',
    places: [{ file: 'src/report/pictures/plots-svg.ts', symbol: 'export function scorePlotSvg' }],
    ...{ example: 'figure2', command: 'compare' as const },
    finding:
      'Trainings of 60 steps, which show that everything runs, and tell nothing apart. The curve at 1,200 steps, from ' +
      '0.005 to 0.2 %, is [here](measured/found-or-random.md#budgets).',
  },
  {
    name: 'Figure 2 by one search',
    says: 'the same where one search serves all budgets',
    places: [{ file: 'src/search/choose-structure.ts', symbol: 'export function atBudget' }],
    ...{ example: 'figure2-shared', command: 'compare' as const },
  },
  {
    name: 'Table 3',
    says: 'batch sizes, epochs, validation steps: presets of the tasks',
    places: [{ file: 'src/config/presets.ts', symbol: 'export function choosePreset' }],
  },
  {
    name: 'Table 4',
    says: 'metrics: `s3delta tasks` lists them',
    places: [{ file: 'src/metrics/metrics.ts', symbol: 'export const metrics' }],
  },
  {
    name: 'Table 5',
    says: 'time and memory of both stages',
    places: [{ file: 'src/report/summary.ts', symbol: 'export function resourcesOverRuns' }],
    ...{ example: 'table5', command: 'compare' as const },
    finding:
      'The paper, T5-large on a V100: RTE 148.6 minutes of search to 30.0 of re-training (5.0), STS-B 139.3 to 26.3 ' +
      '(5.3), CoLA 145.6 to 17.0 (8.6), and 1.7, 2.7 and 1.8 times the memory. Here a search is an eighth as long as its ' +
      're-training and ends with short trainings (of four finalists where it was measured, five today): 0.4 ' +
      "re-trainings by the default, 0.7 by S³Delta's first order, 1.1 by the paper's second, each with the memory of a re-training (0.96 to 1.06). First and second " +
      'order kept the same structures in all four pairs.',
  },
  {
    name: 'Figure 8',
    says: 'global against local',
    places: [
      { file: gates, symbol: 'export const alphaGradients' },
      { file: 'src/report/pictures/plots-svg.ts', symbol: 'export function categoryPlotSvg' },
    ],
    ...{ example: 'figure8', command: 'compare' as const },
    finding:
      'In the paper the global form ends above the local one on three data sets. So it does here, on CoLA in each of three ' +
      'seeds, on SST-2 in one, where the local form keeps no LoRA at all (51.7), the others being level. Both forms put ' +
      'LoRA on values and outputs; the global one finds a bias for the encoder beside it, the local one mostly spends the ' +
      'rest in the decoder. Three seeds cannot prove it (p).',
  },
  {
    name: 'Figure 9',
    says: 'heat maps of p',
    places: [
      { file: 'src/report/heat-map.ts', symbol: 'export function heatMap' },
      { file: 'src/experiments/found-structures.ts', symbol: 'export function probabilityMaps' },
    ],
    ...{ example: 'figure9', command: 'compare' as const },
    maps: true,
    finding:
      "In the paper most data sets activate the same places, and STS-B's optimum is another. So it is here: SST-2 and CoLA " +
      "keep LoRA on an output or value of the encoder's blocks in all six searches, STS-B on one of the decoder's first " +
      'block in two of three. How alike the answers of several seeds are: ' +
      '[stability](measured/found-or-random.md#stability-between-seeds).',
  },
  {
    name: 'Section E',
    says: 'structures found on some tasks, trained on others',
    places: [{ file: 'src/experiments/transfer-structures.ts', symbol: 'async function planTransfer' }],
    ...{ example: 'section-e', command: 'transfer' as const },
    finding:
      'In the paper structures transfer well between tasks. So they do here: what was found on the other tasks ends ten ' +
      "points above a random structure in the mean, and behind the task's own by 0.7 on SST-2, 2.5 on CoLA and 0.3 on " +
      "STS-B, for no search at all. STS-B's, which lies elsewhere (figure 9), is 7 points behind on SST-2 and 12 above a " +
      'random structure. Three seeds. The 9.1 minutes ' +
      'on STS-B hold a pause of the machine.',
  },
];
