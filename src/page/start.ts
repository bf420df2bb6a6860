import { html, render } from 'htm/preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { offerDownloads } from '../report/html-document.ts';
import { listed, parseRoute, type Route, titleOf, useListState } from './address.ts';
import { ComparePage } from './compare-page.ts';
import { ComparisonPage, RunPage } from './detail-pages.ts';
import { followRuns, type KnownRuns, nothingKnown } from './live-data.ts';
import { OverviewPage } from './overview-page.ts';
import { RunList } from './run-list.ts';
import { restoreTheme, toggleTheme, useTheme } from './theme.ts';

function Page() {
  const [known, setKnown] = useState<KnownRuns>(nothingKnown);
  const route = useRoute();
  const theme = useTheme();
  const [state, change] = useListState();
  const { filter, order } = state;
  const shown = useMemo(() => listed(known.runs.values(), filter, order), [known.runs, filter, order]);
  const list = { runs: known.runs, comparisons: known.comparisons, shown, state, change };
  useEffect(() => followRuns(setKnown), []);
  const title = titleOf(route);
  useEffect(() => {
    document.title = title;
  }, [title]);
  const current = route.view === 'run' ? route.id : undefined;
  return html`<div class="shell" data-view=${route.view}>
    <a class="skip" href="#main" onClick=${skipToMain}>Skip the list of runs</a>
    <header class="top">
      <a class="home" href="#/">s3delta</a>
      <span class=${known.connected ? 'connection' : 'connection lost'} role="status">${
        known.connected ? 'live' : 'not connected: trying again'
      }</span>
      <button type="button" onClick=${toggleTheme}>${theme === 'dark' ? 'Light' : 'Dark'}</button>
    </header>
    <${RunList} ...${list} current=${current} />
    <main id="main" tabindex="-1">
      ${route.view !== 'overview' && html`<a class="back" href="#/">← All runs</a>`}
      ${known.runs.size > 0 || known.connected ? content(route, list) : html`<p class="muted">Connecting…</p>`}
    </main>
  </div>`;
}

/** The address behind the `#` says what is shown: it must not change. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')!.focus();
}

function content(route: Route, list: Parameters<typeof OverviewPage>[0]) {
  const { runs } = list;
  if (route.view === 'overview') return html`<${OverviewPage} ...${list} />`;
  if (route.view === 'compare') {
    const chosen = route.ids.flatMap(id => runs.get(id) ?? []);
    return html`<${ComparePage} key=${route.ids.join('/')} runs=${chosen} />`;
  }
  if (route.view === 'comparison') {
    const comparison = list.comparisons.find(({ id }) => id === route.id);
    return comparison === undefined
      ? html`<p class="panel" role="alert">There is no comparison ${route.id} in this folder.</p>`
      : html`<${ComparisonPage} key=${comparison.id} comparison=${comparison} />`;
  }
  const run = runs.get(route.id);
  if (run === undefined) return html`<p class="panel" role="alert">There is no run ${route.id} in this folder.</p>`;
  return html`<${RunPage} key=${run.id} run=${run} />`;
}

function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const changed = () => {
      setHash(location.hash);
      document.querySelector('main')?.scrollTo({ top: 0 });
    };
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return parseRoute(hash);
}

restoreTheme();
offerDownloads(document);
render(html`<${Page} />`, document.getElementById('page')!);
