import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { ask } from '../clients/ask.ts';
import { useBrowser, useConsoleHouse } from '../product/console.ts';
import { addServing, at, groupName, secretsFor } from '../product/house.ts';
import { polled } from '../product/key-watch.ts';
import { fault } from '../provider-simulator/errors.ts';

// What is easily wrong and not seen: of which thing the console speaks.
const house = useConsoleHouse();
const visitor = useBrowser(house);
const api = () => house.keymux.api;
const timeout = 120_000;

async function signedIn(path: string): Promise<Page> {
  await visitor.open('/overview');
  if (visitor.page.url().includes('/sign-in')) await visitor.signIn();
  await visitor.open(path);
  return visitor.page;
}

/** What the control of a moment holds for this one, in the time zone of the browser. */
const momentOf = (page: Page, ms: number): Promise<string> =>
  page.evaluate<string>(
    `new Date(${ms} - new Date(${ms}).getTimezoneOffset() * 60000).toISOString().slice(0, 19)`,
  );

it(
  'shows each member of an aggregate at its weight, and changes only the one',
  { timeout },
  async () => {
    const members = [groupName('first'), groupName('second'), groupName('third')];
    for (const name of members) {
      await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
    }
    const [first = '', second = '', third = ''] = members;
    const name = groupName('all');
    await api().addGroup({
      name,
      channel: 'openai',
      type: 'aggregate',
      members: [
        { group: first, weight: 9 },
        { group: second, weight: 1 },
      ],
    });
    const page = await signedIn(`/groups/${name}`);
    // Keys are of its members.
    expect(await page.getByRole('link', { name: 'What if?' }).count()).toBe(0);
    await page.getByRole('link', { name: 'Edit' }).click();
    const chosen = page.locator('km-place-rows select');
    await chosen.nth(1).waitFor();
    // The choices come after the members.
    await polled(() => chosen.nth(0).inputValue()).toBe(first);
    expect(await chosen.nth(1).inputValue()).toBe(second);
    await chosen.nth(1).selectOption(third);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(`**/groups/${name}`);
    const reply = await api().request('GET', `/api/groups/${name}`);
    expect(reply.json).toMatchObject({
      members: [
        { group: first, weight: 9 },
        { group: third, weight: 1 },
      ],
    });
  },
);

it(
  'tells in a key’s drawer how requests went for this key, and how it was before',
  { timeout },
  async () => {
    const { keymux, simulator } = house;
    const { name, url, secrets } = await addServing(
      house,
      { channel: 'openai', config: { blacklist_threshold: 1 } },
      2,
    );
    // The control knows whole seconds: one with the keys in it and no failure yet.
    const imported = Date.now();
    await polled(async () => Date.now() > imported + 1_000).toBe(true);
    const before = Date.now();
    const [bad = ''] = secrets;
    simulator.script({ match: { key: bad }, answer: fault('openai', 'invalid-key') });
    const blacklisted = async () => (await api().key(name, bad)).status === 'blacklisted';
    await polled(async () => {
      // Each of these succeeds: where the bad key failed, the other one did it.
      await ask(url, 'openai', keymux.proxyKey);
      return blacklisted();
    }).toBe(true);
    const { id } = await api().key(name, bad);
    const page = await signedIn(`/groups/${name}/keys?status=blacklisted`);
    expect(await page.getByRole('link', { name: 'Export' }).getAttribute('href')).toBe(
      `/api/groups/${name}/keys/export?status=blacklisted`,
    );

    await visitor.open(`/groups/${name}/keys?key=${id}`);
    const drawer = page.getByRole('dialog');
    await drawer.locator('.requests .badge').filter({ hasText: '401' }).waitFor();
    await drawer.locator('.timeline').getByText('401 · unauthorized · 1/1').first().waitFor();

    await drawer.getByLabel('State at').fill(await momentOf(page, before));
    await drawer.locator('km-key-past').getByText('Active', { exact: true }).waitFor();
    await drawer.getByLabel('State at').fill('2020-01-01T00:00:00');
    await drawer.getByText('This key was not there yet.').waitFor();
    const timeline = drawer.locator('.timeline');
    await timeline.getByRole('link', { name: 'The request' }).first().click();
    await page.waitForURL('**/logs/**');

    await visitor.open(`/groups/${name}`);
    await page.getByText('At an earlier time').click();
    await page.getByLabel('State at').fill(await momentOf(page, before));
    const then = page.locator('km-pool-past');
    await then.getByText('Active').waitFor();
    expect(await then.getByText('Blacklisted').count()).toBe(0);
  },
);

