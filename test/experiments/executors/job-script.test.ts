import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ExperimentSettings } from '../../../src/config/experiment-settings.ts';
import { InputError } from '../../../src/core/errors.ts';
import { comparisonWork, rehearsePlan } from '../../../src/experiments/compare-methods.ts';
import { jobScript } from '../../../src/experiments/executors/slurm/array-files.ts';
import { experimentWorkspace } from '../support.ts';

// What is handed to Slurm, looked at without Slurm: its commands are scripts that say what they are asked to.
const path = process.env.PATH;
after(() => {
  process.env.PATH = path;
});

function pretendSlurm(commands: Readonly<Record<string, string>>): void {
  const folder = mkdtempSync(join(tmpdir(), 's3delta-commands-'));
  for (const [name, says] of Object.entries(commands)) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho '${says}'\n`);
    chmodSync(join(folder, name), 0o755);
  }
  process.env.PATH = folder;
}

const cluster = { sbatch: 'slurm 22.05.8', sinfo: 'short long', scontrol: 'MaxArraySize            = 3' };
const space = experimentWorkspace();
const given: ExperimentSettings = { ...space.settings, task: [space.films], methods: ['lora'], seeds: [0, 1, 2, 3] };

function rehearse(settings: ExperimentSettings, executor: Record<string, unknown>, out = space.out('dry')) {
  const told: string[] = [];
  const options = { out, executor: { executor: 'slurm', ...executor } };
  return rehearsePlan(comparisonWork(settings, options), options, text => told.push(text)).then(lines => ({
    lines,
    told,
  }));
}

test('a dry run gives the scripts, as many as the cells need arrays, and touches nothing', async () => {
  pretendSlurm(cluster);
  const { lines } = await rehearse(given, {
    ...{ partition: 'long', time: '2:00:00', memory: '3GB', gpus: '1', cpus: '4' },
    ...{ 'at-most': '2', 'slurm-args': '--account=me --qos=slow' },
  });
  assert.equal(lines.length, 2);
  const [first, second] = lines.map(line => line.replaceAll(/s3delta-0[\w-]{17}/g, 'NAME')) as [string, string];
  const slurm = join(space.out('dry'), 'slurm', 'NAME');
  const [script, command, end] = first.split(/^(exec .*)$/m) as [string, string, string];
  assert.equal(
    script,
    `#!/bin/sh
#SBATCH --job-name=NAME
#SBATCH --array=0-2%2
#SBATCH --partition=long
#SBATCH --time=2:00:00
#SBATCH --cpus-per-task=4
#SBATCH --mem=2862M
#SBATCH --gpus=1
#SBATCH --signal=B:USR1@60
#SBATCH --open-mode=append
#SBATCH --chdir=${process.cwd()}
#SBATCH --output=${slurm}-%a.log
#SBATCH --requeue
#SBATCH --account=me --qos=slow
`,
  );
  assert.match(command, /^exec \S*node\S* \S+slurm-task\.[jt]s \S+\.jsonl "\$SLURM_ARRAY_TASK_ID"$/);
  assert.equal(end, '\n');
  assert.match(second, /^#SBATCH --array=0-0%2$/m);
  assert.equal(existsSync(space.out('dry')), false);
});

test('where nothing is said, memory is what the plan says, with room, and processors are few', async () => {
  pretendSlurm(cluster);
  const { lines, told } = await rehearse(given, {});
  const [, memory] = /--mem=(\d+)M/.exec(lines[0]!) ?? [];
  assert.ok(Number(memory) > 100 && Number(memory) < 2000, memory);
  assert.match(told.join(), /memory a run, by its plan; --memory says otherwise/);
  assert.match(lines[0]!, /--cpus-per-task=1$/m, 'the threads that are given');
  const { lines: usual } = await rehearse({ ...given, threads: undefined }, {});
  assert.match(usual[0]!, /--cpus-per-task=2$/m);
});

test('the device that is named is that of the nodes, not of this machine; which is fastest there cannot be measured', async () => {
  pretendSlurm(cluster);
  const { lines } = await rehearse({ ...given, device: 'cuda' }, { memory: '1GB' });
  assert.equal(lines.length, 2);
  await assert.rejects(
    rehearse({ ...given, device: 'auto' }, { memory: '1GB' }),
    (error: InputError) => error instanceof InputError && error.where === '--device',
  );
});

test('paths with spaces, quotes and per cents are one word for sbatch and for the shell', () => {
  const script = jobScript({
    ...{ name: 'a', tasks: 1, resources: { cpus: 1 }, folder: '/my "own" folder' },
    ...{ log: '/100%% mine/%a.log', command: ["/it's node", '/x y.js'] },
  });
  assert.match(script, /^#SBATCH --chdir="\/my \\"own\\" folder"$/m);
  assert.match(script, /^#SBATCH --output="\/100%% mine\/%a\.log"$/m);
  assert.match(script, /^exec '\/it'\\''s node' '\/x y\.js' "\$SLURM_ARRAY_TASK_ID"$/m);
  assert.throws(
    () =>
      jobScript({
        name: 'a',
        tasks: 1,
        resources: { cpus: 1, extra: 'x\nrm -r /' },
        folder: '/',
        log: '',
        command: [],
      }),
    InputError,
  );
});

for (const [what, commands, executor, says, remedy] of [
  ['no sbatch on the path', {}, {}, /no `sbatch` on the path/, /login node/],
  ['a partition that there is not', cluster, { partition: 'lnog' }, /no partition `lnog`/, /`long`.*short, long/],
  ['no amount of memory', cluster, { memory: 'much' }, /"much"/, /4GB/],
  ['an option of another executor', cluster, { processes: 2 }, /`processes` is an option of the executor here/, /here/],
] as const) {
  test(`${what} is refused before a file is touched`, async () => {
    pretendSlurm(commands);
    await assert.rejects(rehearse(given, executor, space.out('none')), (error: InputError) => {
      assert.ok(error instanceof InputError, String(error));
      assert.match(error.message, says);
      assert.match(error.remedy!, remedy);
      return true;
    });
    assert.equal(existsSync(space.out('none')), false);
  });
}
