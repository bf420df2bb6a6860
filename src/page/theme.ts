import { useEffect, useState } from 'preact/hooks';

const key = 's3delta-theme';

/** What the browser keeps from visit to visit; undefined where it was told to keep nothing. */
function storage(): Storage | undefined {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}

const system = () => matchMedia('(prefers-color-scheme: dark)');

/** `light` or `dark`, as it is shown now. */
function shownTheme(): 'light' | 'dark' {
  const chosen = document.documentElement.dataset.theme;
  return chosen === 'light' || chosen === 'dark' ? chosen : system().matches ? 'dark' : 'light';
}

/** Takes up what was chosen on an earlier visit. */
export function restoreTheme(): void {
  const chosen = storage()?.getItem(key);
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}

export function toggleTheme(): void {
  const chosen = shownTheme() === 'dark' ? 'light' : 'dark';
  document.documentElement.dataset.theme = chosen;
  storage()?.setItem(key, chosen);
  document.dispatchEvent(new Event('theme'));
}

/** The theme shown, by a choice on the page or the system's. */
export function useTheme(): 'light' | 'dark' {
  const [theme, setTheme] = useState(shownTheme());
  useEffect(() => {
    const changed = () => setTheme(shownTheme());
    system().addEventListener('change', changed);
    document.addEventListener('theme', changed);
    return () => {
      system().removeEventListener('change', changed);
      document.removeEventListener('theme', changed);
    };
  }, []);
  return theme;
}
