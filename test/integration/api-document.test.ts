import { Ajv } from 'ajv';
import { Counter, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { listPermissions, permissionFor } from '../../src/access/permission.ts';
import type { SourceControl } from '../../src/api/context.ts';
import { problemKinds } from '../../src/api/http/problem.ts';
import { openStore } from '../../src/store/connection/open.ts';
import { databaseOf } from '../../src/store/database.ts';
import { claimSync, deleteDirectoryStatus } from '../../src/store/directory/sync-state.ts';
import { newId, startApi } from './api-harness.ts';
import type { Answer, ApiUnderTest } from './api-harness.ts';
import { createWorld } from './permission-world.ts';
import type { World } from './permission-world.ts';

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly object[];
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, { properties?: object }>> };
}

let api: ApiUnderTest;
let document: Document;
let world: World;
const metrics = new Registry();

beforeAll(async () => {
  new Counter({ name: 'hookline_test_total', help: 'x', registers: [metrics] }).inc(3);
  api = await startApi({
    metrics,
    redrive: async () => ({ kind: 'recorded', eventIds: [newId()], refused: [] }),
  });
  world = await createWorld(api);
  document = JSON.parse((await api.ask('GET', '/v1/openapi.json', undefined, {})).text);
});
afterAll(() => api[Symbol.asyncDispose]());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      route: `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      path,
      method,
      operation,
    })),
  );

describe('the OpenAPI document', () => {
  it("is of version 3.1 and names the program's", () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info.version).toBe('0.0.0-test');
  });

  it('describes every route there is, and no other', () => {
    const documented = operations().map(({ route }) => route);
    // CloudStack's API tells of itself by `listApis`.
    const served = listPermissions().filter(
      route => !/( \/client\/api|\/openapi\.json| \/\*)$/.test(route),
    );
    expect(documented.toSorted()).toEqual(served.toSorted());
  });

  it('says of every route what it does, what it answers, and whether it needs a token', () => {
    for (const { route, operation } of operations()) {
      const [method = '', url = ''] = route.split(' ');
      const isPublic = permissionFor(method, url) === 'public';
      expect.soft(operation.summary, route).toMatch(/^[A-Z]/);
      expect.soft(operation.tags, route).toHaveLength(1);
      expect.soft(operation.security?.length === 0, route).toBe(isPublic);
      const answers = Object.keys(operation.responses);
      expect
        .soft(
          answers.some(status => /^[23]/.test(status)),
          route,
        )
        .toBe(true);
      expect.soft(isPublic || answers.includes('4XX'), route).toBe(true);
    }
  });

  it('refers to schemas that are there', () => {
    const references = [
      ...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g),
    ];
    const names = new Set(references.map(([, name]) => name ?? ''));
    expect(names.size).toBeGreaterThan(20);
    for (const name of names) expect(Object.keys(document.components.schemas)).toContain(name);
  });

  it('has no answer with a secret in it', () => {
    const { Webhook, User } = document.components.schemas;
    expect(Object.keys(Webhook?.properties ?? {})).not.toContain('secretKey');
    expect(Object.keys(User?.properties ?? {})).not.toContain('password');
  });

  it('is what the server answers', async () => {
    await api.ask('POST', '/v1/webhooks', {
      name: 'w',
      payloadUrl: 'http://r',
      filters: [{ value: 'A' }],
    });
    await api.ask('POST', '/v1/tokens', { name: 't' });
    api.sources.push(createSource('running'));
    await claimSync(databaseOf(api.store), { kind: 'cloudstack', claimMs: 60_000 });
    const lists = operations().filter(
      ({ method, path }) => method === 'get' && !/[{]|metrics|oidc/.test(path),
    );
    expect(lists.length).toBeGreaterThan(8);
    for (const { path } of lists) {
      const answer = await api.ask('GET', path);
      expect.soft(answer.status, path).toBe(200);
      expect.soft(faultsOf({ method: 'get', path, answer }), path).toBe('');
    }
    api.sources.pop();
    await deleteDirectoryStatus(databaseOf(api.store));
  });
});

/** What is wrong with an answer by the document; empty when nothing is. */
function faultsOf({ method, path, answer }: { method: string; path: string; answer: Answer }) {
  const ajv = new Ajv({
    strict: false,
    validateSchema: false,
    formats: { uuid: true, 'date-time': true },
  });
  ajv.addSchema(document, 'document');
  const at = path.replaceAll('/', '~1');
  const pointer = `#/paths/${at}/${method}/responses/${answer.status}/content/application~1json/schema`;
  const validate = ajv.compile({ $ref: `document${pointer}` });
  return validate(answer.body) ? '' : ajv.errorsText(validate.errors);
}

