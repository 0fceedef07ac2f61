import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { useBrowser, useConsoleHouse } from '../product/console.ts';
import { addServing, at, groupName, secretsFor } from '../product/house.ts';
import { polled } from '../product/key-watch.ts';

// What stands on a page while an answer is on its way, and when there is none.
const house = useConsoleHouse();
const visitor = useBrowser(house);
const api = () => house.keymux.api;
const timeout = 120_000;
const group = groupName('states');
const many = groupName('many');

beforeAll(async () => {
  const { url } = await addServing(house, { channel: 'openai', name: group }, 2);
  const { requestId } = await ask(url, 'openai', house.keymux.proxyKey, { model: 'gpt-known' });
  await api().log(requestId);
  await api().addGroup({ name: many, channel: 'openai', upstreams: at(house.simulator) });
  await api().importKeys(many, secretsFor(many, 400));
});

async function signedIn(path: string): Promise<Page> {
  await visitor.open('/overview');
  if (visitor.page.url().includes('/sign-in')) await visitor.signIn();
  await visitor.open(path);
  return visitor.page;
}

/** Lets nothing through to these paths until what it returns is called. */
async function hold(page: Page, paths: RegExp): Promise<() => void> {
  const { promise: held, resolve } = Promise.withResolvers<void>();
  await page.route(paths, async (route) => {
    await held;
    await route.continue();
  });
  return resolve;
}

const refusal = {
  status: 500,
  contentType: 'application/problem+json',
  headers: { 'x-request-id': 'the-id-in-the-log' },
  body: JSON.stringify({ type: 'about:blank', title: 'Internal Server Error', status: 500 }),
};

/** Answers these paths with a failure until it is told to stop. */
async function fail(page: Page, paths: RegExp): Promise<() => Promise<void>> {
  await page.route(paths, (route) => route.fulfill(refusal));
  return () => page.unroute(paths);
}

const places = (page: Page) =>
  page.evaluate<number[]>(
    `Array.from(document.querySelectorAll('km-key-table .all > [role=row]'), (row) => Number(row.ariaRowIndex ?? row.getAttribute('aria-rowindex')))`,
  );
const isInOrder = (numbers: readonly number[]) =>
  numbers.every((each, place) => place === 0 || each > (numbers[place - 1] ?? 0));

describe('what is shown while other things are asked for', () => {
  it('are the keys that were there, dimmed, and then the others', { timeout }, async () => {
    const page = await signedIn(`/groups/${many}/keys`);
    const list = page.locator('km-key-table .scroller');
    const release = await hold(page, /\/keys\?.*status=disabled/);
    await page.getByRole('group', { name: 'State' }).getByText('Disabled').click();
    await page.locator('km-key-table .scroller.stale').waitFor();
    expect(await list.getByText('Active', { exact: true }).count()).toBeGreaterThan(0);
    expect(await page.locator('.bone').count()).toBe(0);
    release();
    await page.getByText('No key matches').waitFor();
  });

  it('are the requests that were there, dimmed, and then the others', { timeout }, async () => {
    const page = await signedIn('/logs');
    const rows = page.locator('tbody tr');
    await rows.filter({ hasText: 'gpt-known' }).waitFor();
    const release = await hold(page, /\/api\/logs\?.*model=gpt-none/);
    await page.getByLabel('Model', { exact: true }).fill('gpt-none');
    await page.getByLabel('Model', { exact: true }).press('Enter');
    await page.locator('km-log-table.stale').waitFor();
    expect(await rows.filter({ hasText: 'gpt-known' }).count()).toBe(1);
    expect(await page.locator('.bone').count()).toBe(0);
    release();
    await page.getByText('No request matches').waitFor();
    expect(await rows.count()).toBe(0);
  });
});

