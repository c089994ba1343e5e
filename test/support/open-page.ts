/** A page in a real browser, for a test. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Chromium } from './chromium.ts';

const quiet = ['--disable-quic', '--no-first-run', '--disable-background-networking'];
const argumentsOf = [
  ...quiet,
  '--disable-component-update',
  '--disable-sync',
  '--disable-gpu',
  '--disable-dev-shm-usage',
];

export interface OpenPage {
  readonly page: Page;
  /** What the page complained of: errors, and what its policy refused. */
  readonly complaints: string[];
}

const startBrowser = ({ path, environment }: Chromium): Promise<Browser> =>
  chromium.launch({
    executablePath: path,
    // Whoever is root can't have the browser's own sandbox; only our own pages are opened.
    chromiumSandbox: process.getuid?.() !== 0,
    args: argumentsOf,
    env: { ...process.env, ...environment } as Record<string, string>,
    timeout: 120_000,
  });

/** `found`: where there is no Chromium the test is skipped. */
export async function inBrowser(
  found: Chromium | { readonly reason: string },
  use: (browser: Browser) => Promise<void>,
): Promise<void> {
  if ('reason' in found) throw new Error(found.reason);
  const browser = await startBrowser(found);
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // That a node died is said by the network, and is no fault of the page.
    const isNetwork = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isNetwork) complaints.push(message.text());
  });
  await page.goto(url);
  return { page, complaints };
}