const named = (path: string, method: string) =>
  document.paths[path]?.[method]?.parameters?.map(({ in: place, name }) => `${place} ${name}`);

describe('the document of what acts on one thing', () => {
  it.each([
    ['GET', '/v1/webhooks/{id}', '', undefined],
    ['PATCH', '/v1/webhooks/{id}', '', { headers: { A: 'a' }, caCertificate: null }],
    ['POST', '/v1/webhooks/{id}/secret', '', undefined],
    ['POST', '/v1/webhooks/{id}/test', '', undefined],
    ['POST', '/v1/test', '', { payloadUrl: 'http://r:1/' }],
    ['POST', '/v1/webhooks/{id}/redeliver', '', { from: '2026-01-01T00:00:00Z', dryRun: true }],
    ['POST', '/v1/webhooks/{id}/redeliver', '', { from: '2026-01-01T00:00:00Z' }],
    ['GET', '/v1/deliveries/{deliveryId}', '', undefined],
    ['GET', '/v1/events/{eventId}', '', undefined],
    ['GET', '/v1/events/{eventId}/explain', '', undefined],
    ['GET', '/v1/stats', '?by=webhook,eventType,time', undefined],
    ['GET', '/v1/quarantine/{quarantinedId}', '', undefined],
    ['POST', '/v1/quarantine/{quarantinedId}/retry', '', undefined],
    ['DELETE', '/v1/deliveries', '?webhookId={id}', undefined],
  ] as const)('is what %s %s answers', async (method, template, query, body) => {
    const { webhookId, eventId, deliveryId } = await world.make('own');
    const quarantinedId = newId();
    await world.run(`insert into quarantine (id, source, position, reason, body)
      values ('${quarantinedId}', 's', 'p', 'r', '')`);
    await world.run(`insert into attempt (delivery_id, number, started_at, duration_ms)
      values ('${deliveryId}', 1, now(), 1)`);
    const ids: Record<string, string> = { id: webhookId, eventId, deliveryId, quarantinedId };
    const fill = (text: string) =>
      text.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? '');
    const answer = await api.ask(method, fill(template + query), body);
    expect(answer.status).toBeLessThan(300);
    const path = template.replace(/\{\w+\}/, '{id}');
    expect(faultsOf({ method: method.toLowerCase(), path, answer })).toBe('');
  });

  it('names the conditions and the key of repeats among the parameters', () => {
    expect(named('/v1/webhooks', 'post')).toContain('header idempotency-key');
    expect(named('/v1/login', 'post') ?? []).not.toContain('header idempotency-key');
    expect(named('/v1/webhooks/{id}', 'get')).toContain('header if-none-match');
    expect(named('/v1/webhooks/{id}', 'patch')).toContain('header if-match');
  });
});

describe('the documentation page', () => {
  it('works without the internet: all it needs is served with it', async () => {
    const page = await api.app.inject({ method: 'GET', url: '/docs' });
    expect(page.statusCode).toBe(200);
    const assets = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url]) => url ?? '');
    expect(assets.length).toBeGreaterThan(3);
    for (const asset of assets) {
      expect(asset).not.toMatch(/^(https?:)?\/\//);
      const { pathname } = new URL(asset, 'http://api/docs');
      const served = await api.app.inject({ method: 'GET', url: pathname });
      expect.soft(served.statusCode, asset).toBe(200);
    }
  });
});

/** Asks to make a webhook with these bytes for a body. */
const send = async (payload: string, type = 'application/json') => {
  const headers = { authorization: `Bearer ${api.token}`, 'content-type': type };
  return (await api.ask('POST', '/v1/webhooks', payload, headers)).body;
};

