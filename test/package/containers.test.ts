import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { argsOf } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/commands.ts';
import { parseArguments } from '../../src/cli/parse.ts';
import { secretVariables } from '../../src/experiments/queue/database.ts';

// No container can be started by tests: what their files say is held against what the program takes.

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string) => readFileSync(join(root, file), 'utf8');

interface Service {
  readonly command?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, unknown>>;
}

function assertCommand([name, ...args]: readonly string[]): void {
  const command = commands[name!];
  assert.ok(command, `${name} is no command`);
  parseArguments(args, argsOf(command));
}

test('compose.yaml starts commands there are, with passwords of .env that stand in no argument', () => {
  const { services } = parse(read('compose.yaml'), { merge: true }) as { services: Record<string, Service> };
  assert.deepEqual(Object.keys(services).sort(), ['database', 'page', 'queue', 'worker']);
  for (const { command, environment, depends_on = {} } of Object.values(services)) {
    if (command) assertCommand(command);
    for (const other of Object.keys(depends_on)) assert.ok(other in services, other);
    for (const [key, value] of Object.entries(environment)) {
      if (/PASSWORD/.test(key)) assert.match(value, /^\$\{S3DELTA_\w*PASSWORD[:}]/);
      if (/^(S3DELTA|PGPASSWORD)/.test(key)) assert.ok((secretVariables as readonly string[]).includes(key), key);
      if (key === 'S3DELTA_QUEUE') assert.match(value, /^postgres:\/\/\w+@database\/s3delta$/);
    }
  }
});

test('the manifest of Kubernetes starts workers, and refers to what it names', () => {
  const all = parseAllDocuments(read('deploy/kubernetes.yaml')).map(document => document.toJS());
  const [deployment, scaler, authentication] = all;
  const { containers, volumes } = deployment.spec.template.spec;
  for (const { args, volumeMounts } of containers) {
    assertCommand(args);
    for (const { name } of volumeMounts) assert.ok(volumes.some((volume: { name: string }) => volume.name === name));
  }
  assert.equal(scaler.spec.scaleTargetRef.name, deployment.metadata.name);
  assert.equal(scaler.spec.triggers[0].authenticationRef.name, authentication.metadata.name);
});

test('the Dockerfile copies what there is, keeps what the program needs at its side, and ends as no root', () => {
  const lines = read('Dockerfile').split('\n');
  const copied = lines.flatMap(line => /^COPY --from=build \/build\/(\S+) /.exec(line)?.[1] ?? []);
  for (const path of copied.filter(path => path !== 'dist' && path !== 'node_modules')) {
    assert.ok(existsSync(join(root, path)), path);
  }
  const ignored = read('.dockerignore').split('\n');
  for (const path of ['src', 'bin', 'models', 'schema', 'package-lock.json', 'tsconfig.build.json', 'tools']) {
    assert.ok(!ignored.includes(path), path);
  }
  const { user } = /^USER (?<user>\d+)/m.exec(lines.join('\n'))!.groups!;
  const { runAsUser } = parseAllDocuments(read('deploy/kubernetes.yaml'))[0]!.toJS().spec.template.spec.securityContext;
  assert.equal(Number(user), runAsUser);
});
