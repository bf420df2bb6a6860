import type { Exploration, ExploredModule } from './explore.ts';
import { type HeatMapModule, heatMap } from './heat-map.ts';
import { heatMapSvg } from './pictures/heat-map-svg.ts';
import { levelColours } from './pictures/palette.ts';
import { element, type Markup, text } from './pictures/svg.ts';
import { valuesAt } from './quantities.ts';
import type { SearchMoment } from './run-view.ts';

/**
 * What `explore` needs to know of a heat map: its modules in the order their cells are drawn, and the search's moments.
 * @param isFound whether the modules are the structure that was found, not the one being found
 */
export function explorationOf(
  modules: readonly HeatMapModule[],
  moments: readonly SearchMoment[] = [],
  isFound = true,
): Exploration {
  const { cells, quantity, maximum } = heatMap(modules.map((module, given) => ({ ...module, given })));
  const drawn = cells.flatMap((inRow, row) =>
    inRow.flatMap((module, column) => (module === undefined ? [] : [{ module, row, column }])),
  );
  const indices = new Array<number>(modules.length);
  for (const [index, { module }] of drawn.entries()) indices[module.given] = index;
  return {
    modules: drawn.map(({ module: { place: _, given: __, p: ___, ...module }, row, column }): ExploredModule => {
      return { ...module, row, column };
    }),
    ...(quantity.isTold && { quantity: quantity.name }),
    isFound,
    moments: moments.map(moment => {
      const values = new Array<number>(modules.length);
      for (const [given, value] of valuesAt(moment, modules).entries()) values[indices[given]!] = value;
      return { step: moment.step, values, kept: moment.kept.map(given => indices[given]!) };
    }),
    // Of the structure itself, as in the terminal and in pictures: what was larger on the way is as dark as the end.
    maximum,
    colours: levelColours,
  };
}

/**
 * The heat map with the parts that `explore` brings to life: a place for a module's numbers, a slider over the search,
 * and what is kept (`kept`, a panel with `keptTable`).
 */
export function heatMapFigure(modules: readonly HeatMapModule[], maximum: number, title: string, kept: Markup): Markup {
  const map = heatMap(modules);
  const svg = heatMapSvg({ ...map, maximum }, title) as Markup;
  // A model of few layers leaves room for larger cells.
  const size = map.columns.length <= 12 ? 'heat-map few' : 'heat-map';
  return element('div', { class: size }, [
    element('div', { class: 'moments', hidden: '' }, [
      element('button', { type: 'button', class: 'play' }, [text('Play')]),
      element('label', {}, [
        element('span', {}, [text('Search step')]),
        element('input', { type: 'range', min: 0, max: 0, value: 0, class: 'moment' }),
      ]),
      element('output', { class: 'moment-name' }, [text('')]),
    ]),
    element(
      'div',
      {
        class: 'map',
        tabindex: 0,
        role: 'application',
        'aria-label': `${title}. Arrow keys move from module to module.`,
      },
      [svg],
    ),
    element('div', { class: 'beside' }, [
      element('p', { class: 'detail', role: 'status' }, [
        text('Point at a cell, or move with the arrow keys, to read it.'),
      ]),
      kept,
    ]),
  ]);
}
