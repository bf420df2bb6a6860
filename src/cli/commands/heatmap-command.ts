import { readHeatMaps, writeHeatMaps } from '../../experiments/heat-maps.ts';
import { heatMap } from '../../report/heat-map.ts';
import { heatMapLines } from '../../report/heat-map-terminal.ts';
import type { Command } from '../command.ts';
import { readSettings, settingsArgs } from '../settings-args.ts';

const keys = ['space', 'out'] as const;

export const heatmap: Command = {
  description: 'Show what searches think of each module: mean and spread of p, task by task',
  examples: {
    runs: 'all searches below a folder',
    'runs/rte,runs/mrpc --out maps': 'two runs, and pictures',
  },
  args: catalogue => ({
    runs: {
      type: 'positional',
      required: true,
      description: 'run folders, or folders of runs, with commas between them',
    },
    ...settingsArgs(keys, catalogue),
    out: {
      type: 'string',
      valueHint: 'FOLDER',
      description: 'where to write the pictures (default: none are written)',
    },
  }),
  async run(args, { colour, lightGround, catalogue }) {
    const { space, out } = readSettings(args, keys, catalogue);
    const maps = await readHeatMaps(String(args.runs).split(','), space);
    const files = out === undefined ? [] : await writeHeatMaps(out, maps);
    const lines = maps.flatMap(({ task, searches, mean, spread, keptBy: kept }) => [
      `${task}, ${searches} search${searches === 1 ? '' : 'es'}`,
      ...heatMapLines(heatMap(mean), { colour, lightGround, quantity: 'mean p', kept }),
      ...(searches > 1 ? heatMapLines(heatMap(spread), { colour, lightGround, quantity: 'sd of p' }) : []),
      '',
    ]);
    return { document: { maps, files }, lines: [...lines, ...files] };
  },
};
