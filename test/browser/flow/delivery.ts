/** From an event to what its receivers answered, in each role; and what operators alone see. */
import { beforeAll, describe, expect, it } from 'vitest';

import { domain, people, type World } from '../world.ts';

export function delivery(worldOf: () => World): void {
  describe('events and deliveries', () => {
    beforeAll(async () => {
      const world = worldOf();
      const { hookline, receiver } = world;
      receiver.answerWith(({ path }) =>
        path.includes('refuses')
          ? { status: 400, body: '<b class="planted">refused</b>' }
          : { status: 200, body: '{"ok":true}' },
      );
      const add = async (name: string, more: object): Promise<void> => {
        const payloadUrl = `${receiver.url}flow/${name}`;
        await hookline.ask('POST', '/v1/webhooks', { name, payloadUrl, ...more });
      };
      await add('accepts', { accountId: 'uma' });
      await add('refuses', { accountId: 'dana', scope: 'Domain', domainId: domain, tries: 1 });
      await add('global', { accountId: 'owner', scope: 'Global' });
      await world.publish([
        { event: 'VM.START', account: 'uma' },
        { event: 'VOLUME.ATTACH', account: 'dana' },
        { event: 'VM.STOP', account: 'owner' },
      ]);
      await world.publishMalformed();
      await hookline.until('the deliveries', async () => {
        const { items } = await hookline.ask('GET', '/v1/deliveries?limit=100');
        return Array.isArray(items) && items.length >= 6;
      });
    });

    it.each([
      ['admin', 3, 3],
      ['dana', 2, 2],
      ['uma', 1, 1],
    ] as const)(
      'show %s what the role may see, and why each webhook got it',
      async (who, events, explained) => {
        await using visitor = await worldOf().visit();
        const { page } = visitor;
        await visitor.arrive(who, 'events');
        await page.getByRole('rowheader').first().waitFor();
        expect(await page.getByRole('rowheader').count()).toBe(events);
        await page.getByRole('link', { name: 'VM.START' }).click();
        await page.getByRole('heading', { name: 'VM.START', level: 1 }).waitFor();
        const named = page.getByRole('link', { name: /^(accepts|refuses|global)$/ });
        await expect.poll(async () => named.count()).toBe(explained);
        await page.getByText('owed to').click();
        await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
        await expect.poll(async () => named.count()).toBe(explained);
      },
    );

    it.each(Object.keys(people))('can be redelivered by %s', async who => {
      await using visitor = await worldOf().visit({
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      const { page } = visitor;
      await visitor.arrive(who, 'deliveries');
      await page.getByRole('link', { name: 'VM.START' }).first().click();
      await page.getByRole('heading', { name: 'VM.START', level: 1 }).waitFor();
      await page.getByRole('button', { name: 'Copy as curl: Request' }).click();
      await page.getByText('Copied: Request').waitFor();
      expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(
        /^curl [\s\S]+--data-raw/,
      );
      await page.getByRole('button', { name: 'Redeliver' }).click();
      await page.getByText('The event will be sent again.').waitFor();
      await page.getByText('Sent again by hand.').waitFor();
    });

    it('show what a receiver refused, as text', async () => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      await visitor.arrive('dana', 'deliveries?state=failed');
      await page.getByRole('link', { name: 'VM.START' }).click();
      await page.getByText('<b class="planted">refused</b>').waitFor();
      expect(await page.locator('.planted').count()).toBe(0);
    });

    it('that cannot be read are retried and dropped by operators', async () => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      await visitor.arrive('admin', 'quarantine');
      await page.getByRole('button', { name: /^Retry the message/ }).click();
      await page.getByRole('button', { name: 'Dismiss' }).click();
      await page.getByRole('rowheader').getByRole('link').click();
      await page.getByText('no JSON, but <b class="planted">').waitFor();
      await page.goBack();
      await page.getByRole('button', { name: /^Drop the message/ }).click();
      await page.getByRole('button', { name: 'Drop the message', exact: true }).click();
      await page.getByRole('heading', { name: 'The quarantine is empty' }).waitFor();
      expect(await page.locator('.planted').count()).toBe(0);
    });

    it('stop while their source is paused', async () => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      await visitor.arrive('admin', 'sources');
      await page.getByRole('button', { name: 'Pause rabbitmq' }).click();
      await page.getByText('It is held back by hand.').waitFor();
      await page.getByRole('button', { name: /^Resume/ }).click();
      await page.getByRole('button', { name: 'Pause rabbitmq' }).waitFor();
      expect(await page.getByRole('button', { name: 'Pause rabbitmq' }).count()).toBe(1);
    });

    it('leave operators’ pages out for others, and answer them 403', async () => {
      await using visitor = await worldOf().visit();
      const { page } = visitor;
      visitor.expectComplaints(/403/);
      await visitor.arrive('uma', 'quarantine');
      await page.getByText('Your role does not allow this').waitFor();
      const links = await page.getByRole('navigation').getByRole('link').allTextContents();
      expect(links).toEqual(['Overview', 'Webhooks', 'Deliveries', 'Events', 'About']);
    });
  });
}
