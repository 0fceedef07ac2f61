import { debianProgram, runProgram } from '@keymux/parts/program';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { useBrowser, useConsoleHouse } from '../product/console.ts';

// No secrets of ours: the terminal shows those that the first start makes.
const house = useConsoleHouse({ env: { AUTH_KEY: undefined, PROXY_KEYS: undefined } });
const patienceMs = 180_000;

const keyFromTerminal = () => /AUTH_KEY\s+(\S+)/.exec(house.keymux.logs())?.[1] ?? 'none shown';
const keysFor = (group: string) => [1, 2, 3].map((n) => `sk-${group}-${n}-abcdefgh`).join('\n');

/** Sends what somebody copied, until the gateway has the group's keys. */
async function send(command: string): Promise<void> {
  await debianProgram('curl');
  const status = async () =>
    (await runProgram('sh', ['-c', `${command} -s -o /dev/null -w '%{http_code}'`])).stdout;
  await expect.poll(status, { timeout: 30_000 }).toBe('200');
}

const copied = (page: Page) => page.evaluate<string>('navigator.clipboard.readText()');
const rowOf = (page: Page, group: string) =>
  page.locator('tbody tr').filter({ hasText: group }).filter({ hasText: '200' }).first();

describe('the first minutes with the console', () => {
  const visitor = useBrowser(house);

  it(
    'lead from the key in the terminal to a request in the live tail and the chart',
    { timeout: patienceMs },
    async () => {
      const { page } = visitor;
      await page.goto(house.keymux.url);
      await page.waitForURL('**/sign-in**');
      await page.getByLabel('Admin key').fill('not-the-key-of-this-place');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('That is not the admin key.').waitFor();
      await page.getByLabel('Admin key').fill(keyFromTerminal());
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL('**/overview');

      await page.getByRole('link', { name: 'Create a group' }).click();
      await page.getByLabel('Name', { exact: false }).first().fill('first');
      await page.getByLabel('Base URL').fill(house.simulator.url);
      await page.getByRole('button', { name: 'Create' }).click();
      await page.waitForURL('**/groups/first');

      await page.getByRole('main').getByRole('link', { name: 'Keys', exact: true }).click();
      await page.getByRole('button', { name: 'Import keys' }).first().click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Keys', { exact: true }).fill(keysFor('first'));
      await dialog.getByRole('button', { name: 'Preview' }).click();
      await dialog.getByText('3 keys are new').waitFor();
      await dialog.getByRole('button', { name: 'Import keys' }).click();
      await page.getByText('3 added').first().waitFor();
      await page.getByText('3 keys', { exact: true }).waitFor();

      const tail = await visitor.another();
      await tail.goto(`${house.keymux.url}/logs`);
      await tail.getByText('No requests yet').waitFor();

      await page.getByRole('main').getByRole('link', { name: 'first' }).click();
      await page.getByRole('button', { name: 'Copy curl' }).click();
      const command = await copied(page);
      expect(command).toContain(`${house.keymux.url}/proxy/first/v1/chat/completions`);
      await send(command);

      await rowOf(tail, 'first').waitFor();
      await page.getByRole('link', { name: 'Overview' }).click();
      await page.getByRole('img', { name: 'Requests and errors' }).locator('canvas, svg').waitFor();
    },
  );
});

describe('the first minutes without a mouse', () => {
  const visitor = useBrowser(house);

  it('lead to a request as well', { timeout: patienceMs }, async () => {
    const { page, tabTo } = visitor;
    const press = (key: string) => page.keyboard.press(key);
    await page.goto(house.keymux.url);
    await page.waitForURL('**/sign-in**');
    await tabTo('Admin key');
    await page.keyboard.type(keyFromTerminal());
    await press('Enter');
    await page.waitForURL('**/overview');

    await tabTo('Groups');
    await press('Enter');
    await page.getByRole('link', { name: 'Create a group' }).waitFor();
    await tabTo('Create a group');
    await press('Enter');
    await page.getByLabel('Base URL').waitFor();
    await tabTo('Name');
    await page.keyboard.type('typed');
    await tabTo('Base URL');
    await press('Control+A');
    await page.keyboard.type(house.simulator.url);
    await press('Enter');
    await page.waitForURL('**/groups/typed');

    await tabTo('Keys');
    await press('Enter');
    await page.waitForURL('**/groups/typed/keys');
    await page.getByText('No keys yet').waitFor();
    await tabTo('Import keys');
    await press('Enter');
    await page.getByRole('dialog').waitFor();
    await page
      .getByRole('dialog')
      .getByLabel('Keys', { exact: true })
      .and(page.locator(':focus'))
      .waitFor();
    await page.keyboard.insertText(keysFor('typed'));
    await tabTo('Import keys');
    await press('Enter');
    await page.getByText('3 keys', { exact: true }).waitFor();

    await tabTo('typed');
    await press('Enter');
    await page.waitForURL('**/groups/typed');
    await tabTo('Copy curl');
    await press('Enter');
    const command = await copied(page);
    expect(command).toContain('/proxy/typed/');
    await send(command);

    await tabTo('Skip to content');
    await press('Enter');
    await tabTo('Logs');
    await press('Enter');
    await rowOf(page, 'typed').waitFor();
    await tabTo(/^\d\d:\d\d/);
    await press('Enter');
    await page.getByRole('dialog').getByRole('heading', { name: 'Attempts' }).waitFor();
    await press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
});
