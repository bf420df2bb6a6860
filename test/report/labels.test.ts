import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Place, roleNames, roles } from '../../src/core/site.ts';
import { layerLabels, roleLabel } from '../../src/report/labels.ts';
import { gatedSites, largeSites } from '../structure/t5-large.ts';

test('every role has a name of its own', () => {
  const names = roleNames.map(role => roleLabel({ role, name: 'a.dense' }));
  assert.equal(new Set(names).size, roleNames.length);
  assert.ok(names.every(name => name.length > 0 && name.length <= 16));
});

test('feed-forward maps are called as their family calls them, unless that says nothing', () => {
  const feedForward = (sites: typeof largeSites) =>
    sites.filter(({ role, place }) => /^feed-forward\.(in|gate|out)$/.test(role) && place.layer === 0).map(roleLabel);
  assert.deepEqual(feedForward(largeSites), ['FFN.Wi', 'FFN.Wo', 'FFN.Wi', 'FFN.Wo']);
  assert.deepEqual(feedForward(gatedSites).slice(0, 3), ['FFN.Wi_0', 'FFN.Wi_1', 'FFN.Wo']);
  assert.equal(roleLabel({ role: 'feed-forward.gate', name: 'model.layers.3.mlp.gate_proj' }), 'FFN.Gate_proj');
  assert.equal(roleLabel({ role: 'feed-forward.in', name: 'encoder.layer.3.intermediate.dense' }), 'FFN.In');
  assert.equal(roleLabel({ role: 'feed-forward.out', name: 'encoder.layer.3.output.dense' }), 'FFN.Out');
});

test('a layer has the letter of its stack where there are two', () => {
  const place = (stack: Place['stack'], layer: number): Place => ({ stack, layer });
  const both = layerLabels([place('encoder', 0), place('decoder', 0)]);
  assert.deepEqual([both(place('encoder', 10)), both(place('decoder', 3))], ['E.10', 'D.3']);
  assert.equal(layerLabels([place('decoder', 0), place('decoder', 1)])(place('decoder', 1)), '1');
});

test('a T5’s sites have the host of their role, and a role once in a layer', () => {
  for (const sites of [largeSites, gatedSites]) {
    assert.ok(sites.every(({ role, host }) => roles[role] === host));
    const places = sites.map(({ role, place }) => `${place.stack} ${place.layer} ${role}`);
    assert.equal(new Set(places).size, sites.length);
  }
});
