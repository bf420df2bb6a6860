import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Component {
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly hashes?: readonly object[];
}

const { jobs } = parse(read('.github/workflows/release.yml')) as {
  readonly jobs: { readonly publish: { readonly steps: readonly Step[]; readonly permissions: object } };
};
const { steps, permissions } = jobs.publish;
const place = (words: RegExp) => steps.findIndex(({ run = '' }) => words.test(run));

test('a release is checked before it is published, with provenance, and by no token', () => {
  assert.deepEqual(permissions, { contents: 'write', 'id-token': 'write' });
  const published = place(/^npm publish --provenance /m);
  for (const before of [/^\.ci\/run$/, /^npm audit --omit=dev/, /^npm sbom .*> \.\.\/s3delta\.cdx\.json$/m]) {
    assert.ok(place(before) !== -1 && place(before) < published, String(before));
  }
  assert.ok(existsSync(join(root, '.ci/run')));
  assert.ok(!/secrets\./.test(read('.github/workflows/release.yml')));
});

test('the list of what a package is made of names each dependency with version and hash, and none of development', () => {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-release-'));
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(join(root, name), join(folder, name));
  execFileSync('bash', ['-ec', steps[place(/^npm sbom/m)]!.run!], { cwd: folder });
  const written = readFileSync(join(folder, 's3delta.cdx.json'), 'utf8');
  const { bomFormat, components } = JSON.parse(written) as { bomFormat: string; components: Component[] };
  assert.equal(bomFormat, 'CycloneDX');
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const named = new Map(components.map(each => [each.name, each]));
  for (const name of Object.keys(dependencies!)) {
    const component = named.get(name) ?? named.get(name.split('/').at(-1)!);
    assert.match(component?.version ?? 'missing', /^\d+\.\d+\.\d+/, name);
    assert.ok(component?.hashes?.length, name);
  }
  for (const name of Object.keys(devDependencies!)) assert.ok(!named.has(name), name);
});
