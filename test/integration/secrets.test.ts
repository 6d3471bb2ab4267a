import { randomBytes } from 'node:crypto';

import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';

import { findByApiKey, createApiKey } from '../../src/access/api-key.ts';
import { resealSecrets } from '../../src/access/secret/reseal.ts';
import { keyIdOf, open, seal } from '../../src/access/secret/seal.ts';
import { inTransaction, databaseOf } from '../../src/store/database.ts';
import {
  dropExpiredSecrets,
  replaceSecret,
  rotateSecret,
  secretsMax,
} from '../../src/store/webhook/secret.ts';
import { findWebhook } from '../../src/store/webhook/webhook.ts';
import { everything } from '../../src/store/sql/visibility.ts';
import { hasValidSignature, startReceiver, type ReceivedRequest } from '../service/receiver.ts';
import { waitUntil } from '../service/wait-until.ts';
import {
  account,
  openDispatchHarness,
  secretKey,
  type DispatchHarness,
} from './dispatch-harness.ts';

const hourMs = 3_600_000;

async function rotate(
  { records: { store } }: DispatchHarness,
  webhookId: string,
  secret: string,
  overlapMs: number,
): Promise<void> {
  await inTransaction(store, async database =>
    rotateSecret(database, webhookId, seal(secretKey, secret), overlapMs),
  );
}

const secretsOf = async ({ records }: DispatchHarness): Promise<string[]> =>
  (
    await records.rows<{ sealed: Buffer }>('select sealed from webhook_secret order by created')
  ).map(({ sealed }) => open([secretKey], sealed));

const signaturesIn = ({ headers }: ReceivedRequest): string[] =>
  String(headers['webhook-signature']).split(' ');

function verifies({ headers, body }: ReceivedRequest, secret: string): boolean {
  const names = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
  const given = Object.fromEntries(names.map(name => [name, String(headers[name])]));
  try {
    new Webhook(secret, { format: 'raw' }).verify(body.toString(), given);
    return true;
  } catch {
    return false;
  }
}

describe('a secret that replaces another', () => {
  it('signs beside it until the overlap ends, and signs CloudStack’s header alone', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const webhookId = await harness.webhook(receiver.url, { secret: 'old' });
    await harness.start();
    const next = async (): Promise<ReceivedRequest> => {
      await harness.settled(await harness.owe(webhookId), 'delivered');
      const request = receiver.requests.at(-1);
      if (!request) throw new RangeError('a delivery arrived');
      return request;
    };
    expect(verifies(await next(), 'old')).toBe(true);
    await rotate(harness, webhookId, 'new', hourMs);
    const both = await waitUntil('both signatures', async () => {
      const request = await next();
      return signaturesIn(request).length === 2 && request;
    });
    expect([verifies(both, 'new'), verifies(both, 'old')]).toEqual([true, true]);
    expect([hasValidSignature(both, 'new'), hasValidSignature(both, 'old')]).toEqual([true, false]);
    await harness.records.rows(`update webhook_secret set expires_at = now() + interval '1 s'
      where expires_at is not null`);
    const one = await waitUntil('one signature', async () => {
      const request = await next();
      return signaturesIn(request).length === 1 && request;
    });
    expect([verifies(one, 'new'), verifies(one, 'old')]).toEqual([true, false]);
  });

  it('replaces it at once without an overlap', async () => {
    await using harness = await openDispatchHarness();
    const webhookId = await harness.webhook('http://a.test/', { secret: 'old' });
    await rotate(harness, webhookId, 'new', 0);
    expect(await secretsOf(harness)).toEqual(['new']);
  });

  it('is the first secret of a webhook that had none', async () => {
    await using harness = await openDispatchHarness();
    const webhookId = await harness.webhook('http://a.test/');
    await rotate(harness, webhookId, 'new', hourMs);
    expect(await secretsOf(harness)).toEqual(['new']);
  });

  it('pushes out the oldest of too many', async () => {
    await using harness = await openDispatchHarness();
    const webhookId = await harness.webhook('http://a.test/', { secret: '0' });
    for (const secret of ['1', '2', '3', '4', '5']) {
      await rotate(harness, webhookId, secret, hourMs);
    }
    expect(await secretsOf(harness)).toEqual(['2', '3', '4', '5'].slice(-secretsMax));
  });

  it('is one of two when two replace at once, and the webhook has one current secret', async () => {
    await using harness = await openDispatchHarness();
    const webhookId = await harness.webhook('http://a.test/', { secret: '0' });
    await Promise.all(['1', '2', '3'].map(secret => rotate(harness, webhookId, secret, hourMs)));
    expect((await secretsOf(harness)).toSorted()).toEqual(['0', '1', '2', '3']);
    const current = 'select count(*)::int as n from webhook_secret where expires_at is null';
    expect(await harness.records.rows(current)).toEqual([{ n: 1 }]);
  });
});

