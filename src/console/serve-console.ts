/**
 * Serves the console: its files as they were built, and its one page at every other address that a browser opens, since
 * the page itself knows which view belongs to an address.
 *
 * The page's `<base>` names the path at which people reach Hookline, so that the console also works below a prefix of a
 * reverse proxy, whether the proxy passes the prefix on or removes it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { openBuiltFiles } from './files.ts';
import type { BuiltFile } from './files.ts';

export interface ConsoleOptions {
  /** Folder of the built files. */
  readonly folder: string;
  /** Path at which browsers reach Hookline, with a slash at both ends: `/`, `/hookline/`. */
  readonly basePath: string;
  /** Origins whose pages may show the console in a frame. */
  readonly frameAncestors: readonly string[];
}

/** Paths that belong to programs. A browser that opens one which does not exist is told so by the API. */
const programPaths = /^\/(v\d+|client|docs|healthz|readyz|metrics|assets)(\/|$)/;

export function serveConsole(app: FastifyInstance, options: ConsoleOptions): void {
  const files = openBuiltFiles(options.folder);
  const policy = contentPolicy(options.frameAncestors);
  app.get('/*', { schema: { hide: true } }, async (request, reply) => {
    const path = pathOf(request);
    const file = await files.read(path.slice(1));
    if (file && path !== '/index.html') return sendFile(request, reply, file);
    if (programPaths.test(path) || !wantsPage(request)) return reply.callNotFound();
    const page = await files.read('index.html');
    void reply.headers({
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-cache',
    });
    void reply.type('text/html; charset=utf-8');
    if (!page) return reply.code(503).send(notBuilt);
    return reply.send(withBase(page.bytes.toString('utf8'), options.basePath));
  });
}

/** The path at which browsers reach Hookline, of the URL that the operator states. */
export function basePathOf(publicUrl: string | undefined): string {
  const path = publicUrl === undefined ? '/' : new URL(publicUrl).pathname;
  return path.endsWith('/') ? path : `${path}/`;
}

/** Removes the prefix that a reverse proxy passed on: `/hookline/v1/webhooks` becomes `/v1/webhooks`. */
export function withoutBase(url: string, basePath: string): string {
  if (basePath === '/') return url;
  if (url.startsWith(basePath)) return url.slice(basePath.length - 1);
  return url === basePath.slice(0, -1) ? '/' : url;
}

const pathOf = ({ url }: FastifyRequest): string => url.split('?')[0] ?? '/';

const wantsPage = ({ headers }: FastifyRequest): boolean =>
  /\btext\/html\b/.test(headers.accept ?? '');

async function sendFile(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  file: BuiltFile,
): Promise<FastifyReply> {
  const { bytes, gzipped, mediaType, etag, isHashed } = file;
  void reply.headers({
    'cache-control': isHashed ? 'public, max-age=31536000, immutable' : 'no-cache',
    'x-content-type-options': 'nosniff',
    etag,
    vary: 'accept-encoding',
  });
  if (headers['if-none-match'] === etag) return reply.code(304).send();
  const isGzip = gzipped !== undefined && /\bgzip\b/.test(headers['accept-encoding'] ?? '');
  if (isGzip) void reply.header('content-encoding', 'gzip');
  return reply.type(mediaType).send(isGzip ? gzipped : bytes);
}

/**
 * Everything comes from Hookline itself, and nothing stands in the page: a script or a style that somebody managed to
 * plant in it does not run. Source: W3C, Content Security Policy Level 3; Trusted Types, for which Vue has a policy.
 */
function contentPolicy(frameAncestors: readonly string[]): string {
  const framed = frameAncestors.length === 0 ? "'none'" : ["'self'", ...frameAncestors].join(' ');
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    `frame-ancestors ${framed}`,
    "require-trusted-types-for 'script'",
    'trusted-types vue',
  ].join('; ');
}

const withBase = (page: string, basePath: string): string =>
  page.replace('<base href="/"', () => `<base href="${escapeAttribute(basePath)}"`);

const escapeAttribute = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

const notBuilt = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Hookline: the console is not built</title>
<h1>The console is not built</h1>
<p>In a checkout, run <code>npm run console:build</code> and start Hookline again.</p>
<p>The API works all the same: see <a href="docs/">its documentation</a>.</p>
</html>
`;
