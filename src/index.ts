/**
 * `s3delta`: what most people need. A model, a task, a structure, trained parameters, answers; whole jobs in run
 * folders; many runs compared. Nothing here prints, and nothing keeps state between calls; the command line is a thin
 * layer over it. The method's parts are in `s3delta/research`, the engine in `s3delta/graph`; `docs/library.md` shows
 * all three at work.
 */

export { builtIn, type Catalogue, extend } from './catalogue/catalogue.ts';
export { openPlugins } from './catalogue/open-plugins.ts';
export { definePlugin, type Plugin } from './catalogue/plugin.ts';
export { parseExperimentSettings, parseSpreadSettings, parseTransferSettings } from './config/experiment-settings.ts';
export type { StageSettings } from './config/job-config.ts';
export { parseSettings } from './config/parse-settings.ts';
export type { Settings } from './config/settings.ts';
export { InputError, InterruptedError, StorageError } from './core/errors.ts';
export type { Example, Output, Segment } from './data/example.ts';
export { readInputLines, readInputs } from './data/read-inputs.ts';
export { compare, parseSweepSettings, sweep } from './experiments/compare-methods.ts';
export type { Comparison } from './experiments/comparison-job.ts';
export { writeComparison } from './experiments/comparison-job.ts';
export { readHeatMaps, writeHeatMaps } from './experiments/found-structures.ts';
export type { ExperimentEvent } from './experiments/run-cells.ts';
export type { SpreadOutcome } from './experiments/spread-files.ts';
export { spread } from './experiments/spread-structures.ts';
export { transfer } from './experiments/transfer-structures.ts';
export { exportFormats } from './export/formats.ts';
export { guessOwnTask, writeDraft } from './jobs/draft-job.ts';
export { type EvaluationOutcome, runEvaluateFileJob, runEvaluateJob } from './jobs/evaluate-job.ts';
export { runExportJob } from './jobs/export-job.ts';
export type { JobEvent } from './jobs/job-events.ts';
export { loadTuned, readTuned } from './jobs/load-tuned.ts';
export { runPlanJob } from './jobs/plan-job.ts';
export { runPredictJob } from './jobs/predict-job.ts';
export { readRun, readRunView, writeReport } from './jobs/report-job.ts';
export { type JobOptions, type JobOutcome, runSearchJob, runTrainJob } from './jobs/run-job.ts';
export { type EncodedTask, encodeTask } from './library/encode-task.ts';
export { evaluate, evaluateInDetail, type SplitName } from './library/evaluate.ts';
export { type ExportOutcome, exportModel } from './library/export-model.ts';
export type { Prediction } from './library/predict.ts';
export { predict, predictEach } from './library/predict.ts';
export { runToEnd } from './library/run-to-end.ts';
export { type FoundStructure, searchStructure } from './library/search-structure.ts';
export { drawStructure, manualStructure } from './library/structures.ts';
export { type TunedStructure, tune } from './library/tune.ts';
export { chooseDevice } from './machine/choose-device.ts';
export { examineMachine } from './machine/doctor.ts';
export { builtInModelNames as builtInModels } from './models/built-in.ts';
export { type LoadOptions, loadModel } from './models/load-model.ts';
export type { Model } from './models/model.ts';
export { type Plan, planSearch } from './plan/plan.ts';
export { pushRun } from './publish/push-job.ts';
export type { RunView } from './report/run-view.ts';
export type { Spread } from './report/spread.ts';
export type { Verdict } from './report/verdict/verdict.ts';
export type { RunResult } from './runs/result.ts';
export { runFolder } from './runs/run-folder.ts';
export { createPredictor, type Predictor, type PredictorInput, type PredictorOptions } from './serve/predictor.ts';
export { serveModel } from './serve/serve-model.ts';
export { serveRuns } from './serve/server.ts';
export { readStructure, type Structure, writeStructure } from './structure/structure-file.ts';
export { segmentsOf } from './tasks/segments.ts';
export { loadTask, loadTaskData, type Task, type TaskData, tasks } from './tasks/tasks.ts';
export { checkpointFile } from './training/checkpoint.ts';
