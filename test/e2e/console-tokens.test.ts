/**
 * The console of a cluster that wants tokens, in a real browser over HTTPS: who shows none sees a
 * form, who shows one works by its rights, and nothing keeps the token.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { adminTokenPath, authorityPaths } from '#app/local/manifest.ts';
import { Cluster, Storage } from '#client/index.ts';
import { findChromium } from '../support/chromium.ts';
import { type LocalCluster, withLocalCluster } from '../support/local-cluster.ts';
import { inBrowser, openPage } from '../support/open-page.ts';

const found = await findChromium();
const skip = 'reason' in found ? found.reason : false;
const shape = { nodes: 3, etcd: 3, words: ['--tls', '--tokens'] };

const text = 'A line.\n'.repeat(50_000);
const largeBytes = 80_000_000;

interface Secured {
  readonly cluster: LocalCluster;
  readonly admin: string;
  readonly operator: Cluster;
  readonly storage: Storage;
}

async function withSecured(use: (secured: Secured) => Promise<void>): Promise<void> {
  await withLocalCluster(async (cluster) => {
    const ca = await readFile(authorityPaths(cluster.data).certificate, 'utf8');
    const admin = (await readFile(adminTokenPath(cluster.data), 'utf8')).trim();
    const options = { ca, token: admin };
    const operator = new Cluster([cluster.url], options);
    const storage = new Storage([cluster.url], options);
    try {
      await use({ cluster, admin, operator, storage });
    } finally {
      operator.close();
      storage.close();
    }
  }, shape);
}

const open = (browser: Browser, { url }: LocalCluster, more = {}) =>
  // Its authority is its own, and no browser knows it.
  openPage(browser, `${url}/-/console/`, { ignoreHTTPSErrors: true, ...more });

const field = (page: Page) => page.getByLabel('Token', { exact: true });

async function enter(page: Page, token: string): Promise<void> {
  await field(page).fill(token);
  await page.keyboard.press('Enter');
}

const says = (page: Page, words: string) => page.getByRole('alert').getByText(words).waitFor();
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Nothing is shown, and nothing is told of why a token is none. */
async function refusesStrangers(page: Page): Promise<void> {
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await page.getByRole('navigation').count(), 0);
  assert.equal(await page.evaluate('document.activeElement.type'), 'password');
  await enter(page, `dftfs_${'0'.repeat(16)}_${'A'.repeat(43)}`);
  await says(page, 'isn’t valid');
  await enter(page, 'nonsense');
  await says(page, 'isn’t valid');
  assert.equal(await field(page).getAttribute('aria-invalid'), 'true');
}

/** The form is usable on a narrow screen, in either theme. */
async function isForEverybody(browser: Browser, cluster: LocalCluster): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    const more = { viewport: { width: 360, height: 640 }, colorScheme };
    const { page, complaints } = await open(browser, cluster, more);
    await field(page).waitFor();
    const seen = await page.locator('body').ariaSnapshot();
    assert.match(seen, /- textbox "Token"/);
    assert.doesNotMatch(seen, /- (button|link|textbox|checkbox|img)(:|$)/m);
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 360);
    assert.deepEqual(complaints, []);
    await page.context().close();
  }
}

async function sha256Of(path: string): Promise<string> {
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  return digest.digest('hex');
}

async function downloads(page: Page, name: string) {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(page, `Download ${name}`).click(),
  ]);
  assert.equal(download.suggestedFilename(), name);
  assert.doesNotMatch(download.url(), /dftfs_/, 'no address holds a token');
  return await download.path();
}

async function putsAndGets(page: Page, { admin, storage }: Secured): Promise<void> {
  await enter(page, ` ${admin} `);
  await page.getByText('nodes are alive').waitFor();
  await page.getByRole('link', { name: 'Files' }).click();
  const small = { name: 'small.txt', mimeType: 'text/plain', buffer: Buffer.from(text) };
  await page.locator('input[aria-label="Upload files"]').setInputFiles([small]);
  await page.getByRole('status').getByText('1 of 1 file').waitFor();
  assert.equal((await storage.get('/small.txt')).toString(), text);
  await button(page, 'small.txt').click();
  await page.getByText('A line.').waitFor();
  assert.equal(await readFile(await downloads(page, 'small.txt'), 'utf8'), text);

  const large = Buffer.alloc(largeBytes, 'large ');
  await storage.put('/größe (1).bin', large);
  await storage.put('/empty', '');
  await page.reload();
  await enter(page, admin);
  const path = await downloads(page, 'größe (1).bin');
  assert.equal(await sha256Of(path), createHash('sha256').update(large).digest('hex'));
  assert.equal((await readFile(await downloads(page, 'empty'))).length, 0);
}

