/** What a terminal makes of what is written to it: characters, line feeds, the cursor up, erasing, hiding the cursor. */
export function fakeTerminal(columns: number, rows = 24) {
  let lines = [''];
  let row = 0;
  let column = 0;
  let wraps = 0;
  let cursorVisible = true;
  let colours = 0;

  function put(character: string): void {
    if (column === terminal.columns) {
      wraps += 1;
      newLine();
    }
    const line = lines[row]!.padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column += 1;
  }

  function newLine(): void {
    row += 1;
    column = 0;
    if (row === lines.length) lines.push('');
  }

  function control(sequence: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what a terminal reads.
    const [, digits = '', final] = /^\u001b\[\??(\d*)([A-Za-z])$/.exec(sequence)!;
    if (final === 'A') {
      row -= Number(digits);
      if (row < Math.max(0, lines.length - terminal.rows)) throw new Error('the cursor left the screen');
    } else if (final === 'J') {
      lines = [...lines.slice(0, row), lines[row]!.slice(0, column)];
    } else if (final === 'h' || final === 'l') {
      cursorVisible = final === 'h';
    } else if (final === 'm') {
      colours += 1;
    } else {
      throw new Error(`unknown control sequence ${JSON.stringify(sequence)}`);
    }
  }

  const terminal = {
    isTTY: true,
    colour: false,
    columns,
    rows,
    write(text: string): void {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences are what a terminal reads.
      for (const [piece] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|[\s\S]/g)) {
        if (piece === '\n') newLine();
        else if (piece === '\r') column = 0;
        else if (piece.startsWith('\u001b')) control(piece);
        else put(piece);
      }
    },
    /** A window made narrower breaks its lines anew, as most terminals do; the cursor stays at the end. */
    resize(narrower: number): void {
      terminal.columns = narrower;
      lines = lines.flatMap(line => line.match(new RegExp(`.{1,${narrower}}`, 'g')) ?? ['']);
      row = lines.length - 1;
      column = lines[row]!.length;
    },
    lines: () => lines,
    wraps: () => wraps,
    cursorVisible: () => cursorVisible,
    colours: () => colours,
  };
  return terminal;
}
