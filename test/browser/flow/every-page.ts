/**
 * Every page, in light and dark and on a phone: no barrier for people with disabilities, nothing that the browser complains
 * about, and a screenshot in `test/browser/screenshots`, for a person to look at.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from 'vitest';

import { findBarriers } from '../visitor.ts';
import type { World } from '../world.ts';

const folder = join(import.meta.dirname, '../screenshots');

const looks = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
} as const;

interface PageUnderTest {
  /** Of one that an address names, the list of the API that it is the newest of. */
  readonly path:
    | string
    | { readonly before: string; readonly list: string; readonly after?: string };
  /** Of the first level; any, where it is the name of a thing. */
  readonly heading?: string;
}

const webhook = { before: 'webhooks/', list: '/v1/webhooks' };

const pages: Readonly<Record<string, PageUnderTest>> = {
  overview: { path: 'overview', heading: 'Overview' },
  webhooks: { path: 'webhooks', heading: 'Webhooks' },
  'webhook-new': { path: 'webhooks/new', heading: 'Create a webhook' },
  webhook: { path: webhook },
  'webhook-filters': { path: { ...webhook, after: '/filters' } },
  'webhook-settings': { path: { ...webhook, after: '/settings' } },
  'webhook-audit': { path: { ...webhook, after: '/audit' } },
  'webhook-edit': { path: { ...webhook, after: '/edit' } },
  deliveries: { path: 'deliveries', heading: 'Deliveries' },
  delivery: { path: { before: 'deliveries/', list: '/v1/deliveries' } },
  events: { path: 'events', heading: 'Events' },
  event: { path: { before: 'events/', list: '/v1/events' } },
  quarantine: { path: 'quarantine', heading: 'Quarantine' },
  'quarantined-message': { path: { before: 'quarantine/', list: '/v1/quarantine' } },
  sources: { path: 'sources', heading: 'Sources' },
  about: { path: 'about', heading: 'About' },
  'not-found': { path: 'nowhere', heading: 'Page not found' },
};

async function addressOf({ hookline }: World, { path }: PageUnderTest): Promise<string> {
  if (typeof path === 'string') return path;
  const { items } = await hookline.ask('GET', `${path.list}?limit=1`);
  const [first]: readonly unknown[] = Array.isArray(items) ? items : [];
  return `${path.before}${String(Reflect.get(Object(first), 'id'))}${path.after ?? ''}`;
}

export function everyPage(worldOf: () => World): void {
  mkdirSync(folder, { recursive: true });
  describe.each(Object.entries(looks))('in %s', (look, options) => {
    beforeAll(async () => worldOf().publishMalformed());

    it('shows the door and every page without barriers', async () => {
      await using visitor = await worldOf().visit(options);
      const { page } = visitor;
      await page.goto('');
      await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
      await page.screenshot({ path: join(folder, `sign-in-${look}.png`), fullPage: true });
      expect.soft(await findBarriers(page), 'sign-in').toEqual([]);
      await visitor.arrive('admin');
      for (const [name, shown] of Object.entries(pages)) {
        await page.goto(await addressOf(worldOf(), shown));
        const named = shown.heading === undefined ? {} : { name: shown.heading };
        await page.getByRole('heading', { ...named, level: 1 }).waitFor();
        await expect.poll(async () => page.getByText('Loading…').count()).toBe(0);
        await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
        expect.soft(await findBarriers(page), name).toEqual([]);
        expect.soft(await page.locator('.planted').count(), name).toBe(0);
        const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
        expect.soft(isWide, `${name} scrolls sideways`).toBe(false);
      }
    });
  });
}
