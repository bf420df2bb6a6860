// What moves in a heat map. Reports carry the text of these functions (`exploreText`), so that they need nothing but
// each other.

/** Where a module's cell lies. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

/** A module as the heat map shows it at the end of the search. */
export interface ExploredModule extends Place {
  readonly site: string;
  readonly kind: string;
  readonly position: string;
  /** `E.0`, `D.3`, … */
  readonly layer: string;
  readonly parameters: number;
  /** What its cell is coloured by. */
  readonly value: number;
  readonly kept: boolean;
  readonly inert?: boolean;
  readonly worth?: number;
}

export interface Exploration {
  /** In the order of the picture's cells. */
  readonly modules: readonly ExploredModule[];
  /** What the values are called; absent where they say no more than what is kept. */
  readonly quantity?: string;
  /** Whether the modules are the structure that was found, not the one being found. */
  readonly isFound: boolean;
  /** The search step by step; `values` and `kept` (indices) follow `modules`. Empty where nothing is known of it. */
  readonly moments: readonly {
    readonly step: number;
    readonly values: readonly number[];
    readonly kept: readonly number[];
  }[];
  /** The value at the dark end of the scale. */
  readonly maximum: number;
  /** The scale's colours. */
  readonly colours: readonly string[];
}

export interface Explorer {
  /** Shows newer data of the same modules; a slider that stood at the end stays there. */
  update(exploration: Exploration): void;
}

/** An element with a text. */
function named(tag: string, content: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = content;
  return made;
}

/** Puts a rectangle around a cell, so many pixels inside its border. */
function frame(rect: SVGRectElement, cell: SVGRectElement, inset: number): SVGRectElement {
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map(name => Number(cell.getAttribute(name)));
  const place = { x: x! + inset, y: y! + inset, width: width! - 2 * inset, height: height! - 2 * inset };
  for (const [name, value] of Object.entries(place)) rect.setAttribute(name, String(value));
  return rect;
}

/** What is kept, by position and kind: the rows of `keptTable`. */
function keptRows(kept: readonly ExploredModule[]): HTMLElement[] {
  return [...Map.groupBy(kept, ({ position, kind }) => `${position} ${kind}`)].map(([name, modules]) => {
    const row = document.createElement('tr');
    const parameters = modules.reduce((sum, module) => sum + module.parameters, 0).toLocaleString('en-US');
    row.append(...[name, modules.map(({ layer }) => layer).join(' '), parameters].map(cell => named('td', cell)));
    row.lastElementChild!.className = 'number';
    return row;
  });
}

/**
 * Whether each module is kept, and why not: `yes`, `no: below the cut`, …
 * @param ranks what the choice goes by, the larger the sooner; of zeros and ones nothing can be told
 * @param kept indices of those that are
 */
export function keptWords(
  modules: readonly { readonly inert?: boolean }[],
  ranks: readonly number[],
  kept: readonly number[],
): string[] {
  const isRanked = ranks.some(rank => rank !== 0 && rank !== 1);
  const cut = kept.reduce((least, index) => Math.min(least, ranks[index]!), Number.POSITIVE_INFINITY);
  const words = modules.map(({ inert = false }, index): string => {
    if (inert) return 'no: it cannot change the output here';
    if (!isRanked) return 'no';
    return ranks[index]! > cut ? 'no: too large for what was left of the budget' : 'no: below the cut';
  });
  for (const index of kept) words[index] = 'yes';
  return words;
}

/** What the choice went by at the end of the search. */
export function finalRanks(modules: readonly { readonly worth?: number; readonly value: number }[]): number[] {
  const isRanked = modules.every(({ worth }) => worth !== undefined);
  return modules.map(({ worth, value }) => (isRanked ? worth! : value));
}

/** Sets the bars along an edge of the map to what is spent there. */
function paintSpent(bars: Element, kept: readonly ExploredModule[]): void {
  const { by, side, longest } = (bars as SVGGElement).dataset;
  const sums = new Map<number, number>();
  for (const module of kept) {
    const place = module[by as 'row' | 'column'];
    sums.set(place, (sums.get(place) ?? 0) + module.parameters);
  }
  const most = Math.max(1, ...sums.values());
  [...bars.children].forEach((bar, place) => {
    const spent = sums.get(place) ?? 0;
    bar.setAttribute(side!, String((Number(longest) * spent) / most));
    const title = bar.firstElementChild!;
    title.textContent = `${title.textContent!.split(': ')[0]}: ${spent.toLocaleString('en-US')} parameters spent`;
  });
}

/**
 * Index of the nearest module in a direction of rows and columns: in the same row or column, or where that has nothing
 * more, in the one beside it. The same module where there is none at all.
 */
export function neighbour(modules: readonly Place[], from: number, rows: number, columns: number): number {
  const here = modules[from]!;
  let found = from;
  let least = Number.POSITIVE_INFINITY;
  modules.forEach(({ row, column }, index) => {
    const [down, right] = [row - here.row, column - here.column];
    const ahead = down * rows + right * columns;
    const aside = Math.abs(down * columns) + Math.abs(right * rows);
    const distance = ahead + 1000 * aside;
    if (ahead > 0 && distance < least) [found, least] = [index, distance];
  });
  return found;
}

/**
 * Brings a drawn heat map (`heatMapFigure`) to life in a browser: a module's numbers under the pointer and by arrow
 * keys, and the structure at every recorded step of the search by a slider.
 */
