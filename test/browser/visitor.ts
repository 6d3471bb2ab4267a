/** Somebody at the console with a real browser. Whatever the browser complains about meanwhile fails the test. */
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect } from 'vitest';

import { adminPassword } from '../e2e/hookline.ts';

export interface Visitor extends AsyncDisposable {
  readonly page: Page;
  /** Signs in by the form, with the password that all people of these tests have. */
  signIn(username: string): Promise<void>;
  /** Arrives with a session that was begun before. */
  arrive(username: string, path?: string): Promise<void>;
  /** Complaints from now on that say this are what the test asks for. */
  expectComplaints(pattern: RegExp): void;
}

export interface Visit {
  readonly browser: Browser;
  readonly url: string;
  readonly options?: BrowserContextOptions;
}

/** A machine with other work may take this long for what takes a moment otherwise; a test that waits twice is lost anyway. */
const conditionMs = 60_000;

/** Every visitor lives in the same time zone, which is not UTC. */
const timezoneId = 'Asia/Kolkata';

export async function visit({ browser, url, options }: Visit): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: url,
    timezoneId,
    locale: 'en-GB',
    viewport: { width: 1280, height: 900 },
    ...options,
  });
  context.setDefaultTimeout(conditionMs);
  const complaints: string[] = [];
  const expected: RegExp[] = [];
  const page = await context.newPage();
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', error => complaints.push(String(error)));
  page.on('request', request => {
    if (!request.url().startsWith(url) && !request.url().startsWith('blob:')) {
      complaints.push(`asks elsewhere: ${request.url()}`);
    }
  });
  return {
    page,
    signIn: async username => {
      await page.goto('');
      await page.getByLabel('Username', { exact: true }).fill(username);
      await page.getByLabel('Password', { exact: true }).fill(adminPassword);
      await page.getByRole('button', { name: 'Sign in', exact: true }).click();
      await page.getByRole('navigation').waitFor();
    },
    arrive: async (username, path = '') => {
      await context.addCookies([{ ...(await sessionOf(url, username)), url }]);
      await context.addInitScript(`localStorage.setItem('hookline.session', 'yes')`);
      await page.goto(path);
      await page.getByRole('navigation').waitFor();
    },
    expectComplaints: pattern => void expected.push(pattern),
    [Symbol.asyncDispose]: async () => {
      await context.close();
      const unexpected = complaints.filter(text => !expected.some(pattern => pattern.test(text)));
      expect(unexpected).toEqual([]);
    },
  };
}

interface Cookie {
  readonly name: string;
  readonly value: string;
}

/** Logging in is slow by design: once for each person is enough. */
const sessions = new Map<string, Promise<Cookie>>();

async function sessionOf(url: string, username: string): Promise<Cookie> {
  const begun = sessions.get(username) ?? beginSession(url, username);
  sessions.set(username, begun);
  return begun;
}

async function beginSession(url: string, username: string): Promise<Cookie> {
  const answer = await fetch(`${url}/v1/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: adminPassword }),
  });
  const [pair = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
  const [name = '', value = ''] = pair.split('=');
  return { name, value };
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact?: string | null;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/**
 * Findings of axe on the page as it is shown, worse than minor: what it is, and where.
 *
 * @param rules of axe; all when absent.
 */
export async function findBarriers(
  page: Page,
  rules?: readonly string[],
): Promise<readonly string[]> {
  // Evaluated by the debugger, which the page's content security policy does not concern.
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe.source);
  const options = { resultTypes: ['violations'], ...(rules && { runOnly: rules }) };
  const { violations }: AxeResult = await page.evaluate(`axe.run(${JSON.stringify(options)})`);
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
    );
}
