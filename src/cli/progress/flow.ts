import { type Field, fieldText } from './fields.ts';

const gap = '  ';

/**
 * Lays groups of fields out in lines of at most `width` characters: each group begins a line, goes on in further ones
 * where it does not fit, and a field wider than a line is cut.
 */
export function flow(groups: readonly (readonly Field[])[], width: number): Field[][] {
  return groups.flatMap(group => {
    const lines: Field[][] = [];
    let length = 0;
    for (const field of group.map(each => cut(each, width))) {
      const added = gap.length + fieldText(field).length;
      const line = lines.at(-1);
      if (line !== undefined && length + added <= width) {
        line.push(field);
        length += added;
      } else {
        lines.push([field]);
        length = fieldText(field).length;
      }
    }
    return lines;
  });
}

/** A line as it is shown; colours take no room. */
export function lineText(line: readonly Field[], colour: boolean): string {
  return line.map(field => (colour ? coloured(field) : fieldText(field))).join(gap);
}

function cut(field: Field, width: number): Field {
  const text = fieldText(field);
  return text.length <= width ? field : { value: text.slice(0, Math.max(1, width)) };
}

function coloured({ label, value, accent }: Field): string {
  const shown = accent ? `\u001b[36m${value}\u001b[39m` : value;
  return label === undefined ? shown : `\u001b[2m${label}\u001b[22m ${shown}`;
}
