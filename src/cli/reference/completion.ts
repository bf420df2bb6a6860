import { bashScript } from './bash-completion.ts';
import { fishScript } from './fish-completion.ts';
import type { Reference } from './reference.ts';
import { zshScript } from './zsh-completion.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

type Shell = keyof typeof scripts;

/** Shells that can complete our arguments. */
export const shells = Object.keys(scripts) as Shell[];

/** Whether completion can be written for a shell of this name. */
export function isShell(name: string): name is Shell {
  return Object.hasOwn(scripts, name);
}

/** A script that teaches the shell to complete commands, their flags, and the values of which there are only some. */
export function completionScript(shell: Shell, reference: Reference): string {
  return scripts[shell](reference);
}
