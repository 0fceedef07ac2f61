import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'vitest';
import { useBrowser, useConsoleHouse } from '../../product/console.ts';
import { addServing } from '../../product/house.ts';

// Here, where a gateway that is gone leaves its spool to the next start.
const house = useConsoleHouse();
const visitor = useBrowser(house);
const timeout = 120_000;

it(
  'warns of messages that no service could read, shows why, and makes state anew from events',
  { timeout },
  async () => {
    const { keymux } = house;
    const { name } = await addServing(house, { channel: 'openai' }, 2);
    const { page } = visitor;
    await visitor.signIn();
    await visitor.open('/settings/maintenance');
    await page.getByText('Every message was read').waitFor();

    // A row that a gateway left half written, as one of another version may be.
    await keymux.stop();
    const folder = join(keymux.dataDir, 'spool', 'gateway-9');
    mkdirSync(folder, { recursive: true });
    const row = ['r', name, '', 'torn', new Date().toISOString(), '{"torn'].join('\t');
    writeFileSync(join(folder, '0000000001.spool'), `${row}\n`);
    await keymux.start();

    await visitor.open('/overview');
    await page.getByText('1 message could not be read').waitFor();
    await page.getByRole('link', { name: 'Look at them' }).click();
    await page.getByText('A request without its row in the log').waitFor();
    await page.getByText('log.request.unreadable').waitFor();

    await page.getByRole('button', { name: 'Rebuild from the events' }).click();
    const question = page.getByRole('dialog');
    await question.getByRole('button', { name: 'Rebuild from the events' }).click();
    const task = page.getByRole('region', { name: 'Tasks' }).getByRole('listitem').first();
    await task.getByText('Rebuild').waitFor();
    await task.getByText('Done').waitFor();
  },
);
