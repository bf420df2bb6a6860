import { examineMachine } from '../../machine/doctor.ts';
import type { Command } from '../command.ts';

const marks = { ok: '✓', missing: '–', failed: '✗' } as const;

export const doctor: Command = {
  description: 'Say what works on this machine, what is missing, and how to mend it',
  args: {},
  async run() {
    const report = await examineMachine();
    const { s3delta, platform, ready, checks } = report;
    const width = Math.max(...checks.map(({ name }) => name.length));
    const lines = checks.flatMap(({ name, status, found, remedy }) => [
      `${marks[status]} ${name.padEnd(width)}  ${found}`,
      ...(remedy === undefined ? [] : [`  ${' '.repeat(width)}  → ${remedy}`]),
    ]);
    const verdict = ready ? 'the main job can run here' : 'the main job cannot run here: mend what is marked ✗';
    return {
      document: report,
      lines: [`s3delta ${s3delta} on ${platform}`, '', ...lines, '', verdict],
      exitCode: ready ? 0 : 1,
    };
  },
};
