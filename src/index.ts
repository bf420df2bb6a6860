/**
 * The library. Nothing here prints, and nothing keeps state between calls; the command line is a thin layer over it.
 * `docs/library.md` shows both levels at work.
 */

// For users: a model, a task, a structure, trained parameters, answers.

export type { AnswerEachOptions, Prediction } from './api/answer-each.ts';
export type { Answer } from './api/answers.ts';
export { type EncodedTask, encodeTask, type TaskDescription } from './api/encode-task.ts';
export { evaluate, evaluateInDetail, type SplitName, type StopContext } from './api/evaluate.ts';
export { type ExportOptions, type ExportOutcome, exportModel } from './api/export-model.ts';
export { type PredictOptions, predict, predictEach } from './api/predict.ts';
export { readTuned } from './api/read-tuned.ts';
export { runToEnd } from './api/run-to-end.ts';
export type { DetailedScore, Generation, ScoredSplit, Scoring } from './api/scoring.ts';
export { type FoundStructure, searchStructure } from './api/search-structure.ts';
export type { StageSettings } from './api/stage-settings.ts';
export { drawStructure, manualStructure, type SpaceSettings } from './api/structures.ts';
export { type TunedStructure, tune } from './api/tune.ts';
export type { TextExample } from './data/encode.ts';
export { type ModelInput, readInputLines, readInputs } from './data/read-inputs.ts';
export { InputError, InterruptedError, StorageError } from './errors.ts';
export { type ExportFormat, exportFormats } from './export/index.ts';
export type { ExportedTask } from './export/task.ts';
export type { DownloadProgress } from './hub/download.ts';
export type { DownloadOptions } from './hub/snapshot.ts';
export { builtInModels, type LoadOptions, loadModel } from './models/load.ts';
export type { Model } from './models/model.ts';
export type { Weight, Weights } from './models/weight.ts';
export type { CompileSettings, SessionSettings } from './runtime/session.ts';
export {
  type DataOptions,
  loadTask,
  loadTaskData,
  type OriginalSplits,
  type Task,
  type TaskData,
  tasks,
} from './tasks/index.ts';
export { sourceText } from './tasks/source-text.ts';

// Before anything runs: what a search would take, and what works on this machine.

export { chooseDevice, type DeviceChoiceOptions } from './api/choose-device.ts';
export type { Check } from './api/doctor/check.ts';
export { examineMachine, type MachineReport } from './api/doctor/doctor.ts';
export type { Lever } from './api/plan/levers.ts';
export { type Plan, type PlanOptions, planSearch, type StagePlan } from './api/plan/plan.ts';
export { runPlanJob } from './api/plan/plan-job.ts';
export type { DeviceReport } from './api/probe.ts';

// The whole job in a run folder, as the command line does it.

export { type Draft, guessOwnTask, type OwnTask, writeDraft } from './api/draft-job.ts';
export { type EvaluationOutcome, runEvaluateJob } from './api/evaluate-job.ts';
export { type ExportJobOptions, runExportJob } from './api/export-job.ts';
export { type JobOptions, type JobOutcome, runSearchJob, runTrainJob } from './api/job.ts';
export type { JobContext, JobEvent } from './api/job-events.ts';
export { type LoadedTuned, loadTuned } from './api/load-tuned.ts';
export { type AnsweredInput, runPredictJob } from './api/predict-job.ts';
export { readRunView } from './api/read-view.ts';
export { type ReportOptions, readRun, writeReport } from './api/report-job.ts';
export { readConfigFile } from './config/config-file.ts';
export { parseSettings } from './config/parse-settings.ts';
export { type SettingKey, type Settings, settingKeys } from './config/settings.ts';
export type { HeatMapModule } from './report/heat-map.ts';
export type { RunView } from './report/run-view.ts';
export type { SearchMoment } from './report/search-moments.ts';
export { type MetricsLine, readMetrics, type StageName } from './runs/metrics-log.ts';
export type { RunResult, Scores, StageResources } from './runs/result.ts';
export { type RunFolder, runFolder } from './runs/run-folder.ts';
export { type RunServer, type ServeOptions, serveRuns } from './serve/server.ts';

// Many runs as one: compared, spread over processes, carried over.

export { type CompareOptions, compare } from './api/compare.ts';
export { readHeatMaps, type TaskMaps, writeHeatMaps } from './api/heat-maps.ts';
export { type Cell, cellName } from './api/matrix/cell.ts';
export type { Comparison, Overhead } from './api/matrix/comparison.ts';
export { comparisonMarkdown, writeComparison } from './api/matrix/comparison-files.ts';
export type { MatrixEvent, MatrixProgress } from './api/matrix/events.ts';
export { type ComparedMethod, comparedMethods } from './api/matrix/methods.ts';
export { type ProbabilityMaps, probabilityMaps } from './api/matrix/probability-maps.ts';
export { sweep } from './api/sweep.ts';
export { transfer } from './api/transfer.ts';
export { type MatrixSettings, parseMatrixSettings } from './config/matrix-settings.ts';
export { parseSweepSettings, type SweepSettings } from './config/sweep-settings.ts';
export { parseTransferSettings, type TransferSettings } from './config/transfer-settings.ts';
export { type ComparedRun, type ComparisonRow, compareRuns } from './report/comparison.ts';
export { type PairedTest, signFlipTest } from './statistics/sign-flip.ts';