it('leads from a group without keys to their import', { timeout }, async () => {
  const name = groupName('bare');
  await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
  const page = await signedIn('/overview');
  const attention = page.locator('section').filter({ hasText: 'Needs attention' });
  await attention
    .getByRole('listitem')
    .filter({ hasText: `${name} has no keys` })
    .waitFor();
  await attention.getByRole('link', { name, exact: true }).click();
  await page.getByRole('main').getByRole('link', { name: 'Import keys' }).click();
  await page.waitForURL(`**/groups/${name}/keys`);
});

it('says that a session was ended elsewhere, and goes on where it was', { timeout }, async () => {
  const name = groupName('left');
  await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
  const page = await signedIn(`/groups/${name}`);
  const other = await visitor.another();
  await other.goto(`${house.keymux.url}/overview`);
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.getByText('With the admin key of this installation.').waitFor();
  await other.close();
  // The page asks again every so often, and hears it by itself.
  await page.getByText('Your session has ended.').waitFor();
  await page.getByLabel('Admin key').fill(house.keymux.authKey);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/groups/${name}`);
});

it('keeps what was typed on a page whose session ends', { timeout }, async () => {
  const name = groupName('typed');
  await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
  const page = await signedIn(`/groups/${name}/edit`);
  await page.getByLabel('Title').fill('Not to be typed twice');
  const other = await visitor.another();
  await other.goto(`${house.keymux.url}/overview`);
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.getByText('With the admin key of this installation.').waitFor();
  // By the keyboard: the page may know already, and ask over what would be clicked.
  await page.keyboard.press('Enter');
  const again = page.getByRole('dialog');
  await again.getByText('Your session has ended.').waitFor();
  await page.keyboard.press('Escape');
  // Whoever signs in on another page is signed in here, too.
  await other.getByLabel('Admin key').fill(house.keymux.authKey);
  await other.keyboard.press('Enter');
  await other.waitForURL('**/overview');
  await other.close();
  await page.evaluate(`dispatchEvent(new Event('focus'))`);
  await again.waitFor({ state: 'detached' });
  expect(await page.getByLabel('Title').inputValue()).toBe('Not to be typed twice');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.waitForURL(`**/groups/${name}`);
  const reply = await api().request('GET', `/api/groups/${name}`);
  expect(reply.json).toMatchObject({ display_name: 'Not to be typed twice' });
});

it('keeps in the address of what the overview is', { timeout }, async () => {
  const name = groupName('looked-at');
  await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
  const page = await signedIn('/overview');
  await page.getByRole('button', { name: '7 d' }).click();
  await page.getByLabel('Group', { exact: true }).selectOption(name);
  await page.waitForURL(
    ({ searchParams }) => searchParams.get('range') === '7d' && searchParams.get('group') === name,
  );
  await page.reload();
  await page.getByRole('button', { name: '7 d', pressed: true }).waitFor();
  await polled(() => page.getByLabel('Group', { exact: true }).inputValue()).toBe(name);
});

it('does not take keys for an aggregate, and says whose it uses', { timeout }, async () => {
  const [member, name] = [groupName('member'), groupName('aggregate')];
  await api().addGroup({ name: member, channel: 'openai', upstreams: at(house.simulator) });
  await api().addGroup({
    name,
    channel: 'openai',
    type: 'aggregate',
    members: [{ group: member, weight: 1 }],
  });
  const page = await signedIn(`/groups/${name}/keys`);
  await page.getByText('An aggregate group has no keys of its own').waitFor();
  expect(await page.getByRole('button', { name: 'Import keys' }).count()).toBe(0);
});

it('tells of an upstream that fails although another one serves', { timeout }, async () => {
  const { keymux, simulator } = house;
  const upstreams = [...at(simulator), { url: 'http://127.0.0.1:9', weight: 1 }];
  const unused = groupName('unused');
  await api().addGroup({ name: unused, channel: 'openai', upstreams });
  const page = await signedIn(`/groups/${unused}`);
  const listed = page.locator('km-upstream-list li');
  await listed.filter({ hasText: 'No attempts in the last 10 minutes' }).nth(1).waitFor();

  const config = { max_retries: 5 };
  const { name, url } = await addServing(house, { channel: 'openai', upstreams, config }, 2);
  for (let asked = 0; asked < 12; asked += 1) {
    expect((await ask(url, 'openai', keymux.proxyKey)).status).toBe(200);
  }
  await visitor.open(`/groups/${name}`);
  await listed
    .filter({ hasText: ':9' })
    .getByText(/^\d+ of \d+ attempts failed/)
    .waitFor();
  await listed.filter({ hasText: simulator.url }).getByText('none failed').waitFor();
});

const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(`document.activeElement?.getAttribute('aria-label') ??
    document.activeElement?.textContent?.trim() ?? ''`);

it('lets a keyboard go through a list of keys and out of it again', { timeout }, async () => {
  const name = groupName('walked');
  await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
  const secrets = secretsFor(name, 100);
  await api().importKeys(name, secrets);
  const page = await signedIn(`/groups/${name}/keys`);
  const keys = (await api().keys(name)).map(({ masked }) => masked);
  const press = (key: string) => page.keyboard.press(key);
  await page.getByText('100 keys', { exact: true }).waitFor();
  await visitor.tabTo(keys[0] ?? '');
  for (let row = 0; row < 40; row += 1) await press('ArrowDown');
  expect(await focused(page)).toBe(keys[40]);
  await press('ArrowUp');
  await press('Space');
  await page.getByText('1 selected').waitFor();
  // To the key's name, and then out of the list.
  await press('Tab');
  await press('Tab');
  expect(await focused(page)).toBe('Validate');
  await visitor.tabTo('Disable');
  await press('Enter');
  await page.getByText('1 changed · 0 unchanged').waitFor();
  await polled(() => page.evaluate('document.activeElement?.className')).toContain('scroller');
  await press('Escape');
  await page.getByRole('region', { name: 'Tasks' }).waitFor({ state: 'detached' });
  expect((await api().key(name, secrets[39] ?? '')).status).toBe('disabled');
});

it('follows a task to its end, also where no live event tells of it', { timeout }, async () => {
  const name = groupName('untold');
  await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
  await api().importKeys(name, secretsFor(name, 5));
  await signedIn('/overview');
  // As a keymanager does of what another one works at: it says nothing.
  await visitor.page.route('**/api/events', (route) =>
    route.fulfill({
      status: 200,
      headers: { 'content-type': 'text/event-stream' },
      body: 'retry: 60000\n\n',
    }),
  );
  const page = await signedIn(`/groups/${name}/keys`);
  await page.getByText('5 keys', { exact: true }).waitFor();
  // Nor is it over already when the tray opens and asks.
  const nothing = JSON.stringify({ items: [], next_cursor: null });
  await page.route(
    '**/api/tasks?*',
    (route) => route.fulfill({ contentType: 'application/json', body: nothing }),
    { times: 1 },
  );
  await page.getByLabel('Select all that match').check();
  await page.getByRole('toolbar').getByRole('button', { name: 'Disable' }).click();
  const task = page.getByRole('region', { name: 'Tasks' }).getByRole('listitem').first();
  await task.getByText('5 changed · 0 unchanged').waitFor();
  await task.getByText('Done').waitFor();
  await page.unroute('**/api/events');
});

it('keeps the focus on a group that is moved with the arrow keys', { timeout }, async () => {
  const [above, below] = [groupName('above'), groupName('below')];
  for (const name of [above, below]) {
    await api().addGroup({ name, channel: 'openai', upstreams: at(house.simulator) });
  }
  const page = await signedIn('/groups');
  await visitor.tabTo(`Move ${below} with the arrow keys`);
  const order = async () => {
    const names = await page.locator('km-group-list .name a').allTextContents();
    return names.filter((each) => each === above || each === below);
  };
  await page.keyboard.press('ArrowUp');
  await polled(order).toEqual([below, above]);
  await polled(() => focused(page)).toBe(`Move ${below} with the arrow keys`);
});
