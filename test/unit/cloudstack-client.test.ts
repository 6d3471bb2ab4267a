/** The client against a server that speaks CloudStack's query API. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { CloudError } from '../../src/directory/cloud-error.ts';
import { createCloudstackClient } from '../../src/directory/cloudstack/cloudstack-client.ts';
import type { CloudstackOptions } from '../../src/directory/cloudstack/cloudstack-client.ts';
import { startCloudstack, type FakeCloudstack } from '../fixtures/cloudstack-server.ts';

let cloud: FakeCloudstack;
beforeEach(async () => {
  cloud = await startCloudstack();
});
afterEach(() => cloud[Symbol.asyncDispose]());

const { signal } = new AbortController();
const clientOf = (options: Partial<CloudstackOptions> = {}) =>
  createCloudstackClient({
    url: cloud.url,
    ...cloud.keys,
    timeoutMs: 5_000,
    pageSize: 500,
    now: Date.now,
    ...options,
  });
const accountsOf = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({
    id: `a${from + index}`,
    name: 'a',
    domainid: 'd',
  }));
const accounts = { command: 'listAccounts', key: 'account' };
const listed = async (options: Partial<CloudstackOptions> = {}) =>
  clientOf(options).list(accounts, signal);

async function failure(work: Promise<unknown>): Promise<CloudError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CloudError) return error;
  throw error;
}

describe('a list', () => {
  it('is signed so that the server takes it, and read page by page to its end', async () => {
    cloud.tables.account = accountsOf(1_234);
    const { rows, isWhole } = await listed();
    expect(rows.map(({ id }) => id)).toEqual(cloud.tables.account.map(({ id }) => id));
    expect(isWhole).toBe(true);
    expect(cloud.asked.map(({ params }) => params.get('page'))).toEqual(['1', '2', '3']);
  });

  it('that is empty is whole', async () => {
    expect(await listed()).toEqual({ rows: [], isWhole: true });
  });

  it('is read in pages as large as the server allows', async () => {
    cloud.tables.account = accountsOf(45);
    cloud.pageSizeMax = 20;
    const client = clientOf();
    expect((await client.list(accounts, signal)).rows).toHaveLength(45);
    expect(cloud.asked.map(({ params }) => params.get('pagesize'))).toEqual([
      '500',
      '20',
      '20',
      '20',
    ]);
    await client.list(accounts, signal);
    expect(cloud.asked).toHaveLength(7);
  });

  it('is read again when it changed while it was being read', async () => {
    cloud.tables.account = accountsOf(40);
    let reads = 0;
    cloud.intercept = (_, params) => {
      // After its first page the first account goes, so that one slips from the second page to the first.
      if (params.get('page') === '2' && (reads += 1) === 1) cloud.tables.account.shift();
      return undefined;
    };
    const { rows, isWhole } = await listed({ pageSize: 20 });
    expect(isWhole).toBe(true);
    expect(rows.map(({ id }) => id)).toEqual(accountsOf(39, 1).map(({ id }) => id));
  });

  it('says that it is not whole when the server counts more than it gives', async () => {
    cloud.tables.account = accountsOf(5);
    const page = { listaccountsresponse: { count: 9, account: accountsOf(5) } };
    const end = { listaccountsresponse: { count: 9 } };
    cloud.intercept = (_, params) => ({
      status: 200,
      body: params.get('page') === '1' ? page : end,
    });
    const { rows, isWhole } = await listed();
    expect([rows.length, isWhole]).toEqual([5, false]);
  });

  it('whose count is that of its pages ends with a page that is not full', async () => {
    cloud.tables.webhookfilter = Array.from({ length: 7 }, (_, index) => ({
      id: `f${index}`,
      webhookid: 'w',
    }));
    const command = {
      command: 'listWebhookFilters',
      key: 'webhookfilter',
      params: { webhookid: 'w' },
      countIs: 'page',
    } as const;
    const { rows, isWhole } = await clientOf({ pageSize: 3 }).list(command, signal);
    expect([rows.length, isWhole]).toEqual([7, true]);
  });
});

describe('an error', () => {
  it('has CloudStack’s text and code, and says what to look at', async () => {
    const error = await failure(listed({ secretKey: 'another' }));
    expect(error).toMatchObject({ status: 401, errorCode: 401 });
    expect(error.message).toContain('unable to verify user credentials and/or request signature');
    expect(error.message).toContain('clocks');
  });

  it.each([
    [{ status: 503, body: '<html>down</html>' }, 'answered 503 without JSON'],
    [{ status: 302, body: '', headers: { location: 'https://x/' } }, 'it redirects elsewhere'],
    [{ status: 200, body: { status: 'ok' } }, "is not CloudStack's"],
    [{ status: 200, body: '[]' }, 'is this the URL of its API?'],
    ['cut' as const, 'cannot be reached'],
  ])('is told for the answer %j', async (reaction, expected) => {
    cloud.intercept = () => reaction;
    expect((await failure(listed())).message).toContain(expected);
  });

  it('is told when there is no answer in time', async () => {
    cloud.intercept = () => 'hang';
    expect((await failure(listed({ timeoutMs: 50 }))).message).toMatch(
      /did not answer within 50 ms/,
    );
  });

  it('never holds the keys', async () => {
    const said: string[] = [];
    for (const reaction of ['cut', 'hang', { status: 500, body: 'x' }] as const) {
      cloud.intercept = () => reaction;
      const error = await failure(listed({ timeoutMs: 50 }));
      said.push(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`);
    }
    expect(said.join()).not.toContain(cloud.keys.secretKey);
    expect(said.join()).not.toContain(cloud.keys.apiKey);
  });
});
