/**
 * The library. Nothing here prints, and nothing keeps state between calls; the command line is a thin layer over it.
 * `docs/library.md` shows both levels at work.
 */

// For users: a model, a task, a structure, trained parameters, answers.

export { InputError, InterruptedError, StorageError } from './core/errors.ts';
export type { TextExample } from './data/encode.ts';
export { type ModelInput, readInputLines, readInputs } from './data/read-inputs.ts';
export type { ExportedTask } from './export/exported-task.ts';
export { type ExportFormat, exportFormats } from './export/formats.ts';
export type { DownloadProgress } from './hub/download.ts';
export type { DownloadOptions } from './hub/snapshot.ts';
export { readTuned } from './jobs/load-tuned.ts';
export type { AnswerEachOptions, Prediction } from './library/answer-each.ts';
export type { Answer } from './library/answers.ts';
export { type EncodedTask, encodeTask, type TaskDescription } from './library/encode-task.ts';
export { evaluate, evaluateInDetail, type SplitName, type StopContext } from './library/evaluate.ts';
export { type ExportOptions, type ExportOutcome, exportModel } from './library/export-model.ts';
export { type PredictOptions, predict, predictEach } from './library/predict.ts';
export { runToEnd } from './library/run-to-end.ts';
export type { DetailedScore, Generation, ScoredSplit, Scoring } from './library/scoring.ts';
export { type FoundStructure, searchStructure } from './library/search-structure.ts';
export type { StageSettings } from './library/stage-settings.ts';
export { drawStructure, manualStructure, type SpaceSettings } from './library/structures.ts';
export { type TunedStructure, tune } from './library/tune.ts';
export { builtInModels, type LoadOptions, loadModel } from './models/load-model.ts';
export type { Model } from './models/model.ts';
export type { Weight, Weights } from './models/weight.ts';
export type { CompileSettings, SessionSettings } from './runtime/session.ts';
export { sourceText } from './tasks/source-text.ts';
export {
  type DataOptions,
  loadTask,
  loadTaskData,
  type OriginalSplits,
  type Task,
  type TaskData,
  tasks,
} from './tasks/tasks.ts';

// Before anything runs: what a search would take, and what works on this machine.

export { runPlanJob } from './jobs/plan-job.ts';
export { chooseDevice, type DeviceChoiceOptions } from './machine/choose-device.ts';
export { examineMachine, type MachineReport } from './machine/doctor.ts';
export type { Check } from './machine/health-check.ts';
export type { DeviceReport } from './machine/probe.ts';
export type { Lever } from './plan/options.ts';
export { type Plan, type PlanOptions, planSearch, type StagePlan } from './plan/plan.ts';

// The whole job in a run folder, as the command line does it.

export { readConfigFile } from './config/config-file.ts';
export { parseSettings } from './config/parse-settings.ts';
export { type SettingKey, type Settings, settingKeys } from './config/settings.ts';
export { type Draft, guessOwnTask, type OwnTask, writeDraft } from './jobs/draft-job.ts';
export { type EvaluationOutcome, runEvaluateJob } from './jobs/evaluate-job.ts';
export { type ExportJobOptions, runExportJob } from './jobs/export-job.ts';
export type { JobContext, JobEvent } from './jobs/job-events.ts';
export { type LoadedTuned, loadTuned } from './jobs/load-tuned.ts';
export { type AnsweredInput, runPredictJob } from './jobs/predict-job.ts';
export { readRunView } from './jobs/read-view.ts';
export { type ReportOptions, readRun, writeReport } from './jobs/report-job.ts';
export { type JobOptions, type JobOutcome, runSearchJob, runTrainJob } from './jobs/run-job.ts';
export type { HeatMapModule } from './report/heat-map.ts';
export type { RunView } from './report/run-view.ts';
export type { SearchMoment } from './report/search-moments.ts';
export { type MetricsLine, readMetrics, type StageName } from './runs/metrics-log.ts';
export type { RunResult, Scores, StageResources } from './runs/result.ts';
export { type RunFolder, runFolder } from './runs/run-folder.ts';
export { type RunServer, type ServeOptions, serveRuns } from './serve/server.ts';

// Many runs as one: compared, spread over processes, carried over.

export { type MatrixSettings, parseMatrixSettings } from './config/matrix-settings.ts';
export { parseSweepSettings, type SweepSettings } from './config/sweep-settings.ts';
export { parseTransferSettings, type TransferSettings } from './config/transfer-settings.ts';
export { type PairedTest, signFlipTest } from './core/sign-flip.ts';
export { type Cell, cellName } from './experiments/cell.ts';
export { type CompareOptions, compare } from './experiments/compare-methods.ts';
export { comparisonMarkdown, writeComparison } from './experiments/comparison-files.ts';
export type { Comparison, Overhead } from './experiments/comparison-job.ts';
export type { MatrixEvent, MatrixProgress } from './experiments/events.ts';
export { readHeatMaps, type TaskMaps, writeHeatMaps } from './experiments/heat-maps.ts';
export { type ComparedMethod, comparedMethods } from './experiments/methods.ts';
export { type ProbabilityMaps, probabilityMaps } from './experiments/probability-maps.ts';
export { sweep } from './experiments/sweep-values.ts';
export { transfer } from './experiments/transfer-structures.ts';
export { type ComparedRun, type ComparisonRow, compareRuns } from './report/comparison.ts';

