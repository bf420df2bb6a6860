import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../../src/core/errors.ts';
import { chooseStructure } from '../../../src/search/choose-structure.ts';
import { randomSearch } from '../../../src/search/strategies/random-search.ts';
import { randomStructure } from '../../../src/structure/random-structure.ts';
import { drain } from '../../training/toy-program.ts';
import { createToyProblem } from './toy-problem.ts';

test('the structure is the one that is drawn of this seed, and nothing is compiled', async () => {
  for (const [seed, budget] of [
    [0, 4],
    [1, 7],
    [2, 100],
  ] as const) {
    const { problem, compile, state } = createToyProblem({ budget }, [3, 1, 4, 1, 5, 9]);
    const own = { ...problem, stage: { ...problem.stage, seed } };
    const { events, result } = await drain(randomSearch.search(own, {}, compile, {}));
    const options = { budget, keepInert: false };
    assert.deepEqual(
      chooseStructure(result.worth, problem.candidates, options),
      randomStructure(problem.candidates, { ...options, seed }),
    );
    assert.deepEqual([events.length, state.compiled.length, result.evaluations], [0, 0, 0]);
    assert.equal(result.probabilities, undefined);
    assert.equal(randomSearch.cost(own, {}), undefined);
  }
});

test('a budget that holds no module is refused', async () => {
  const { problem, compile } = createToyProblem({ budget: 1 });
  await assert.rejects(drain(randomSearch.search(problem, {}, compile, {})), InputError);
});