export function explore(figure: Element, given: Exploration): Explorer {
  const find = <E extends Element>(selector: string) => figure.querySelector<E>(selector)!;
  const map = find<HTMLElement>('.map');
  const detail = find<HTMLElement>('.detail');
  const slider = find<HTMLInputElement>('.moment');
  const momentName = find<HTMLElement>('.moment-name');
  const play = find<HTMLButtonElement>('.play');
  const outlines = find<SVGGElement>('.outlines');
  const cells = [...figure.querySelectorAll<SVGRectElement>('.cells rect')];
  const numberOf = new Map(cells.map((cell, index) => [cell, index]));
  // The legend has one.
  const outline = find<SVGRectElement>('.kept');
  const cursor = outline.cloneNode() as SVGRectElement;
  cursor.setAttribute('class', 'cursor');
  let exploration = given;
  let current = -1;
  let words: readonly string[] = [];
  let timer: ReturnType<typeof setInterval> | undefined;

  /** The moment the slider stands at; undefined at its end, where the structure that was found is shown. */
  const moment = () => exploration.moments[slider.valueAsNumber];
  const nameOf = ({ position, kind, layer }: ExploredModule) => `${position} ${kind}, ${layer}`;

  function factsOf(index: number): [name: string, value: string][] {
    const { quantity, modules } = exploration;
    const { worth, parameters, value } = modules[index]!;
    const shown = moment();
    const number = (shown?.values[index] ?? value).toFixed(4);
    return [
      ...(quantity === undefined ? [] : [[quantity, number] as [string, string]]),
      // The history need not tell it.
      ['worth', worth === undefined || shown !== undefined ? '–' : worth.toPrecision(5)],
      ['parameters', parameters.toLocaleString('en-US')],
      ['kept', words[index]!],
    ];
  }

  function paint() {
    const { modules, moments, maximum, colours, isFound } = exploration;
    const shown = moment();
    const kept = shown?.kept ?? modules.flatMap((module, index) => (module.kept ? [index] : []));
    words = keptWords(modules, shown?.values ?? finalRanks(modules), kept);
    cells.forEach((cell, index) => {
      const value = shown?.values[index] ?? modules[index]!.value;
      const level = maximum > 0 ? Math.round(Math.min(value / maximum, 1) * (colours.length - 1)) : 0;
      cell.setAttribute('class', `level level-${level}`);
      cell.setAttribute('fill', colours[level]!);
      cell.querySelector('title')!.textContent = `${nameOf(modules[index]!)}: ${factsOf(index)
        .map(fact => fact.join(' '))
        .join(', ')}`;
    });
    outlines.replaceChildren(...kept.map(index => frame(outline.cloneNode() as SVGRectElement, cells[index]!, 1)));
    find('[data-name="Kept modules"] tbody').replaceChildren(...keptRows(kept.map(index => modules[index]!)));
    for (const bars of figure.querySelectorAll('.spent'))
      paintSpent(
        bars,
        kept.map(index => modules[index]!),
      );
    find('.maximum').textContent = maximum.toPrecision(2);
    const spent = kept.reduce((sum, index) => sum + modules[index]!.parameters, 0).toLocaleString('en-US');
    const when =
      shown === undefined ? (isFound ? 'as found' : 'so far') : `step ${shown.step} of ${moments.at(-1)!.step}`;
    momentName.textContent = `${when}: ${kept.length} module${kept.length === 1 ? '' : 's'}, ${spent} parameters`;
    slider.setAttribute('aria-valuetext', momentName.textContent);
    if (current >= 0) tell();
  }

  function tell() {
    const module = exploration.modules[current]!;
    const [name, where] = [named('strong', nameOf(module)), named('code', module.site)];
    const facts = factsOf(current).map(([fact, value]) => {
      const line = named('span', `${fact} `);
      line.append(named('b', value));
      return line;
    });
    detail.replaceChildren(name, ' ', where, ' ', ...facts);
  }

  function moveTo(index: number) {
    current = index;
    frame(cursor, cells[index]!, -1);
    outlines.after(cursor);
    tell();
  }

  function stop() {
    clearInterval(timer);
    timer = undefined;
    play.textContent = 'Play';
  }

  function setMoment(value: number) {
    slider.value = String(value);
    paint();
  }

  // Not `pointerover`: that comes too when the page scrolls below a pointer that rests, as the arrow keys make it.
  map.addEventListener('pointermove', event => {
    const index = numberOf.get(event.target as SVGRectElement);
    if (index !== undefined && index !== current) moveTo(index);
  });
  map.addEventListener('keydown', event => {
    const direction = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (direction === undefined) return;
    event.preventDefault();
    moveTo(current < 0 ? 0 : neighbour(exploration.modules, current, direction[0]!, direction[1]!));
    cells[current]!.scrollIntoView?.({ block: 'nearest', inline: 'nearest' });
  });
  map.addEventListener('focus', () => {
    if (current < 0 && cells.length > 0 && map.matches(':focus-visible')) moveTo(0);
  });
  slider.addEventListener('input', () => {
    stop();
    paint();
  });
  play.addEventListener('click', () => {
    if (timer !== undefined) {
      stop();
      return;
    }
    const end = exploration.moments.length;
    if (slider.valueAsNumber >= end) setMoment(0);
    play.textContent = 'Pause';
    timer = setInterval(
      () => {
        setMoment(slider.valueAsNumber + 1);
        if (slider.valueAsNumber >= exploration.moments.length || !figure.isConnected) stop();
      },
      Math.min(250, Math.max(40, 6000 / (end + 1))),
    );
  });

  function update(next: Exploration) {
    const atEnd = slider.value === slider.max;
    exploration = next;
    slider.max = String(next.moments.length);
    if (atEnd) slider.value = slider.max;
    find('.moments').toggleAttribute('hidden', next.moments.length === 0);
    paint();
  }
  update(given);
  return { update };
}

/** The functions as a browser runs them. */
export const exploreText = [named, frame, keptRows, keptWords, finalRanks, paintSpent, neighbour, explore].join('\n');
