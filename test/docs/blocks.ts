/** One command line of a document, and what the document says it prints where it fails. */
export interface ShownCommand {
  /** Line of the document, from 1. */
  readonly line: number;
  readonly text: string;
  /** The whole of stderr: a \`\`\`text block under the command that begins with `error: `. */
  readonly failure?: string;
}

const fence = /^```(\w+)?(.*)\n([\s\S]*?)^```$/gm;

/** Every command in the \`\`\`sh blocks of a Markdown document, in order, without comments; continued lines are joined. */
export function shownCommands(markdown: string): ShownCommand[] {
  const blocks = [...markdown.matchAll(fence)].map(match => ({
    language: match[1],
    more: match[2]!.trim(),
    content: match[3]!,
    line: markdown.slice(0, match.index).split('\n').length + 1,
  }));
  return blocks.flatMap(({ language, more, content, line: first }, i) => {
    if (language !== 'sh') return [];
    if (more !== '') throw new Error(`line ${first - 1}: a block of commands is run, whatever is written beside it`);
    const commands = joinContinued(content, first).filter(({ text }) => text !== '');
    const next = blocks[i + 1];
    const fails = next?.language === 'text' && next.content.startsWith('error: ');
    return commands.map((command, place) =>
      fails && place === commands.length - 1 ? { ...command, failure: next.content } : command,
    );
  });
}

function joinContinued(content: string, first: number): ShownCommand[] {
  const commands: ShownCommand[] = [];
  for (const [offset, raw] of content.split('\n').entries()) {
    const text = withoutComment(raw);
    const before = commands.at(-1);
    if (before?.text.endsWith('\\')) {
      commands[commands.length - 1] = { ...before, text: `${before.text.slice(0, -1).trimEnd()} ${text}` };
    } else {
      commands.push({ line: first + offset, text });
    }
  }
  return commands;
}

function withoutComment(text: string): string {
  const [code] = /^(?:'[^']*'|"[^"]*"|(?!(?:^|\s)#\s).)*/.exec(text)!;
  return code.trim();
}

/** A command line cut into words: quoted ones keep their spaces. Undefined where only a shell can run it. */
export function words(text: string): string[] | undefined {
  const pieces = [...text.matchAll(/'([^']*)'|"([^"]*)"|([^\s'"]+)/g)];
  if (pieces.some(([, , , plain]) => plain !== undefined && /[|<>&;$`*]/.test(plain))) return undefined;
  return pieces.map(([, single, double, plain]) => single ?? double ?? plain!);
}
