import type { Model } from '../../src/index.ts';
import {
  type BiLevelState,
  biLevelStep,
  chooseStructure,
  createMoments,
  type DeltaModule,
  estimators,
  fillUniform,
  linearDecay,
  listSpace,
  parseBudget,
  type Trainable,
  withMicroBatches,
} from '../../src/research.ts';
import { roleOf, type SearchCell } from './cells.ts';
import { probabilities, rateRules } from './rates.ts';
import { batches, type EvidenceData, halves } from './task-data.ts';

const CLIP = 2;
const MOMENTS = 10;

/** What is kept of a tenth of a search. */
export interface Moment {
  readonly step: number;
  readonly rate: number;
  readonly loss: number;
  readonly alphaLoss: number;
  /** Mean of Σ zᵢ·∂L_α/∂zᵢ: above 0, all that is open does harm, and the weights have overshot. */
  readonly overshoot: number;
  /** What would be kept now. */
  readonly kept: readonly string[];
  /** The next in α's order that was not kept. */
  readonly runnerUp: string;
  /** Share of candidates whose p lies within 0.1 to 0.9. */
  readonly undecided: number;
}

export interface SearchOutcome {
  readonly modules: readonly string[];
  readonly parameters: number;
  readonly alpha: Readonly<Record<string, number>>;
  /** Mean α of each role (`lora:v`), which tells what a search prefers. */
  readonly roles: Readonly<Record<string, number>>;
  readonly moments: readonly Moment[];
  readonly evaluations: number;
}

/** Tells of each evaluation's Σ zᵢ·∂L/∂zᵢ; the first of a step is L_α's where the order is the first. */
function watchGates(program: Trainable, seen: (harm: number) => void): Trainable {
  return {
    ...program,
    async lossAndGradients(batch, delta, gates) {
      const result = await program.lossAndGradients(batch, delta, gates);
      if (gates) seen(result.gates.reduce((sum, gradient, i) => sum + gradient * gates[i]!, 0));
      return result;
    },
  };
}

/** A search as the program does it, but for the weights' rate, which follows a rule. The last α counts. */
export async function runSearch(model: Model, data: EvidenceData, cell: SearchCell): Promise<SearchOutcome> {
  const { seed, steps, order } = cell;
  const budget = parseBudget(cell.budget, model.parameters);
  const mayBeKept = ({ parameters, inert }: DeltaModule) => parameters <= budget && !inert;
  const space = listSpace(model.sites, 'mixed');
  const modules = cell.candidates === 'fitting' ? space.filter(mayBeKept) : space;
  const counts = modules.map(({ parameters }) => parameters);
  const uniforms = (step: number) => fillUniform(new Float64Array(counts.length), seed, 'evidence/gates', step);
  const estimator = estimators.concrete({ counts, budget, gradient: 'global', tau: 1, beta: 1, uniforms });
  const compiled = await model.compile(modules);
  let harms: number[] = [];
  const program = watchGates(withMicroBatches(compiled), harm => harms.push(harm));
  try {
    const { delta: deltaRows, alpha: alphaRows } = halves(data.train, seed);
    const deltaBatches = batches(deltaRows, 16, seed, 'evidence/delta');
    const alphaBatches = batches(alphaRows, 16, seed, 'evidence/alpha');
    const delta = compiled.initialDelta(seed);
    const alpha = new Float64Array(modules.length);
    const state: BiLevelState = {
      delta,
      deltaMoments: createMoments(delta),
      alpha,
      alphaMoments: createMoments(alpha),
    };
    const keptAt = () => chooseStructure(alpha, modules, { budget, keepInert: false });
    const moments: Moment[] = [];
    const past: number[] = [];
    let [loss, alphaLoss, overshoot, evaluations, since, rateSum] = [0, 0, 0, 0, 0, 0];
    for (let step = 0; step < steps; step++) {
      const share = rateRules[cell.rule]({ alpha, counts, budget, step, steps, harms: past });
      const rate = linearDecay(cell.rate * share, step, steps);
      harms = [];
      const report = await biLevelStep(state, deltaBatches.next().value!, alphaBatches.next().value!, {
        program,
        estimator,
        order,
        learningRate: rate,
        alphaLearningRate: linearDecay(cell.alphaRate, step, steps),
        clipNorm: CLIP,
        step,
      });
      loss += report.loss;
      alphaLoss += report.alphaLoss;
      past.push(harms[order === 'first' ? 0 : 1]!);
      overshoot += past.at(-1)!;
      rateSum += rate;
      evaluations += report.evaluations;
      since += 1;
      if (((step + 1) * MOMENTS) % steps >= MOMENTS) continue;
      const kept = keptAt();
      const byAlpha = modules.map((_, i) => i).sort((a, b) => alpha[b]! - alpha[a]!);
      const p = probabilities(alpha, counts, budget);
      moments.push({
        step: step + 1,
        rate: rateSum / since,
        loss: loss / since,
        alphaLoss: alphaLoss / since,
        overshoot: overshoot / since,
        kept: modules.filter((_, i) => kept[i]).map(({ id }) => id),
        runnerUp: modules[byAlpha.find(i => !kept[i] && !modules[i]!.inert)!]!.id,
        undecided: p.filter(value => value > 0.1 && value < 0.9).length / p.length,
      });
      [loss, alphaLoss, overshoot, since, rateSum] = [0, 0, 0, 0, 0];
    }
    const kept = keptAt();
    const byRole = Object.entries(
      Object.groupBy(
        modules.map(({ id }, i) => ({ role: roleOf(id), alpha: alpha[i]! })),
        m => m.role,
      ),
    );
    return {
      modules: modules.filter((_, i) => kept[i]).map(({ id }) => id),
      parameters: modules.reduce((sum, { parameters }, i) => sum + (kept[i] ? parameters : 0), 0),
      alpha: Object.fromEntries(modules.map(({ id }, i) => [id, Number(alpha[i]!.toFixed(3))])),
      roles: Object.fromEntries(
        byRole.map(([role, members]) => [
          role,
          Number((members!.reduce((s, m) => s + m.alpha, 0) / members!.length).toFixed(2)),
        ]),
      ),
      moments,
      evaluations,
    };
  } finally {
    await compiled.release();
  }
}
