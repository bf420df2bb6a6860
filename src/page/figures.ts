import { html } from 'htm/preact';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { count } from '../core/format.ts';
import { type Explorer, explore } from '../report/explore.ts';
import { explorationOf } from '../report/heat-map-figure.ts';
import { curveLine, curveSample, curvesSvg, type Series } from '../report/pictures/curve-svg.ts';
import { type Markup, text } from '../report/pictures/svg.ts';
import type { RunView } from '../report/run-view.ts';
import { structurePanel, tableMarkup } from '../report/sections.ts';
import { useTheme } from './theme.ts';

/** Parts that reports have too, drawn by the same code; it has escaped every text in them. */
export function Drawn({ markup }: { markup: Markup }) {
  return html`<div dangerouslySetInnerHTML=${{ __html: markup }}></div>`;
}

/** A path that may be broken after its slashes where there is no room. */
export function breakable(path: string) {
  return path.split('/').map((name, index) => (index === 0 ? name : html`/<wbr />${name}`));
}

/** Curves over steps, to zoom by dragging, with their numbers as a table and the picture to save. */
export function Chart({ title, series }: { title: string; series: readonly Series[] }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const theme = useTheme();
  const names = series.map(({ name }) => name).join('\n');
  const data = useMemo(() => alignSeries(series), [JSON.stringify(series)]);

  useEffect(() => {
    const element = place.current!;
    const chart = new UPlot(options(element, series, title.split(': ').at(-1)!), data as UPlot.AlignedData, element);
    plot.current = chart;
    // It may still be told of a size when the element has left the page: it asks this one, not what `place` holds then.
    const resized = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: 220 }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      chart.destroy();
    };
  }, [names, theme]);
  useEffect(() => plot.current?.setData(data as UPlot.AlignedData), [data]);

  const table = {
    header: ['step', ...series.map(({ name }) => name || title)],
    rows: data[0]!.map((step, index) => [String(step), ...data.slice(1).map(row => row[index]?.toPrecision(6) ?? '')]),
  };
  return html`<section class="panel" data-name=${title}>
    <header>
      <h2>${title}</h2>
      <div class="buttons">
        <button type="button" data-save="svg" aria-label=${`Save ${title} as SVG`}>SVG</button>
        <button type="button" data-save="csv" aria-label=${`Save ${title} as CSV`}>CSV</button>
      </div>
    </header>
    <div ref=${place} class="plot" role="img" aria-label=${`Curve of ${title}; its numbers follow as a table`}></div>
    <details>
      <summary>Numbers</summary>
      <${Drawn} markup=${tableMarkup(table)} />
    </details>
    <div hidden dangerouslySetInnerHTML=${{ __html: curvesSvg(title, series) }}></div>
  </section>`;
}

/** @param unnamed what the only curve shows */
function options(place: HTMLElement, series: readonly Series[], unnamed: string): UPlot.Options {
  const looks = getComputedStyle(place);
  const named = (name: string) => looks.getPropertyValue(name).trim();
  const [muted, line] = [named('--muted'), named('--line')];
  const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  return {
    width: place.clientWidth,
    height: 220,
    scales: { x: { time: false } },
    axes: [axis, { ...axis, size: 56 }],
    legend: { show: true, live: true },
    series: [
      { label: 'step', value: (_, step) => (step === null ? '–' : count(step)) },
      ...series.map(({ name }, index): UPlot.Series => {
        const { hue, dash } = curveLine(index);
        const lengths = dash.split(' ').filter(Boolean).map(Number);
        return {
          label: legendLabel(name || unnamed, index),
          stroke: named(`--series-${hue}`),
          width: 2,
          spanGaps: true,
          ...(lengths.length > 0 && { dash: lengths }),
          points: { show: true, size: 5 },
          value: (_, value) => (value === null ? '–' : value.toPrecision(4)),
        };
      }),
    ],
  };
}

/** The curve itself beside its name: uPlot's marks know no dashes, and more curves than colours look alike in them. */
function legendLabel(name: string, index: number): HTMLElement {
  const label = document.createElement('span');
  label.innerHTML = `${curveSample(index)} ${text(name)}`;
  return label;
}

/** Columns as the chart wants them: all steps, then a row of values a series, null where it has none. */
export function alignSeries(series: readonly Series[]): (number | null)[][] {
  const steps = [...new Set(series.flatMap(({ points }) => points.map(({ step }) => step)))].sort((a, b) => a - b);
  const rows = series.map(({ points }) => {
    const values = new Map(points.map(({ step, value }) => [step, Number.isFinite(value) ? value : null]));
    return steps.map(step => values.get(step) ?? null);
  });
  return [steps, ...rows];
}

interface StructureProps {
  readonly view: RunView;
  readonly name: string;
  /** The number at the end of the scale, where several maps share one. */
  readonly maximum?: number;
}

/** The heat map to explore. It is drawn once for a set of modules; as a search goes on, only its numbers change. */
export function Structure({ view, name, maximum }: StructureProps) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<{ layout: string; explorer: Explorer }>(undefined);
  useEffect(() => {
    const isFound = view.result !== undefined;
    const own = explorationOf(view.modules, view.moments, isFound);
    const exploration = { ...own, maximum: maximum ?? own.maximum };
    const layout = JSON.stringify([name, isFound, own.quantity, view.modules.map(({ site, kind }) => [site, kind])]);
    if (drawn.current?.layout === layout) {
      drawn.current.explorer.update(exploration);
    } else {
      place.current!.innerHTML = structurePanel(view, exploration.maximum);
      drawn.current = { layout, explorer: explore(place.current!.querySelector('.heat-map')!, exploration) };
    }
  }, [view, name, maximum]);
  return html`<div ref=${place}></div>`;
}
