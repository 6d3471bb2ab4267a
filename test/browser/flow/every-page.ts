/**
 * Every page, in light and dark and on a phone: no barrier for people with disabilities, nothing that the browser complains
 * about, and a screenshot in `test/browser/screenshots`, for a person to look at. One visitor opens each page once and
 * changes how it is looked at.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { findBarriers, type Visitor } from '../visitor.ts';
import type { World } from '../world.ts';

const folder = join(import.meta.dirname, '../screenshots');

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

const wide = { width: 1280, height: 900 };
const phone = { width: 390, height: 844 };

const isWider = `document.documentElement.scrollWidth > innerWidth ||
  [...document.querySelectorAll('.scroll')].some(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)`;

/** Looks at the page that is open in every way. @returns what is wrong with it. */
async function examine(page: Page, name: string): Promise<readonly string[]> {
  const shoot = async (look: string): Promise<unknown> =>
    page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
  const found: string[] = [];
  await shoot('light');
  found.push(...(await findBarriers(page)));
  await page.emulateMedia({ colorScheme: 'dark' });
  await shoot('dark');
  // The scheme changes nothing but colours.
  found.push(...(await findBarriers(page, ['color-contrast'])));
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(phone);
  await shoot('phone');
  if (await page.evaluate(isWider)) found.push('It scrolls sideways on a phone.');
  await page.setViewportSize(wide);
  if ((await page.locator('.planted').count()) > 0) found.push('Text was taken for markup.');
  return found;
}

export function everyPage(worldOf: () => World): void {
  mkdirSync(folder, { recursive: true });
  describe('in light, in dark and on a phone', () => {
    let visitor: Visitor;
    beforeAll(async () => {
      const world = worldOf();
      await world.publishMalformed();
      await world.hookline.until('the quarantined message', async () => {
        const { items } = await world.hookline.ask('GET', '/v1/quarantine?limit=1');
        return Array.isArray(items) && items.length > 0;
      });
      visitor = await world.visit({ colorScheme: 'light', viewport: wide });
      await visitor.arrive('admin');
    });
    afterAll(async () => visitor[Symbol.asyncDispose]());

    it('the door has no barriers', async () => {
      await using stranger = await worldOf().visit({ colorScheme: 'light', viewport: wide });
      const { page } = stranger;
      await page.goto('');
      await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
      expect(await examine(page, 'sign-in')).toEqual([]);
    });

    it.each(Object.entries(pages))('the page %s has no barriers', async (name, shown) => {
      const { page } = visitor;
      await page.goto(await addressOf(worldOf(), shown));
      const named = shown.heading === undefined ? {} : { name: shown.heading };
      await page.getByRole('heading', { ...named, level: 1 }).waitFor();
      await expect.poll(async () => page.getByText('Loading…').count()).toBe(0);
      expect(await examine(page, name)).toEqual([]);
    });

    it('a line of a single point is seen in a chart', async () => {
      const { page } = visitor;
      await page.goto('overview?period=day');
      await expect.poll(async () => page.evaluate(countColoured)).toBeGreaterThan(9);
    });
  });
}

/** Runs in the browser. Axes and their numbers are grey: their red, green and blue differ little. @returns a number of pixels. */
const countColoured = `(canvas => {
  if (canvas === null) return 0;
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    const [red, green, blue, opacity] = data.slice(at, at + 4);
    if (opacity > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 80) count += 1;
  }
  return count;
})(document.querySelector('figure[aria-label^="Duration"] canvas'))`;
