import { unknownName } from '../../core/checked-values.ts';
import type { Command } from '../command.ts';
import { completionScript, isShell, shells } from '../reference/completion.ts';

export const completion: Command = {
  description: 'Print a script that teaches a shell to complete commands, flags and their values',
  examples: {
    bash: 'in ~/.bashrc: source <(s3delta completion bash)',
    zsh: 'in ~/.zshrc, after compinit: source <(s3delta completion zsh)',
    fish: 'in ~/.config/fish/config.fish: s3delta completion fish | source',
  },
  args: { shell: { type: 'positional', required: true, valueHint: shells.join('|'), description: shells.join(', ') } },
  async run({ shell }, { reference = {} }) {
    const name = String(shell);
    if (!isShell(name)) throw unknownName('shell', name, shells, 'SHELL');
    const script = completionScript(name, reference);
    return { document: { shell: name, script }, lines: [script] };
  },
};