describe('a secret', () => {
  it('that is set takes the place of all before it, and none takes them away', async () => {
    await using harness = await openDispatchHarness();
    const { store } = harness.records;
    const webhookId = await harness.webhook('http://a.test/', { secret: 'old' });
    await rotate(harness, webhookId, 'new', hourMs);
    const set = async (sealed: Buffer | null): Promise<void> =>
      inTransaction(store, async database => replaceSecret(database, webhookId, sealed));
    await set(seal(secretKey, 'only'));
    expect(await secretsOf(harness)).toEqual(['only']);
    await set(null);
    expect(await secretsOf(harness)).toEqual([]);
  });

  it('that has expired is none, and is forgotten', async () => {
    await using harness = await openDispatchHarness();
    const database = databaseOf(harness.records.store);
    const webhookId = await harness.webhook('http://a.test/', { secret: 'old' });
    const hasSecret = async () => (await findWebhook(database, webhookId, everything))?.hasSecret;
    expect(await hasSecret()).toBe(true);
    await harness.records.rows(`update webhook_secret set expires_at = now() - interval '1 s'`);
    expect(await hasSecret()).toBe(false);
    expect(await dropExpiredSecrets(database)).toBe(1);
    expect(await harness.records.count('webhook_secret')).toBe(0);
  });
});

describe('the operator’s new key', () => {
  it('seals anew what the former one sealed, over many pages, and leaves alone what neither opens', async () => {
    await using harness = await openDispatchHarness();
    const { records } = harness;
    const [present, former, foreign] = [randomBytes(32), randomBytes(32), randomBytes(32)];
    await records.rows(`insert into webhook (name, account_id, domain_id, payload_url)
      select 'w', '${account}', 'root', 'http://a.test/' || n from generate_series(1, 450) n`);
    const sealed = seal(former, 'secret').toString('hex');
    await records.rows(
      `insert into webhook_secret (webhook_id, sealed) select id, '\\x${sealed}' from webhook`,
    );
    const lost = seal(foreign, 'lost');
    await records.rows(`update webhook_secret set sealed = '\\x${lost.toString('hex')}'
      where id in (select id from webhook_secret order by id limit 3)`);
    // Several processes do it at the same time.
    const done = await Promise.all(
      [0, 1].map(async () => resealSecrets(records.store, [present, former])),
    );
    expect(done.map(result => result.lost)).toEqual([3, 3]);
    expect(done.reduce((sum, { resealed }) => sum + resealed, 0)).toBe(447);
    const after = await records.rows<{ sealed: Buffer }>(
      'select sealed from webhook_secret order by id',
    );
    expect(after.slice(0, 3).map(row => open([foreign], row.sealed))).toEqual(
      Array.from({ length: 3 }, () => 'lost'),
    );
    const opened = new Set(after.slice(3).map(row => open([present], row.sealed)));
    expect(opened).toEqual(new Set(['secret']));
    expect(await resealSecrets(records.store, [present, former])).toEqual({ resealed: 0, lost: 3 });
  });

  it('seals API keys anew as well', async () => {
    await using harness = await openDispatchHarness();
    const { records } = harness;
    const { store } = records;
    const [present, former] = [randomBytes(32), randomBytes(32)];
    const database = databaseOf(store);
    await records.rows(`insert into app_user (username, role) values ('admin', 'Admin')`);
    const [user] = await records.rows<{ id: string }>('select id from app_user');
    const made = await createApiKey(database, { userId: user?.id ?? '', key: former });
    expect(await resealSecrets(store, [present, former])).toEqual({ resealed: 1, lost: 0 });
    const found = await findByApiKey(database, made.apiKey, [present]);
    expect(found?.secretKey).toBe(made.secretKey);
  });

  it('goes on delivering with what the former one sealed, and needs it no more after a while', async () => {
    await using harness = await openDispatchHarness();
    await using receiver = await startReceiver();
    const present = randomBytes(32);
    const environment = { HOOKLINE_SECRET_KEY: present.toString('base64') };
    const webhookId = await harness.webhook(receiver.url, { secret: 's3cret' });
    const isResealed = async (): Promise<boolean> => {
      const [row] = await harness.records.rows<{ sealed: Buffer }>(
        'select sealed from webhook_secret',
      );
      return row?.sealed.subarray(1, 5).equals(keyIdOf(present)) ?? false;
    };
    const previous = { HOOKLINE_SECRET_KEY_PREVIOUS: secretKey.toString('base64') };
    const dispatching = await harness.start({ ...environment, ...previous });
    await harness.settled(await harness.owe(webhookId), 'delivered');
    expect(await isResealed()).toBe(false);
    await dispatching.stop();
    const tidying = await harness.start({ ...environment, ...previous }, undefined, ['janitor']);
    await waitUntil('the secret to be sealed anew', isResealed);
    await tidying.stop();
    await harness.start(environment);
    await harness.settled(await harness.owe(webhookId), 'delivered');
    expect(receiver.requests.map(request => hasValidSignature(request, 's3cret'))).toEqual([
      true,
      true,
    ]);
  });
});