// For researchers: a backbone with modules as one function of flat vectors.

export type {
  EncodedExample,
  Generator,
  Layout,
  LossAndGradients,
  ModuleLayout,
  ParameterLayout,
  Program,
  Ranker,
  Trainable,
} from './core/program.ts';
export { encodeExample, encodeExamples, encodeSource, encodeTarget } from './data/encode.ts';
export { withSentinel } from './data/tokenizer/sentinel.ts';
export type { Tokenizer } from './data/tokenizer/tokenizer.ts';
export type { Attachment, Bottleneck, Contribution, Delta, Initializer, ParameterSpec } from './deltas/delta.ts';
export { createModule, deltas } from './deltas/kinds.ts';
export { initialDelta, layoutOf } from './deltas/layout.ts';
export type { StandaloneGraphs } from './runtime/program-graphs.ts';

// Sites, spaces, budgets, structures.

export type { DeltaModule, DeltaOptions } from './core/delta-module.ts';
export type { HostKind, Site } from './core/site.ts';
export { readDelta, writeDelta } from './library/delta-file.ts';
export { parseBudget } from './structure/budget.ts';
export { type CandidateRule, isInnerBlock, isInnerLinear, isNorm, listCandidates } from './structure/candidates.ts';
export { evenLora } from './structure/even-lora.ts';
export { type BudgetOptions, type Cost, checkBudget, fillBudget } from './structure/fill-budget.ts';
export { listManualModules, manualMethods } from './structure/manual.ts';
export { mapStructure } from './structure/map-structure.ts';
export { randomStructure } from './structure/random-structure.ts';
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

export { fillNormal, fillUniform, permutation } from './core/random.ts';
export type { Metric } from './metrics/metric.ts';
export { metrics } from './metrics/metrics.ts';
export type { Target, TargetSet } from './metrics/target.ts';
export { atBudget, type ChoiceOptions, chooseStructure } from './search/choose-structure.ts';
export { meanStructure, spreadOfProbability } from './search/mean-structure.ts';
export {
  type BiLevelSearchOptions,
  type BiLevelSearchProblem,
  type BiLevelSearchResult,
  type BiLevelStepEvent,
  biLevelSearch,
} from './search/strategies/bilevel/bilevel-search.ts';
export {
  type BiLevelOptions,
  type BiLevelReport,
  type BiLevelState,
  biLevelStep,
} from './search/strategies/bilevel/bilevel-step.ts';
export { binaryConcrete, binaryConcreteGradient } from './search/strategies/bilevel/binary-concrete.ts';
export type { EstimatorOptions, GateEstimator, GateSample, L0Options } from './search/strategies/bilevel/estimator.ts';
export { createConcreteEstimator } from './search/strategies/bilevel/estimators/concrete-estimator.ts';
export { type EstimatorName, estimators } from './search/strategies/bilevel/estimators/estimators.ts';
export { createHardConcreteEstimator } from './search/strategies/bilevel/estimators/hard-concrete-estimator.ts';
export { createStraightThroughEstimator } from './search/strategies/bilevel/estimators/straight-through-estimator.ts';
export { hardConcrete, hardConcreteGradient, openProbability } from './search/strategies/bilevel/hard-concrete.ts';
export {
  type BiLevelOrder,
  type MixedDerivative,
  type MixedDerivativePoint,
  mixedDerivatives,
} from './search/strategies/bilevel/mixed-derivative.ts';
export {
  type AlphaGradient,
  alphaGradients,
  shiftedLogits,
  sigmoid,
  solveShift,
} from './search/strategies/bilevel/shifted-sigmoid.ts';
export { stepEvaluations } from './search/strategies/bilevel/step-cost.ts';
export { defaultStrategy, type StrategyName, strategies, strategyNamed } from './search/strategies/strategies.ts';
export {
  type Compile,
  type CompiledModules,
  defineStrategy,
  type SearchEvent,
  type SearchProblem,
  type SearchResult,
  type SearchStepEvent,
  type SearchStrategy,
} from './search/strategies/strategy.ts';
export { majorityScore, mostFrequentTarget } from './tasks/majority.ts';
export { type AdamWOptions, adamwStep, copyMoments, createMoments, type Moments } from './training/adamw.ts';
export { type CheckpointState, type CheckpointStore, checkpointFile } from './training/checkpoint.ts';
export { clipNorm } from './training/clip.ts';
export type { EvaluationEvent, LoopContext } from './training/loop.ts';
export { withMicroBatches } from './training/micro-batches.ts';
export type { StageConfig } from './training/stage.ts';
export { countEvaluations, type StageCost, type StepBatch } from './training/stage-cost.ts';
export { linearDecay } from './training/steps.ts';
export {
  type TuneEvent,
  type TuneOptions,
  type TuneProblem,
  type TuneResult,
  tune as tuneProgram,
} from './training/tune-program.ts';

// The engine: graphs, their gradients, ONNX, sessions.

export { gradients } from './graph/gradients.ts';
export { Graph } from './graph/graph.ts';
export { toOnnx } from './graph/onnx.ts';
export * as ops from './graph/ops/ops.ts';
export { type DataType, type Dim, GraphError, type Shape, type TensorType, type Value } from './graph/types.ts';
export { createSession, type Feed, type Feeds, type Session } from './runtime/session.ts';