describe('what cannot be loaded', () => {
  it('is said where it would stand, with what the log knows it by', { timeout }, async () => {
    const page = await signedIn('/groups');
    const heal = await fail(page, /\/api\/(logs\?|stats\/series|verdicts)/);
    await page.getByRole('link', { name: 'Overview' }).click();
    const attention = page.locator('section').filter({ hasText: 'Needs attention' });
    await attention.getByText('This could not be loaded').waitFor();
    await attention.getByText('the-id-in-the-log').waitFor();
    expect(await attention.getByText('Nothing needs you').count()).toBe(0);
    await heal();
    await attention.getByRole('button', { name: 'Try again' }).click();
    await attention.getByText('This could not be loaded').waitFor({ state: 'detached' });
  });

  it('claims nothing of what is not known', { timeout }, async () => {
    const page = await signedIn('/groups');
    const heal = await fail(page, /\/api\/(settings|logs\?)/);
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { name: 'By group' }).waitFor();
    expect(await page.getByText('There is no global proxy key').count()).toBe(0);
    await page.getByRole('main').getByRole('link', { name: group }).first().click();
    const failures = page.locator('section').filter({ hasText: 'Recent failures' });
    await failures.getByText('This could not be loaded').waitFor();
    expect(await failures.getByText('No failures').count()).toBe(0);
    expect(await page.getByText('There is no proxy key yet').count()).toBe(0);
    await heal();
  });

  it('is said above what was known before, which stays', { timeout }, async () => {
    const page = await signedIn(`/groups/${many}/keys`);
    await page.getByText('400 keys', { exact: true }).waitFor();
    const heal = await fail(page, /\/keys\?/);
    await page.getByRole('button', { name: 'Requests' }).click();
    await page.getByText('This is not up to date').waitFor();
    expect(await places(page)).not.toEqual([]);
    await heal();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('This is not up to date').waitFor({ state: 'detached' });
  });

  it('since it is not there leads back', { timeout }, async () => {
    const page = await signedIn('/groups/there-is-none');
    await page.getByText('This does not exist any more').waitFor();
    expect(await page.getByRole('button', { name: /Delete/ }).count()).toBe(0);
    await page.getByRole('alert').getByRole('link', { name: 'Groups' }).click();
    await page.getByRole('link', { name: group, exact: true }).waitFor();
  });
});

describe('a long list of keys', () => {
  it('keeps its filters in the address', { timeout }, async () => {
    const page = await signedIn(`/groups/${many}/keys`);
    await page.getByRole('group', { name: 'State' }).getByText('Active').click();
    await page.getByRole('button', { name: 'Requests' }).click();
    await page.waitForURL(
      ({ searchParams }) =>
        searchParams.get('status') === 'active' && searchParams.get('sort') === '-requests',
    );
    await page.reload();
    await page.locator('[aria-sort=descending]').waitFor();
    await page.getByRole('button', { name: 'Active', pressed: true }).waitFor();
  });

  it(
    'is read in its order after scrolling, and what has the focus keeps it',
    {
      timeout,
    },
    async () => {
      const page = await signedIn(`/groups/${many}/keys`);
      const list = page.locator('km-key-table .scroller');
      await list.locator('[aria-rowindex="12"] button').focus();
      await list.evaluate((it) => it.scrollBy(0, 800));
      await list.locator('[aria-rowindex="50"]').waitFor();
      await polled(async () => isInOrder(await places(page))).toBe(true);
      expect(await page.locator('[aria-rowindex="12"] :focus').count()).toBe(1);
      await page.keyboard.press('ArrowDown');
      expect(await page.locator('[aria-rowindex="13"] :focus').count()).toBe(1);
      // Its key is far away: what is pressed next must not meet another one.
      await list.evaluate((it) => it.scrollTo(0, 8_000));
      await list.locator('[aria-rowindex="202"]').waitFor();
      await polled(() => page.locator('.scroller:focus').count()).toBe(1);
      await polled(async () => isInOrder(await places(page))).toBe(true);
    },
  );

  it('chooses with Shift all from the one before', { timeout }, async () => {
    const page = await signedIn(`/groups/${many}/keys`);
    const list = page.locator('km-key-table .scroller');
    await list.locator('[aria-rowindex="3"] input').check();
    await list.locator('[aria-rowindex="9"] input').click({ modifiers: ['Shift'] });
    await page.getByRole('toolbar').getByText('7 selected').waitFor();
    await list.locator('[aria-rowindex="4"] input').uncheck();
    await page.getByRole('toolbar').getByText('6 selected').waitFor();
  });
});