async function signsOut(page: Page): Promise<void> {
  const kept = `JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])`;
  assert.doesNotMatch(String(await page.evaluate(kept)), /dftfs_/);
  await button(page, 'Sign out').click();
  await field(page).waitFor();
  assert.equal(await field(page).inputValue(), '');
  assert.equal(await page.getByText('small.txt').count(), 0);
}

/** Begins where it may look, and is told what it lacks. */
async function worksByRights(page: Page, { operator, storage, cluster }: Secured): Promise<void> {
  await storage.put('/photos/a.txt', 'a');
  const viewer = await operator.createToken('viewer', ['read,list:/photos']);
  await page.goto(`${cluster.url}/-/console/#/cluster`);
  await enter(page, viewer.token);
  await button(page, 'a.txt').waitFor();
  assert.match(page.url(), /#\/files\/photos$/);
  assert.equal(await readFile(await downloads(page, 'a.txt'), 'utf8'), 'a');
  await button(page, 'Delete a.txt').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await says(page, 'The token viewer has no right to delete /photos/a.txt.');
  await page.keyboard.press('Escape');
  const file = { name: 'b.txt', mimeType: 'text/plain', buffer: Buffer.from('b') };
  await page.locator('input[aria-label="Upload files"]').setInputFiles([file]);
  await page.getByText('The token viewer has no right to write /photos/b.txt.').waitFor();
  await page.getByRole('link', { name: 'all files' }).click();
  await says(page, 'The token viewer has no right to list /.');
  await page.getByRole('link', { name: '/photos', exact: true }).click();
  await button(page, 'a.txt').waitFor();
  await page.getByRole('link', { name: 'Cluster' }).click();
  await page.getByText('The token viewer has no right to read /-/cluster.').waitFor();
  await page.getByText('read:/-/cluster', { exact: true }).waitFor();
  await page.goBack();
  await button(page, 'a.txt').waitFor();

  await operator.revokeToken(viewer.id);
  // If it is still there: the page may find out by itself, and then shows nothing to click on.
  await page.evaluate(`document.querySelector('button.entry')?.click()`);
  await says(page, 'revoked');
  assert.equal(await page.getByText('a.txt').count(), 0);
}

/** What it may not read it does not get; who may only write can. */
async function halvesWork(page: Page, { operator, storage, cluster }: Secured): Promise<void> {
  const lister = await operator.createToken('lister', ['list:/photos']);
  await enter(page, lister.token);
  await button(page, 'Download a.txt').click();
  await says(page, 'The token lister has no right to read /photos/a.txt.');
  await button(page, 'Sign out').click();
  const writer = await operator.createToken('writer', ['write:/in']);
  await page.goto(`${cluster.url}/-/console/`);
  await enter(page, writer.token);
  await says(page, 'The token writer has no right to list /in.');
  const file = { name: 'new.txt', mimeType: 'text/plain', buffer: Buffer.from(text) };
  await page.locator('input[aria-label="Upload files"]').setInputFiles([file]);
  await page.getByRole('status').getByText('1 of 1 file').waitFor();
  assert.equal((await storage.get('/in/new.txt')).toString(), text);
}

suite('the console where tokens are on', { skip }, () => {
  test('strangers see a form, holders work by their rights, and nothing keeps a token', async () => {
    await withSecured((secured) =>
      inBrowser(found, async (browser) => {
        const { page, complaints } = await open(browser, secured.cluster);
        await refusesStrangers(page);
        await isForEverybody(browser, secured.cluster);
        await putsAndGets(page, secured);
        await signsOut(page);
        await worksByRights(page, secured);
        await halvesWork(page, secured);
        assert.deepEqual(complaints, []);
      }),
    );
  });
});
