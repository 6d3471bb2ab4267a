import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { makeCertificate } from '../service/certificate.ts';
import { startApi } from './api-harness.ts';
import type { ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api[Symbol.asyncDispose]());

let count = 0;
const ask = (body: object) =>
  api.ask('POST', '/v1/webhooks', {
    name: 'hook',
    payloadUrl: `https://receiver.example/${(count += 1)}`,
    ...body,
  });
const storedHeaders = async (id: string) => {
  const [row] = await api.store.em
    .fork()
    .execute<{ headers: object | null }[]>('select headers from webhook where id = ?', [id]);
  return row?.headers;
};

describe("a webhook's own headers", () => {
  it('are sent as given and shown without their values', async () => {
    const headers = { Authorization: 'Bearer hunter2', 'X-Tenant': 'acme' };
    const made = await ask({ headers });
    const shown = { Authorization: '***', 'X-Tenant': '***' };
    expect(made.body).toMatchObject({ headers: shown });
    expect(await storedHeaders(made.body.id)).toEqual(headers);
    const answers = [
      made,
      await api.ask('GET', `/v1/webhooks/${made.body.id}`),
      await api.ask('GET', '/v1/webhooks?limit=500'),
      await api.ask('PATCH', `/v1/webhooks/${made.body.id}`, { name: 'n' }),
      await api.ask('GET', `/v1/audit?objectId=${made.body.id}`),
    ];
    for (const { text } of answers) expect(text).not.toMatch(/hunter2|acme/);
    expect(api.logged.join('\n')).not.toContain('hunter2');
  });

  it('keep the values that are given back hidden, in whatever case the name is', async () => {
    const { body } = await ask({ headers: { Authorization: 'Bearer hunter2', 'X-Old': 'o' } });
    const changed = await api.ask('PATCH', `/v1/webhooks/${body.id}`, {
      headers: { authorization: '***', 'X-New': 'n' },
    });
    expect(changed.status).toBe(200);
    expect(await storedHeaders(body.id)).toEqual({
      authorization: 'Bearer hunter2',
      'X-New': 'n',
    });
    await api.ask('PATCH', `/v1/webhooks/${body.id}`, { headers: null });
    expect(await storedHeaders(body.id)).toBeNull();
  });

  it.each([
    [{ 'X-CS-Signature': 'x' }, 'headers_invalid', 'X-CS-Signature is set by Hookline'],
    [{ 'X-A': 'a\r\nb: c' }, 'headers_invalid', 'visible ASCII'],
    [{ 'X A': 'a' }, 'headers_invalid', 'no name of a header'],
    [{ 'X-A': '***' }, 'headers_invalid', 'X-A has no value yet'],
    [{ 'X-A': 1 }, 'request_invalid', '/headers/X-A'],
  ])('are refused when they are %j', async (headers, code, detail) => {
    const { body } = await ask({ headers });
    expect(body).toMatchObject({ status: 400, code });
    expect(body.detail).toContain(detail);
  });
});

describe("a webhook's CA certificate", () => {
  it('is kept and shown, several in one text too, and taken away by null', async () => {
    const { ca, cert } = await makeCertificate();
    const { body } = await ask({ caCertificate: `${ca}\n${cert}` });
    expect(body).toMatchObject({ caCertificate: `${ca}\n${cert}` });
    const gone = await api.ask('PATCH', `/v1/webhooks/${body.id}`, { caCertificate: null });
    expect(gone.body).toMatchObject({ caCertificate: null });
  });

  it('is refused at once when nothing could be trusted by it', async () => {
    const { ca, key } = await makeCertificate();
    const expired = await makeCertificate({ days: -1 });
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const cases = [
      ['nonsense', 'needs PEM'],
      [broken, 'block 1 is no X.509 certificate'],
      [ca + broken, 'block 2'],
      [ca + key, 'holds a PRIVATE KEY'],
      [expired.cert, 'has expired'],
    ] as const;
    for (const [caCertificate, detail] of cases) {
      const { body, text } = await ask({ caCertificate });
      expect.soft(body.code, detail).toBe('ca_certificate_invalid');
      expect.soft(body.detail).toContain(detail);
      expect.soft(text).not.toContain('BEGIN PRIVATE');
    }
  });
});

const make = async () => {
  const { body, headers } = await ask({});
  return { path: `/v1/webhooks/${body.id}`, etag: String(headers['etag']) };
};
const stating = (name: string, value: string) => ({
  authorization: `Bearer ${api.token}`,
  [name]: value,
});

describe('the ETag of a webhook', () => {
  it('spares an answer that the asker has', async () => {
    const { path, etag } = await make();
    expect((await api.ask('GET', path)).headers['etag']).toBe(etag);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await api.ask('GET', path, undefined, stating('if-none-match', known));
      expect(answer).toMatchObject({ status: 304, text: '', headers: { etag } });
    }
    const other = await api.ask('GET', path, undefined, stating('if-none-match', '"other"'));
    expect(other.status).toBe(200);
  });

  it('is another one after each change, also of what is not shown', async () => {
    const { path, etag } = await make();
    const seen = [etag];
    const change = async (body: object) =>
      seen.push(String((await api.ask('PATCH', path, body)).headers['etag']));
    await change({ name: 'n' });
    await change({ secretKey: 'one' });
    await change({ secretKey: 'two' });
    await change({ headers: { A: 'a' } });
    await change({ headers: { A: 'b' } });
    await api.ask('POST', `${path}/filters`, { value: 'VM.START' });
    seen.push(String((await api.ask('GET', path)).headers['etag']));
    expect(new Set(seen).size).toBe(7);
  });

  it.each(['PATCH', 'DELETE'] as const)(
    'keeps %s from undoing what another one did',
    async method => {
      const { path, etag } = await make();
      const body = method === 'PATCH' ? { description: 'mine' } : undefined;
      const { headers } = await api.ask('PATCH', path, { description: 'theirs' });
      const refused = await api.ask(method, path, body, stating('if-match', etag));
      expect(refused.body).toMatchObject({ status: 412, code: 'precondition_failed' });
      expect((await api.ask('GET', path)).body).toMatchObject({ description: 'theirs' });
      const present = String(headers['etag']);
      expect((await api.ask(method, path, body, stating('if-match', present))).status).toBeLessThan(
        300,
      );
    },
  );

  it('lets one of two who start from the same state change it', async () => {
    const { path, etag } = await make();
    const answers = await Promise.all(
      ['a', 'b', 'c'].map(name => api.ask('PATCH', path, { name }, stating('if-match', etag))),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 412, 412]);
  });
});
