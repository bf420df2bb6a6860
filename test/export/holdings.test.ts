import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputError } from '../../src/core/errors.ts';
import { createModule, deltaNamed } from '../../src/deltas/kinds.ts';
import { exportAdvice, exporters, holdingsOf, obstacles } from '../../src/export/formats.ts';
import { listManualModules } from '../../src/structure/built-in-methods.ts';
import { listSpace } from '../../src/structure/spaces.ts';
import { loadTiny } from './support.ts';

const model = await loadTiny('tiny-t5');

test('of the default space only ONNX holds everything; the others are told with kinds and sites', () => {
  const candidates = listSpace(model.sites, 'mixed');
  const holdings = holdingsOf(candidates, exporters);
  assert.deepEqual(
    holdings.map(({ format }) => format),
    Object.keys(exporters),
  );
  const [onnx, safetensors, peft] = holdings;
  assert.equal(obstacles(onnx!), '');
  assert.deepEqual(safetensors!.holds.toSorted(), ['lnfit', 'lora']);
  // What is told is what the exporters refuse.
  for (const { format, holds, lacks } of [safetensors!, peft!]) {
    const { check } = exporters[format]!;
    for (const module of candidates) {
      if (holds.includes(module.kind)) check([module]);
      else if (lacks.some(each => each.kind === module.kind && each.candidates === each.of)) {
        assert.throws(() => check([module]), InputError);
      }
    }
  }
  const advice = exportAdvice(holdings)!;
  assert.match(
    advice,
    /^any structure found here can be exported as onnx; as safetensors or peft not with .*bitfit \(all \d+ sites\)/,
  );
});

test('a space that every form holds needs no words', () => {
  const candidates = listManualModules(model.sites, 'lora');
  assert.equal(exportAdvice(holdingsOf(candidates, exporters)), undefined);
});

test('kinds that a form holds one at a time are told', () => {
  const scaled = model.sites.filter(deltaNamed('ia3').hosts).map(site => createModule(site, 'ia3'));
  const both = [...listManualModules(model.sites, 'lora'), ...scaled];
  const peft = holdingsOf(both, exporters).find(({ format }) => format === 'peft')!;
  assert.deepEqual([peft.holds, peft.lacks], [['lora', 'ia3'], []]);
  assert.match(obstacles(peft), /one adapter of PEFT cannot hold both lora at .* and ia3 at /);
});
