// Answers a stream of texts with a manual method's parameters: async iterators in, async iterators out, stopped by a signal.
import {
  encodeTask,
  loadModel,
  loadTask,
  loadTaskData,
  manualStructure,
  predictEach,
  readInputs,
  runToEnd,
  segmentsOf,
  tune,
} from 's3delta';

const settings = { lr: 0.02, 'batch-size': 4, 'max-steps': 20, 'retrain-epochs': 10 };
const model = await loadModel('mini');
const task = await loadTask('examples/my-task/task.yaml');
const data = await encodeTask(model, task, await loadTaskData(task, { data: '.', seed: 0 }), settings);
const tuned = await runToEnd(tune(model, manualStructure(model, 'bitfit'), data, settings));

// What the rows of a file give to read. Nothing is read further ahead than a few batches.
async function* questions() {
  for await (const row of readInputs('examples/my-task/validation.csv')) yield segmentsOf(task, row);
}

const controller = new AbortController();
let answered = 0;
for await (const { label, probability, seconds } of predictEach(model, tuned, questions(), {
  task,
  signal: controller.signal,
})) {
  console.log(`${label}, ${(100 * probability!).toFixed(1)} % sure, in ${(1000 * seconds).toFixed(1)} ms`);
  // Leaving the loop frees the compiled model; so does an abort, from anywhere, with an InterruptedError.
  if (++answered === 5) break;
}
