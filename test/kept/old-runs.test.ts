import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AnsweredInput } from '../../src/jobs/predict-job.ts';
import type { RunView } from '../../src/report/run-view.ts';
import { runFolder } from '../../src/runs/run-folder.ts';
import { readHistory, repairHistory } from '../../src/runs/search-history.ts';
import { type RunServer, serveRuns } from '../../src/serve/server.ts';
import { readStructure } from '../../src/structure/structure-file.ts';
import { runCli } from '../cli/support.ts';

/**
 * Folders as version 0.1.0 wrote them, with structures and a history of version 1: whatever is done with a run can be
 * done with them.
 */
const root = mkdtempSync(join(tmpdir(), 's3delta-old-'));
cpSync(fileURLToPath(new URL('../fixtures/runs-v1', import.meta.url)), root, { recursive: true });

/** What of them the forms of export can hold. */
const runs = { search: 'onnx', 'tuned-lora': 'peft', adapter: 'onnx' } as const;
const names = Object.keys(runs) as (keyof typeof runs)[];

interface Version1 {
  readonly modules: readonly {
    readonly site: string;
    readonly column: string;
    readonly position: string;
    readonly kept: boolean;
    readonly alpha: number | null;
    readonly p: number | null;
  }[];
}
const version1 = (name: string) => JSON.parse(readFileSync(join(root, name, 'structure.json'), 'utf8')) as Version1;

const answerOf = (stdout: string) => (JSON.parse(stdout) as { predictions: readonly [AnsweredInput] }).predictions[0];

let server: RunServer;
before(async () => {
  server = await serveRuns({ folder: root });
});
after(() => server.close());

for (const name of names) {
  test(`${name}: its structure reads as one of today, place and role for column and position`, async () => {
    const structure = await readStructure(join(root, name, 'structure.json'));
    const then = version1(name).modules;
    assert.equal(structure.version, 2);
    assert.equal(structure.modules.length, then.length);
    for (const [i, { site, role, place, kept, worth, p }] of structure.modules.entries()) {
      const { column, position, ...same } = then[i]!;
      // What was α is what the search thinks a module worth.
      assert.deepEqual([site, kept, worth, p], [same.site, same.kept, same.alpha, same.p]);
      assert.equal(`${place.stack[0]!.toUpperCase()}.${place.layer}`, column);
      assert.equal(site.startsWith(place.stack), true);
      const [, sublayer, part] = /(SelfAttention|DenseReluDense|layer_norm)(?:\.(\w+))?$/.exec(site)!;
      if (sublayer === 'DenseReluDense')
        assert.equal(role, { wi: 'feed-forward.in', wo: 'feed-forward.out' }[part!] ?? 'feed-forward');
      if (sublayer === 'layer_norm') assert.match(role, /norm$/, position);
    }
  });

  test(`${name}: report draws it`, async () => {
    const { exitCode, stdout, stderr } = await runCli(['report', join(root, name)], root);
    assert.equal(exitCode, 0, stderr + stdout);
    const page = readFileSync(join(root, name, 'report.html'), 'utf8');
    for (const { column } of version1(name).modules) assert.ok(page.includes(`>${column}</text>`), column);
    assert.ok(page.includes(name === 'adapter' ? 'FFN Adapter' : 'SelfAttn.Q LoRA'));
  });

  test(`${name}: serve shows it`, async () => {
    const answer = await fetch(new URL(`api/run?id=${name}`, server.url));
    const view = (await answer.json()) as RunView;
    assert.equal(answer.status, 200, JSON.stringify(view));
    const then = version1(name).modules;
    assert.deepEqual(
      view.modules.map(({ layer, position, kept }) => ({ layer, position, kept })),
      then.map(({ column, position, kept }) => ({ layer: column, position, kept })),
    );
    assert.equal(view.moments.length > 0, name === 'search');
  });

  test(`${name}: predict answers with it, and with its export`, async () => {
    const text = JSON.stringify({ subject: 'You have won!', body: 'Call now to claim your free prize.' });
    const asked = await runCli(['predict', join(root, name), text, '--json'], root);
    assert.equal(asked.exitCode, 0, asked.stderr);
    const { label, probability } = answerOf(asked.stdout);
    assert.ok(['spam', 'ham'].includes(label!), label);
    assert.ok(probability! >= 0.5 && probability! <= 1);

    const form = runs[name];
    const exported = await runCli(['export', join(root, name), '--format', form, '--out', `exported-${name}`], root);
    assert.equal(exported.exitCode, 0, exported.stderr);
    const folder = join(root, `exported-${name}`);
    assert.ok(existsSync(join(folder, 's3delta.json')));
    if (form !== 'onnx') return;
    const again = await runCli(['predict', folder, text, '--json'], root);
    assert.equal(again.exitCode, 0, again.stderr);
    const other = answerOf(again.stdout);
    assert.equal(other.label, label);
    assert.ok(Math.abs(other.probability! - probability!) < 1e-3);
  });
}

test('a history of version 1 goes on as one of today', async () => {
  const file = join(root, 'history.jsonl');
  cpSync(runFolder(join(root, 'search')).history, file);
  const before = readHistory(file)!;
  assert.deepEqual(
    before.candidates.map(({ site }) => site),
    version1('search').modules.map(({ site }) => site),
  );
  assert.ok(before.lines.length > 0);
  await repairHistory(file);
  const [opening] = readFileSync(file, 'utf8').split('\n');
  assert.match(opening!, /^\{"version":2,/);
  assert.doesNotMatch(opening!, /"column"|"position"/);
  assert.deepEqual(readHistory(file), before);
});

test('what is of no known version is refused, with what is', async () => {
  const { modules, ...rest } = version1('adapter');
  const structure = join(root, 'later.json');
  const history = join(root, 'later.jsonl');
  const refused = (message: RegExp, remedy: RegExp) => (error: { message: string; remedy: string; where: string }) => {
    assert.match(error.message, message);
    assert.match(error.remedy, remedy);
    return error.where === structure || error.where === history;
  };
  writeFileSync(structure, JSON.stringify({ ...rest, version: 3, modules }));
  await assert.rejects(readStructure(structure), refused(/version 3, where 2 and 1 can be read/, /version of s3delta/));
  writeFileSync(structure, JSON.stringify({ ...rest, modules: [{ ...modules[0], position: 'SelfAttn.Z' }] }));
  await assert.rejects(
    readStructure(structure),
    refused(/position of version 1 "SelfAttn\.Z"/, /did you mean "SelfAttn/),
  );
  writeFileSync(structure, JSON.stringify({ ...rest, modules: [{ ...modules[0], column: 'F.1' }] }));
  await assert.rejects(readStructure(structure), refused(/"F\.1" is no column of version 1/, /search again/));
  writeFileSync(history, '{"version":3,"budget":1,"keepInert":false,"candidates":[]}\n');
  assert.throws(() => readHistory(history), refused(/version 3, where 2 and 1 can be read/, /version of s3delta/));
});
