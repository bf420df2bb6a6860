import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const args = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

function installed(): string | undefined {
  return places.find(place => existsSync(place));
}

/** The path of a Chromium; where there is none and this is the superuser of a Debian, it is installed, once. */
function findChromium(): string | undefined {
  if (installed() === undefined && process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    // Another test file may be at it, too: it is waited for, and then nothing is left to do.
    const patience = ['-o', 'DPkg::Lock::Timeout=180'];
    const install = [...patience, 'install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'];
    if (spawnSync('apt-get', install, { timeout: 180_000 }).status !== 0) {
      spawnSync('apt-get', [...patience, 'update'], { timeout: 60_000 });
      spawnSync('apt-get', install, { timeout: 180_000 });
    }
  }
  return installed();
}

export const executablePath = findChromium();
/** For a test's `skip`: false, or why it cannot run. */
export const skip = executablePath === undefined ? 'needs Chromium: apt-get install chromium' : false;

/** A browser with a fresh profile. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath!, args });
}

export interface OpenPage {
  readonly page: Page;
  /** What its scripts failed with, and what the content policy has refused. */
  readonly problems: readonly string[];
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme: 'light',
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const problems: string[] = [];
  page.on('pageerror', error => problems.push(error.message));
  page.on('console', message => {
    // A server that is being started again cannot be reached for a while.
    if (message.type() === 'error' && !message.text().includes('net::ERR_')) problems.push(message.text());
  });
  return { page, problems };
}
