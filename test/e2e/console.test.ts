/**
 * The console in a real browser, against a real cluster: files go up and come down, a killed node
 * is seen, a node is drained.
 */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { findChromium } from '../support/chromium.ts';
import { allLive } from '../support/cluster-state.ts';
import { httpCall } from '../support/http-call.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { inBrowser, openPage } from '../support/open-page.ts';

const found = await findChromium();
const skip = 'reason' in found ? found.reason : false;

const text = 'A line.\n'.repeat(50_000);

const uploaded = (page: Page, words: string) => page.getByRole('status').getByText(words).waitFor();

async function putsAndGets(page: Page, { url }: LocalCluster): Promise<void> {
  await page.getByRole('link', { name: 'Files' }).click();
  const chooser = page.locator('input[aria-label="Upload files"]');
  const large = { name: 'large.txt', mimeType: 'text/plain', buffer: Buffer.from(text) };
  const evil = Buffer.from('<script>document.title = "run"</script><b>bold</b>');
  const page2 = { name: 'page.html', mimeType: 'text/html', buffer: evil };
  await chooser.setInputFiles([large, page2]);
  await uploaded(page, '2 of 2 files');
  const stored = await httpCall('GET', `${url}/large.txt`);
  assert.equal(stored.body.toString(), text);
  await chooser.setInputFiles([{ ...large, buffer: Buffer.from('other') }]);
  await page.getByText('there is a file of this name already').waitFor();
  await page.getByRole('button', { name: 'Clear' }).click();

  await page.getByRole('button', { name: 'large.txt', exact: true }).click();
  await page.locator('[data-losses="2"]').waitFor();
  await page.getByText('data and 2 parity shards').waitFor();
  assert.match((await page.locator('.preview pre').textContent()) ?? '', /^A line\.\nA line/);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download', exact: true }).click(),
  ]);
  assert.equal(download.suggestedFilename(), 'large.txt');
  assert.equal(await readFile(await download.path(), 'utf8'), text);

  await page.getByRole('button', { name: 'page.html', exact: true }).click();
  await page.getByText('<script>document.title').waitFor();
  assert.equal(await page.title(), 'DFTFS console', 'nothing of a file is run');
}

/** By a chooser, and by dropping them on the page. */
async function putsFolders(page: Page, { url }: LocalCluster): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'dftfs-console-'));
  try {
    await mkdir(join(folder, 'deep'));
    await writeFile(join(folder, 'a.txt'), 'a');
    await writeFile(join(folder, 'deep', 'b.txt'), 'b');
    await page.locator('input[aria-label="Upload a folder"]').setInputFiles(folder);
    await uploaded(page, '2 of 2 files');
    const path = `${url}/${basename(folder)}/deep/b.txt`;
    assert.equal((await httpCall('GET', path)).body.toString(), 'b');
  } finally {
    await rm(folder, { recursive: true });
  }
  await page.getByRole('button', { name: 'Clear' }).click();
  const dropped = await page.evaluateHandle(`(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['dropped'], 'dropped.txt', { type: 'text/plain' }));
    return transfer;
  })()`);
  await page.dispatchEvent('section.files', 'drop', { dataTransfer: dropped });
  await uploaded(page, '1 of 1 file');
  assert.equal((await httpCall('GET', `${url}/dropped.txt`)).body.toString(), 'dropped');
  await page.getByRole('button', { name: 'Clear' }).click();
}

/** Nothing to press is without a name, nothing sticks out, and the theme can be changed. */
async function isForEverybody(browser: Browser, cluster: LocalCluster): Promise<void> {
  for (const view of ['cluster', 'files']) {
    const { page, complaints } = await openPage(browser, `${cluster.url}/-/console/#/${view}`, {
      ...{ viewport: { width: 360, height: 640 }, colorScheme: 'dark' },
    });
    const what = view === 'cluster' ? 'Nodes' : 'Names that begin with';
    await page.getByText(what, { exact: true }).first().waitFor({ state: 'attached' });
    const seen = await page.locator('body').ariaSnapshot();
    assert.match(seen, /- (button|link) "/);
    assert.doesNotMatch(seen, /- (button|link|textbox|searchbox|checkbox|meter|img)(:|$)/m);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
    await page.getByRole('button', { name: 'Theme' }).press('Enter');
    await page.locator('html[data-theme="light"]').waitFor({ state: 'attached' });
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
}

async function copiesMovesDeletes(page: Page): Promise<void> {
  const ask = async (verb: string, name: string, to?: string) => {
    await page.getByRole('button', { name: `${verb} ${name}`, exact: true }).click();
    const dialog = page.getByRole('dialog');
    if (to !== undefined) await dialog.getByRole('textbox').fill(to);
    await dialog.getByRole('button', { name: verb, exact: true }).click();
    return dialog;
  };
  const isGone = (dialog: ReturnType<Page['getByRole']>) => dialog.waitFor({ state: 'detached' });
  await isGone(await ask('Copy', 'page.html', '/folder/copy.html'));
  await isGone(await ask('Move', 'page.html', '/folder/moved.html'));
  const taken = await ask('Copy', 'large.txt', '/folder/copy.html');
  await taken.getByRole('alert').waitFor();
  await page.keyboard.press('Escape');
  await isGone(taken);
  await page.getByRole('link', { name: 'folder/' }).click();
  await page.getByRole('button', { name: 'moved.html', exact: true }).waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('co');
  await page
    .getByRole('button', { name: 'moved.html', exact: true })
    .waitFor({ state: 'detached' });
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'copy.html', exact: true }).focus();
  await page.keyboard.press('Delete');
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('navigation', { name: 'Folder' }).getByText('all files').click();
  await isGone(await ask('Delete', 'folder'));
  await page.getByRole('link', { name: 'folder/' }).waitFor({ state: 'detached' });
}

