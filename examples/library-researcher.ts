// The method by hand: modules of one's own choice, flat gradients, a bi-level search step by step, the bare engine.
import { loadModel } from 's3delta';
import { createSession, Graph, gradients, ops } from 's3delta/graph';
import {
  biLevelStep,
  chooseStructure,
  createConcreteEstimator,
  createModule,
  createMoments,
  encodeExamples,
  fillUniform,
  linearDecay,
  listSpace,
  parseBudget,
} from 's3delta/research';

const model = await loadModel('mini');

// A search space of one's own: S³Delta-L and, beside it, LoRA of rank 2 on the queries of cross-attention.
const crossQueries = model.sites.filter(site => site.role === 'cross-attention.query');
const modules = [
  ...listSpace(model.sites, 'lora'),
  ...crossQueries.map(site => createModule(site, 'lora', { rank: 2 })),
];

// Backbone and modules become one function of flat vectors; the layout says what stands where.
const program = await model.compile(modules);
const { module, parameters } = program.layout.modules.at(-1)!;
for (const { name, shape, offset } of parameters) console.log(`${module.id}.${name} [${shape}] at ${offset}`);

// A codec is how the model reads the examples of a task and answers them: here a text, and one of two classes.
const codec = model.codec({ labels: ['complaint', 'praise'] }, { maxLength: 64 });
const batch = encodeExamples(codec, [
  { input: [{ text: 'is this praise? the cake was wonderful' }], output: { class: 1 } },
  { input: [{ text: 'is this praise? they lost our coats' }], output: { class: 0 } },
]);
const delta = program.initialDelta(0);
const halfOpen = new Float32Array(modules.length).fill(0.5);
const first = await program.lossAndGradients(batch, delta, halfOpen);
console.log(`loss ${first.loss}, ${first.delta.length} gradients of parameters, ${first.gates.length} of gates`);

// The bi-level search (section 5 of the method), with an estimator that any other may replace.
const counts = modules.map(each => each.parameters);
const budget = parseBudget('5bp', model.parameters);
const uniforms = (step: number) => fillUniform(new Float64Array(modules.length), 0, 'example/gates', step);
const estimator = createConcreteEstimator({ counts, budget, gradient: 'global', tau: 1, beta: 1, uniforms });
const alpha = new Float64Array(modules.length);
const state = { delta, deltaMoments: createMoments(delta), alpha, alphaMoments: createMoments(alpha) };
const steps = 4;
for (let step = 0; step < steps; step++) {
  const report = await biLevelStep(state, batch.slice(0, 1), batch.slice(1), {
    program,
    estimator,
    order: 'second',
    learningRate: linearDecay(3e-3, step, steps),
    alphaLearningRate: linearDecay(0.1, step, steps),
    clipNorm: 2,
    step,
  });
  console.log(`step ${step}: loss ${report.loss}, of the other half ${report.alphaLoss}`);
}
await program.release();
const kept = chooseStructure(alpha, modules, { budget, keepInert: false });
const spent = counts.reduce((sum, count, i) => sum + (kept[i] ? count : 0), 0);
console.log(`kept ${kept.filter(Boolean).length} of ${modules.length} modules: ${spent} of ${budget} parameters`);

// The engine alone: a graph, its gradient as plain ONNX nodes, a session. f(w) = Σ gelu(x wᵀ), ∂f/∂w.
const graph = new Graph();
const x = graph.input('x', 'float32', ['rows', 2]);
const w = graph.input('w', 'float32', [1, 2]);
const sum = ops.reduceSum(ops.gelu(ops.gemm(x, w, { transB: true })), [0, 1], false);
graph.output('sum', sum);
graph.output('gradient', gradients(sum, [w])[0]!);
const session = await createSession(graph);
const { gradient } = await session.run({
  x: { type: 'float32', data: Float32Array.of(1, 0, 0, 2), dims: [2, 2] },
  w: { type: 'float32', data: Float32Array.of(0, 0), dims: [1, 2] },
});
console.log(`gradient of the sum: ${gradient!.data}`);
await session.release();
