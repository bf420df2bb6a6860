// Finds a structure for a task of one's own, trains it and asks it, all in memory. Run it in the repository's folder.
import {
  encodeTask,
  evaluate,
  loadModel,
  loadTask,
  loadTaskData,
  predict,
  runToEnd,
  searchStructure,
  segmentsOf,
  tune,
} from 's3delta';

// The keys of a config file; what is left out comes from presets and defaults. So short a run on two dozen
// remarks shows the way and teaches little.
const settings = {
  budget: '5000',
  seed: 1,
  lr: 0.02,
  'batch-size': 4,
  'max-steps': 40,
  'retrain-epochs': 10,
  'retrain-eval-every': 10,
} as const;

const model = await loadModel('mini');
const task = await loadTask('examples/my-task/task.yaml');
const examples = await loadTaskData(task, { data: 'examples/my-task', seed: settings.seed });
const data = await encodeTask(model, task, examples, settings);

// An abort ends a stage with an InterruptedError; leaving the iterator early ends it, too.
const signal = AbortSignal.timeout(600_000);
const { structure } = await runToEnd(searchStructure(model, data, settings, { signal }), event => {
  if (event.type === 'step' && event.step % 10 === 0) {
    console.log(`search, step ${event.step} of ${event.steps}: a loss of ${event.loss.toFixed(2)} nats a token`);
  }
});
for (const { site, kind, parameters } of structure.modules.filter(module => module.kept)) {
  console.log(`kept: ${kind} at ${site}, ${parameters} parameters`);
}

const tuned = await runToEnd(tune(model, structure, data, settings, { signal }));
const score = await evaluate(model, tuned, data, 'test', { signal });
console.log(`test ${task.metric}: ${score}; always the commonest answer: ${data.majority}`);

const remark = 'cold soup and a waiter who never came back';
const row = { file: 'a guest', line: 1, fields: { meal: 'dinner', remark } };
const [prediction] = await predict(model, tuned, [segmentsOf(task, row)], { task });
console.log(`${remark} -> ${prediction!.label} (${prediction!.answer}), probability ${prediction!.probability}`);