describe('a problem', () => {
  it.each([
    ['GET', '/v2/webhooks', 404, 'not_found'],
    ['PUT', '/v1/webhooks', 404, 'not_found'],
    ['GET', '/v1/webhooks/42', 400, 'request_invalid'],
  ] as const)('answers %s %s', async (method, url, status, code) => {
    const answer = await api.ask(method, url);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ status, code, title: problemKinds[code].title });
    expect(answer.status).toBe(status);
  });

  it('answers JSON that is broken, a body of another kind, and one that is too large', async () => {
    expect(await send('{"name":')).toMatchObject({ status: 400, code: 'request_invalid' });
    expect(await send('{"__proto__":{}}')).toMatchObject({ status: 400, code: 'request_invalid' });
    expect(await send('')).toMatchObject({ status: 400, code: 'request_invalid' });
    expect(await send('a=b', 'text/csv')).toMatchObject({
      status: 415,
      code: 'media_type_unsupported',
    });
    expect(await send(`"${'x'.repeat(5_000_000)}"`)).toMatchObject({
      status: 413,
      code: 'body_too_large',
      detail: 'The body is larger than 1048576 bytes, the most this path takes.',
    });
  });

  it('names every field that is wrong, not just the first', async () => {
    const { body } = await api.ask('POST', '/v1/webhooks', { scope: 'x', tries: 0 });
    expect(body.errors.map(({ path }) => path).toSorted()).toEqual(['/', '/', '/scope', '/tries']);
    expect(body.errors.map(({ message }) => message).join()).toContain(
      "must have required property 'payloadUrl'",
    );
  });

  it('does not mind an empty body that is called JSON where none is needed', async () => {
    const { body } = await api.ask('POST', '/v1/webhooks', {
      name: 'gone',
      payloadUrl: 'http://gone',
    });
    const headers = { authorization: `Bearer ${api.token}`, 'content-type': 'application/json' };
    expect((await api.ask('DELETE', `/v1/webhooks/${body.id}`, undefined, headers)).status).toBe(
      204,
    );
  });

  it('tells that the database is away, and nothing of what is behind it', async () => {
    const store = await openStore('postgres://user:hunter2@127.0.0.1:9/x');
    await using away = await startApi({ store, recordingStore: store });
    const answer = await away.ask('GET', '/v1/webhooks');
    expect(answer.body).toMatchObject({ status: 503, code: 'database_unavailable' });
    expect(answer.text).not.toMatch(/hunter2|127\.0\.0\.1/);
    expect(away.logged.join()).toContain('request.failed');
    expect(away.logged.join()).not.toContain('hunter2');
    expect((await away.ask('GET', '/healthz')).status).toBe(200);
    const ready = await away.ask('GET', '/readyz');
    expect(ready).toMatchObject({
      status: 503,
      body: { status: 'not ready', database: 'unreachable' },
    });
  });
});

function createSource(state: 'running' | 'waiting'): SourceControl {
  let paused = false;
  return {
    name: 'zone-1',
    kind: 'rabbitmq',
    status: () =>
      paused
        ? { state: 'paused' }
        : { state, lag: 7, ...(state === 'waiting' && { reason: 'no broker' }) },
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
    },
  };
}

describe('health', () => {
  it('is ready while the database answers and every source runs or is paused on purpose', async () => {
    expect((await api.ask('GET', '/readyz', undefined, {})).body).toEqual({
      status: 'ready',
      database: 'ok',
      notifications: 'ok',
      sources: [],
    });
    api.sources.push(createSource('waiting'));
    const waiting = await api.ask('GET', '/readyz', undefined, {});
    expect(waiting).toMatchObject({
      status: 200,
      body: { status: 'degraded', sources: [{ name: 'zone-1', reason: 'no broker' }] },
    });
    await api.ask('POST', '/v1/sources/zone-1/pause');
    const paused = await api.ask('GET', '/readyz', undefined, {});
    expect(paused).toMatchObject({ status: 200, body: { status: 'ready' } });
    api.sources.pop();
  });

  it('has metrics', async () => {
    const answer = await api.ask('GET', '/metrics', undefined, {});
    expect(answer.headers['content-type']).toBe(metrics.contentType);
    expect(answer.text).toContain('hookline_test_total 3');
  });
});

describe('sources', () => {
  it('are shown with state and lag, and can be held back', async () => {
    api.sources.push(createSource('running'));
    const list = await api.ask('GET', '/v1/sources');
    expect(list.body.items).toEqual([
      { name: 'zone-1', kind: 'rabbitmq', state: 'running', lag: 7 },
    ]);
    const paused = await api.ask('POST', '/v1/sources/zone-1/pause');
    expect(paused.body).toEqual({ name: 'zone-1', kind: 'rabbitmq', state: 'paused' });
    const resumed = await api.ask('POST', '/v1/sources/zone-1/resume');
    expect(resumed.body).toMatchObject({ state: 'running' });
    expect((await api.ask('POST', '/v1/sources/zone-9/pause')).body.code).toBe('not_found');
    api.sources.pop();
  });
});
