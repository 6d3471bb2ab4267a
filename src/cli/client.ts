/** Speaks REST to a running Hookline, and says in words what went wrong. */
import fetch from 'node-fetch';

import { CommandError } from './io.ts';
import type { Row } from './show.ts';

export interface Client {
  get(path: string, query?: Query): Promise<Row>;
  send(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<Row>;
  /** Rows of a list, page by page until `limit` of them are there. */
  list(path: string, query: Query, limit: number): Promise<Listed>;
}

export type Query = Readonly<Record<string, string | number | undefined>>;

export interface Listed {
  readonly rows: readonly Row[];
  /** There are more than were asked for. */
  readonly more: boolean;
}

export interface ClientOptions {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token?: string;
}

const pageMax = 500;
const timeoutMs = 60_000;

export function createClient(options: ClientOptions): Client {
  const get: Client['get'] = async (path, query) => request(options, 'GET', withQuery(path, query));
  return {
    get,
    send: async (method, path, body) => request(options, method, path, body),
    list: async (path, query, limit) => {
      const rows: Row[] = [];
      let cursor: string | undefined;
      do {
        const page = await get(path, {
          ...query,
          cursor,
          limit: Math.min(limit - rows.length, pageMax),
        });
        if (Array.isArray(page['items'])) rows.push(...page['items']);
        cursor = typeof page['nextCursor'] === 'string' ? page['nextCursor'] : undefined;
      } while (cursor !== undefined && rows.length < limit);
      return { rows, more: cursor !== undefined };
    },
  };
}

/** The path with those of the query that are given. */
export function withQuery(path: string, query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) given.set(name, String(value));
  }
  return given.size === 0 ? path : `${path}?${given.toString()}`;
}

async function request(
  options: ClientOptions,
  method: string,
  path: string,
  body?: object,
): Promise<Row> {
  const { url, token } = options;
  const answer = await ask(options, method, path, body);
  const text = await answer.text();
  if (answer.ok && text === '') return {};
  const parsed = parseRow(text);
  if (parsed === undefined) {
    throw new CommandError(
      `${method} ${url}${path} was answered ${answer.status}, and not in JSON: is this Hookline's URL? Set HOOKLINE_URL or --server.`,
    );
  }
  if (answer.ok) return parsed;
  throw new CommandError(
    explainProblem(parsed, answer.status, { url, hasToken: token !== undefined }),
  );
}

async function ask({ url, token }: ClientOptions, method: string, path: string, body?: object) {
  try {
    return await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        accept: 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const reason = message.replace(/^request to .* failed, reason: /, '');
    throw new CommandError(
      `Hookline cannot be reached at ${url}: ${reason}\nIs it running (hookline serve)? Does it listen there? Set HOOKLINE_URL or --server to where it does.`,
      { cause },
    );
  }
}

function explainProblem(
  problem: Row,
  status: number,
  { url, hasToken }: { url: string; hasToken: boolean },
): string {
  const detail = typeof problem['detail'] === 'string' ? problem['detail'] : `answered ${status}`;
  if (problem['code'] !== 'unauthenticated') return detail;
  return hasToken
    ? `The token for ${url} is not valid any more. Run hookline login, or set HOOKLINE_TOKEN.`
    : `You are not logged in at ${url}. Run hookline login, or set HOOKLINE_TOKEN.`;
}

function parseRow(text: string): Row | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
