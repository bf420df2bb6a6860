/** The command line that goes on where this one was stopped. */
export function resumeCommand(rawArgs: readonly string[]): string {
  const resume = rawArgs.includes('--resume') ? [] : ['--resume'];
  return ['s3delta', ...rawArgs, ...resume].map(quote).join(' ');
}

/** Quotes what a shell would split or expand. */
function quote(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
