/**
 * Every page, in light and dark and on a phone: no barrier for people with disabilities, nothing that the browser complains
 * about, and a screenshot in `test/browser/screenshots`, for a person to look at.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { findBarriers } from '../visitor.ts';
import type { World } from '../world.ts';

const folder = join(import.meta.dirname, '../screenshots');

const looks = {
  light: { colorScheme: 'light' },
  dark: { colorScheme: 'dark' },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
} as const;

const pages: Readonly<Record<string, { readonly path: string; readonly heading: string }>> = {
  webhooks: { path: 'webhooks', heading: 'Webhooks' },
  'not-found': { path: 'nowhere', heading: 'Page not found' },
};

export function everyPage(worldOf: () => World): void {
  mkdirSync(folder, { recursive: true });
  describe.each(Object.entries(looks))('in %s', (look, options) => {
    it('shows the door and every page without barriers', async () => {
      await using visitor = await worldOf().visit(options);
      const { page } = visitor;
      await page.goto('');
      await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
      await page.screenshot({ path: join(folder, `sign-in-${look}.png`), fullPage: true });
      expect.soft(await findBarriers(page), 'sign-in').toEqual([]);
      await visitor.arrive('admin');
      for (const [name, { path, heading }] of Object.entries(pages)) {
        await page.goto(path);
        await page.getByRole('heading', { name: heading, level: 1 }).waitFor();
        await page.getByText('Loading…').waitFor({ state: 'detached' });
        await page.screenshot({ path: join(folder, `${name}-${look}.png`), fullPage: true });
        expect.soft(await findBarriers(page), name).toEqual([]);
        expect.soft(await page.locator('.planted').count(), name).toBe(0);
        const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
        expect.soft(isWide, `${name} scrolls sideways`).toBe(false);
      }
    });
  });
}