const card = (page: Page, node: string, state: string) =>
  page.locator(`[data-node="${node}"][data-state="${state}"]`);

/** What was under way when a node died is all there in the end. */
async function putsWhileOneDies(page: Page, cluster: LocalCluster): Promise<void> {
  const files = [1, 2, 3, 4].map((number) => ({
    ...{ name: `during-${number}.bin`, mimeType: 'application/octet-stream' },
    buffer: Buffer.alloc(10_000_000, number),
  }));
  await page.goto(`${cluster.url}/-/console/#/files`);
  await page.locator('input[aria-label="Upload files"]').setInputFiles(files);
  await page.locator('[data-state="sending"]').first().waitFor();
  cluster.signal([...cluster.nodeUrls.keys()][2] as string, 'SIGKILL');
  await uploaded(page, '4 of 4 files');
  for (const { name, buffer } of files) {
    const { body } = await httpCall('GET', `${cluster.url}/${name}`, { timeoutMs: 120_000 });
    assert.ok(body.equals(buffer), name);
  }
  await cluster.startAgain();
  await allLive(cluster);
}

/** How long it took is said, not judged: this machine may be busy. */
async function seesADeath(page: Page, cluster: LocalCluster, say: (words: string) => void) {
  await page.goto(`${cluster.url}/-/console/#/cluster`);
  for (const name of cluster.nodeUrls.keys()) await card(page, name, 'alive').waitFor();
  const victim = [...cluster.nodeUrls.keys()].at(-1) as string;
  const began = performance.now();
  cluster.signal(victim, 'SIGKILL');
  await page.locator(`[data-node="${victim}"]:not([data-state="alive"])`).waitFor();
  say(`the death of a node was seen after ${Math.round(performance.now() - began)} ms`);
  await page.getByText(`${victim} is dead`).waitFor();
  await card(page, victim, 'dead').waitFor();
  await cluster.startAgain();
  await card(page, victim, 'alive').waitFor();
  await page.getByText(`${victim} is alive`).waitFor();
  await allLive(cluster);
}

/** A page from a node's own door, which its death closes. */
async function movesOn(browser: Browser, cluster: LocalCluster): Promise<void> {
  const [victim, door] = [...cluster.nodeUrls][0] as [string, string];
  const { page, complaints } = await openPage(browser, `${door}/-/console/#/cluster`);
  await card(page, victim, 'alive').waitFor();
  cluster.signal(victim, 'SIGKILL');
  await page.waitForURL((address) => address.origin !== door);
  assert.ok([...cluster.nodeUrls.values()].includes(new URL(page.url()).origin));
  await page.locator(`[data-node="${victim}"]:not([data-state="alive"])`).waitFor();
  await cluster.startAgain();
  await card(page, victim, 'alive').waitFor();
  assert.deepEqual(complaints, []);
  await page.context().close();
  await allLive(cluster);
}

async function drains(page: Page, cluster: LocalCluster): Promise<void> {
  const node = [...cluster.nodeUrls.keys()][1] as string;
  await page.getByRole('button', { name: `Drain ${node}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Drain it' }).click();
  await page
    .locator(
      `[data-node="${node}"][data-state="draining"], [data-node="${node}"][data-state="empty"]`,
    )
    .waitFor();
  await page.getByText(`${node} is to be emptied`).waitFor();
  await page.getByRole('button', { name: `Keep ${node}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
  await card(page, node, 'alive').waitFor();
}

suite('the console in a browser', { skip }, () => {
  test('files go up and come down, deaths are seen and outlived, a node is drained', async (context) => {
    await withLocalCluster((cluster) =>
      inBrowser(found, async (browser) => {
        const { page, complaints } = await openPage(browser, `${cluster.url}/-/console/`);
        await page.getByText('nodes are alive').waitFor();
        await putsAndGets(page, cluster);
        await putsFolders(page, cluster);
        await copiesMovesDeletes(page);
        await isForEverybody(browser, cluster);
        await putsWhileOneDies(page, cluster);
        await seesADeath(page, cluster, (words) => context.diagnostic(words));
        await movesOn(browser, cluster);
        await drains(page, cluster);
        assert.deepEqual(complaints, []);
      }),
    );
  });
});
