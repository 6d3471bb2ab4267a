/** Everything that is served at the origin of the session's cookie, pages included. */
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startApi, type ApiUnderTest } from './api-harness.ts';

let api: ApiUnderTest;
let port: number;
beforeAll(async () => {
  api = await startApi();
  port = Number(new URL(await api.app.listen({ port: 0 })).port);
});
afterAll(() => api[Symbol.asyncDispose]());

describe.each([
  ['an answer', '/v1/webhooks', 200],
  ['a refusal', '/v1/tokens', 401],
  ['the list of formats', '/v1/formats', 200],
  ['the document of the API', '/v1/openapi.json', 200],
  ['the health of the process', '/healthz', 200],
  ['the numbers', '/metrics', 200],
  ['what there is not', '/nowhere', 404],
  ['what there is not below the API', '/v1/nowhere', 404],
  ['an answer to CloudStack’s clients', '/client/api?command=listApis', 401],
  ['the documentation', '/docs', 200],
  ['its page by another name', '/docs/static/index.html', 302],
  ['its script', '/docs/static/swagger-initializer.js', 200],
  ['its styles', '/docs/static/swagger-ui.css', 200],
  ['what there is not below it', '/docs/static/nowhere', 404],
])('%s', (_, path, status) => {
  it('stands in nobody’s frame, runs no foreign script and is what it says it is', async () => {
    const headers: Record<string, string> =
      status === 401 ? {} : { authorization: `Bearer ${api.token}` };
    const answer = await api.ask('GET', path, undefined, headers);
    expect(answer.status).toBe(status);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    const policy = String(answer.headers['content-security-policy']).split('; ');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"]),
    );
    const script = policy.find(directive => directive.startsWith('script-src'));
    expect(script).toBe(path.startsWith('/docs') ? "script-src 'self'" : undefined);
  });
});

async function answerTo(...lines: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.end([...lines, '', ''].join('\r\n'));
  return text(socket);
}

describe('a request', () => {
  it.each([
    ['GET /healthz HTTP/1.1', 'Host: a', 'Host: b'],
    ['GET /healthz HTTP/1.1', 'Host: a', 'host: a'],
    ['GET /docs HTTP/1.1', 'HOST: a', 'Accept: */*', 'Host: b'],
    ['GET /client/api?command=listApis HTTP/1.1', 'Host: a', 'Host: b'],
    ['POST /v1/login HTTP/1.1', 'Host: a', 'Host: b', 'Content-Length: 0'],
  ])('with two hosts is refused: %s, %s', async (...lines) => {
    expect(await answerTo(...lines, 'Connection: close')).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n[^]*The request has more than one Host header\./,
    );
  });

  it('with one host is answered', async () => {
    expect(await answerTo('GET /healthz HTTP/1.1', 'Host: a', 'Connection: close')).toMatch(
      /^HTTP\/1\.1 200 OK\r\n/,
    );
  });
});
