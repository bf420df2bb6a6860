/**
 * `s3delta/research`: the method's parts, equation by equation, for who builds a search, a kind of module or a training
 * of their own: sites and modules, spaces and budgets, gates, the bi-level step, optimiser and loop, and the types of
 * the stages.
 */

export { readConfigFile } from './config/config-file.ts';
export type { ExperimentSettings, SpreadSettings, TransferSettings } from './config/experiment-settings.ts';
export type { SpaceSettings } from './config/job-config.ts';
export { type SettingKey, settingKeys } from './config/settings.ts';
export { clipNorm } from './core/arrays.ts';
export type {
  Answering,
  AnswerMode,
  Chooser,
  EncodedExample,
  EncodedInput,
  EncodedOutput,
  Generator,
  HeadLayout,
  Layout,
  LossAndGradients,
  ModuleLayout,
  ParameterLayout,
  Program,
  Trainable,
} from './core/program.ts';
export { fillNormal, fillUniform, permutation } from './core/random.ts';
export type { DeltaModule, DeltaOptions } from './core/site.ts';
export { type HostKind, type Place, type Role, roleNames, roles, type Site, type Stack, stacks } from './core/site.ts';
export { type Interval, type PairedTest, signFlipTest } from './core/statistics.ts';
export type { ModelInput } from './data/read-inputs.ts';
export type { TextTokenizer, Tokenizer } from './data/tokenizer/tokenizer.ts';
export type { Attachment, Bottleneck, Contribution, Delta, Initializer, ParameterSpec } from './deltas/delta.ts';
export { createModule, deltas } from './deltas/kinds.ts';
export { type Head, initialDelta, layoutOf } from './deltas/layout.ts';
export { type Cell, cellName } from './experiments/cell.ts';
export type { CompareOptions, SweepSettings } from './experiments/compare-methods.ts';
export type { Overhead } from './experiments/comparison-job.ts';
export { comparisonMarkdown } from './experiments/comparison-job.ts';
export type { ExecutorSettings } from './experiments/executors/executors.ts';
export type { TaskMaps } from './experiments/found-structures.ts';
export { type ProbabilityMaps, probabilityMaps } from './experiments/found-structures.ts';
export { type ComparedMethod, comparedMethods } from './experiments/methods.ts';
export type { ExperimentProgress } from './experiments/run-cells.ts';
export type { ExportedTask } from './export/description.ts';
export type { DownloadProgress } from './hub/download.ts';
export type { DownloadOptions } from './hub/snapshot.ts';
export type { Draft, OwnTask } from './jobs/draft-job.ts';
export type { EvaluationOutcome } from './jobs/evaluate-job.ts';
export type { ExportJobOptions } from './jobs/export-job.ts';
export type { JobContext } from './jobs/job-events.ts';
export type { LoadedTuned } from './jobs/load-tuned.ts';
export type { AnsweredInput } from './jobs/predict-job.ts';
export type { ReportOptions } from './jobs/report-job.ts';
export { readDelta, writeDelta } from './library/delta-file.ts';
export type { TaskDescription } from './library/encode-task.ts';
export type { ExportOptions } from './library/export-model.ts';
export type { Answer, AnswerEachOptions, PredictOptions, Question } from './library/predict.ts';
export type { StopContext } from './library/run-to-end.ts';
export type { AnswerOptions, DetailedScore, ScoredSplit, Scoring } from './library/scoring.ts';
export type { Check } from './machine/checks.ts';
export type { DeviceChoiceOptions, DeviceReport } from './machine/choose-device.ts';
export type { MachineReport } from './machine/doctor.ts';
export type { Metric, Target, TargetSet } from './metrics/metric.ts';
export { majorityScore, mostFrequentAnswer } from './metrics/metric.ts';
export { metrics } from './metrics/metrics.ts';
export type { AnswerKind } from './models/codec.ts';
export {
  type Choosing,
  type Codec,
  type CodecOptions,
  type CodedTask,
  encodeExamples,
  type InferenceInput,
  type Label,
  type Reading,
  type Writing,
} from './models/codec.ts';
export { type Families, families } from './models/families.ts';
export type { Family } from './models/model.ts';
export type { Weight, Weights } from './models/read-weight.ts';
export type { MemoryOption } from './plan/memory-options.ts';
export type { PlanOptions, StagePlan } from './plan/plan.ts';
export { type ComparedRun, type ComparisonRow, compareRuns } from './report/comparison.ts';
export type { HeatMapModule } from './report/heat-map.ts';
export type { SearchMoment } from './report/run-view.ts';
export { type MetricsLine, readMetrics, type StageName } from './runs/metrics-log.ts';
export type { Scores, StageResources } from './runs/result.ts';
export type { RunFolder } from './runs/run-folder.ts';
export type { StandaloneGraphs } from './runtime/program-graphs.ts';
export type { CompileSettings, SessionSettings } from './runtime/session.ts';
export {
  atBudget,
  type ChoiceOptions,
  chooseStructure,
  meanStructure,
  spreadOfProbability,
} from './search/choose-structure.ts';
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
export type { EstimatorOptions, GateEstimator, GateSample, L0Options } from './search/strategies/bilevel/estimators.ts';
export {
  type AlphaGradient,
  alphaGradients,
  binaryConcrete,
  binaryConcreteGradient,
  createConcreteEstimator,
  createHardConcreteEstimator,
  createStraightThroughEstimator,
  type EstimatorName,
  estimators,
  hardConcrete,
  hardConcreteGradient,
  openProbability,
  shiftedLogits,
  sigmoid,
  solveShift,
} from './search/strategies/bilevel/estimators.ts';
export {
  type BiLevelOrder,
  type MixedDerivative,
  type MixedDerivativePoint,
  mixedDerivatives,
  stepEvaluations,
} from './search/strategies/bilevel/step-orders.ts';
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
export type { RunServer, ServeOptions } from './serve/server.ts';
export { type BudgetOptions, type Cost, checkBudget, fillBudget, parseBudget } from './structure/budget.ts';
export { listManualModules, manualMethods } from './structure/built-in-methods.ts';
export { evenLora } from './structure/even-lora.ts';
export { mapStructure } from './structure/map-structure.ts';
export { type Attempt, type Method, type MethodProblem, manual } from './structure/method.ts';
export { randomStructure } from './structure/random-structure.ts';
export {
  type CandidateRule,
  innerBlocks,
  innerLinears,
  listCandidates,
  listSpace,
  norms,
  type Space,
  spaces,
} from './structure/spaces.ts';
export { type Choice, createStructure, keptModules, type ModuleRecord } from './structure/structure-file.ts';
export type { DataOptions, OriginalSplits } from './tasks/tasks.ts';
export type { CheckpointState, CheckpointStore } from './training/checkpoint.ts';
export type { EvaluationEvent, LoopContext } from './training/loop.ts';
export { rateOfTraining } from './training/rates.ts';
export type { StageConfig } from './training/stage.ts';
export { countEvaluations, type StageCost, type StepBatch } from './training/stage.ts';
export { meanLoss, withMicroBatches } from './training/step-batches.ts';
export {
  type AdamWOptions,
  adamwStep,
  copyMoments,
  createMoments,
  linearDecay,
  type Moments,
} from './training/steps.ts';
export {
  type TuneEvent,
  type TuneOptions,
  type TuneProblem,
  type TuneResult,
  tune as tuneProgram,
} from './training/tune-program.ts';