// For researchers: a backbone with modules as one function of flat vectors.

export { encodeExample, encodeExamples, encodeSource, encodeTarget } from './data/encode.ts';
export { withSentinel } from './data/sentinel.ts';
export type { TextTokenizer } from './data/tokenizer/text-tokenizer.ts';
export type { Tokenizer } from './data/tokenizer.ts';
export type { Attachment, Bottleneck, Contribution, Delta, Initializer, ParameterSpec } from './deltas/delta.ts';
export { createModule, deltas } from './deltas/index.ts';
export { initialDelta, layoutOf } from './deltas/layout.ts';
export type {
  EncodedExample,
  Generator,
  Layout,
  LossAndGradients,
  ModuleLayout,
  ParameterLayout,
  Program,
  Ranker,
  StandaloneGraphs,
  Trainable,
} from './runtime/program.ts';

// Sites, spaces, budgets, structures.

export { readDelta, writeDelta } from './api/delta-file.ts';
export { parseBudget } from './structure/budget.ts';
export { type CandidateRule, isInnerBlock, isInnerLinear, isNorm, listCandidates } from './structure/candidates.ts';
export { evenLora } from './structure/even-lora.ts';
export { type BudgetOptions, type Cost, checkBudget, fillBudget } from './structure/fill-budget.ts';
export { listManualModules, manualMethods } from './structure/manual.ts';
export { mapStructure } from './structure/map-structure.ts';
export type { DeltaModule, DeltaOptions } from './structure/module.ts';
export { randomStructure } from './structure/random-structure.ts';
export type { HostKind, Site } from './structure/site.ts';
export { listSpace, spaces } from './structure/spaces.ts';
export {
  type Choice,
  createStructure,
  keptModules,
  type ModuleRecord,
  readStructure,
  type Structure,
  writeStructure,
} from './structure/structure-file.ts';

// The method, equation by equation, and training.

export { metrics } from './metrics/index.ts';
export { majorityScore, mostFrequentTarget } from './metrics/majority.ts';
export type { Metric } from './metrics/metric.ts';
export type { Target, TargetSet } from './metrics/target.ts';
export { type BiLevelOptions, type BiLevelReport, type BiLevelState, biLevelStep } from './search/bi-level.ts';
export { binaryConcrete, binaryConcreteGradient } from './search/binary-concrete.ts';
export { type ChoiceOptions, chooseStructure } from './search/choose-structure.ts';
export { atBudget, meanStructure, spreadOfProbability } from './search/derive-structure.ts';
export type { EstimatorOptions, GateEstimator, GateSample, L0Options } from './search/estimator.ts';
export { createConcreteEstimator } from './search/estimators/concrete.ts';
export { createHardConcreteEstimator } from './search/estimators/hard-concrete.ts';
export { type EstimatorName, estimators } from './search/estimators/index.ts';
export { createStraightThroughEstimator } from './search/estimators/straight-through.ts';
export { hardConcrete, hardConcreteGradient, openProbability } from './search/hard-concrete.ts';
export {
  type BiLevelOrder,
  type MixedDerivative,
  type MixedDerivativePoint,
  mixedDerivatives,
  stepEvaluations,
} from './search/mixed-derivative.ts';
export {
  type SearchEvent,
  type SearchOptions,
  type SearchProblem,
  type SearchResult,
  search as searchProgram,
} from './search/search.ts';
export { type AlphaGradient, alphaGradients, shiftedLogits, sigmoid, solveShift } from './search/shifted-sigmoid.ts';
export { type AdamWOptions, adamwStep, copyMoments, createMoments, type Moments } from './training/adamw.ts';
export { type CheckpointState, type CheckpointStore, checkpointFile } from './training/checkpoint.ts';
export { clipNorm } from './training/clip.ts';
export type { EvaluationEvent, LoopContext } from './training/loop.ts';
export { withMicroBatches } from './training/micro-batches.ts';
export { fillNormal, fillUniform, permutation } from './training/random.ts';
export { linearDecay } from './training/schedule.ts';
export {
  type TuneEvent,
  type TuneOptions,
  type TuneProblem,
  type TuneResult,
  tune as tuneProgram,
} from './training/tune.ts';

// The engine: graphs, their gradients, ONNX, sessions.

export { gradients } from './graph/gradients.ts';
export { Graph } from './graph/graph.ts';
export { toOnnx } from './graph/onnx.ts';
export * as ops from './graph/ops/index.ts';
export { type DataType, type Dim, GraphError, type Shape, type TensorType, type Value } from './graph/types.ts';
export { createSession, type Feed, type Feeds, type Session } from './runtime/session.ts';
