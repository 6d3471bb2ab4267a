/** Speaks REST to a running Hookline, and says in words what went wrong. */
import fetch from 'node-fetch';

import { CommandError, type CommandErrorOptions } from './failure.ts';
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
  const { url } = options;
  const answer = await ask(options, method, path, body);
  const text = await answer.text().catch((cause: unknown) => {
    throw away(url, cause);
  });
  if (answer.ok && text === '') return {};
  const parsed = parseRow(text);
  if (parsed === undefined) {
    throw new CommandError(
      `${method} ${url}${path} was answered ${answer.status}, and not in JSON: is this Hookline's URL? Set HOOKLINE_URL or --server.`,
      { outcome: 'away', code: 'server_unknown' },
    );
  }
  if (answer.ok) return parsed;
  throw refusal(parsed, answer.status, options);
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
    throw away(url, cause);
  }
}

function away(url: string, cause: unknown): CommandError {
  const reason = reasonOf(cause).replace(/^request to .* failed, reason: /, '');
  return new CommandError(
    `Hookline cannot be reached at ${url}: ${reason}\nIs it running (hookline serve)? Does it listen there? Set HOOKLINE_URL or --server to where it does.`,
    { outcome: 'away', code: 'server_unreachable', cause },
  );
}

/** node-fetch leaves out the words where a name has several addresses that refuse; their code is always there. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'AbortError' || cause.name === 'TimeoutError')
    return `no answer within ${timeoutMs / 1_000} s`;
  const code = 'code' in cause ? String(cause.code) : '';
  return cause.message.includes(code) ? cause.message : `${cause.message}${code}`;
}

function refusal(problem: Row, status: number, options: ClientOptions): CommandError {
  return new CommandError(
    [explainProblem(problem, status, options), ...faultsOf(problem)].join('\n'),
    { outcome: outcomeOf(status), problem },
  );
}

function outcomeOf(status: number): NonNullable<CommandErrorOptions['outcome']> {
  switch (status) {
    case 401:
    case 403:
      return 'access';
    case 404:
      return 'missing';
    case 502:
    case 503:
    case 504:
      return 'away';
    default:
      return 'failed';
  }
}

function explainProblem(problem: Row, status: number, { url, token }: ClientOptions): string {
  const detail = typeof problem['detail'] === 'string' ? problem['detail'] : `answered ${status}`;
  switch (problem['code']) {
    case 'unauthenticated':
      return token === undefined
        ? `You are not logged in at ${url}. Run hookline login, or set HOOKLINE_TOKEN.`
        : `The token for ${url} is not valid any more. Run hookline login, or set HOOKLINE_TOKEN.`;
    case 'token_scope':
      return `${detail} Make one that has: hookline token create <name> --scopes read,write.`;
    case 'forbidden':
      return `${detail.replace(/\.$/, '')}. hookline whoami says who you are; hookline login --username <name> makes you somebody else.`;
    default:
      return detail;
  }
}

/** What was wrong with each field, where the detail does not say it already. */
function faultsOf({ detail, errors }: Row): string[] {
  if (!Array.isArray(errors)) return [];
  return errors
    .map((fault: unknown) => {
      const { path, message } = Object(fault);
      return `${path}: ${message}`;
    })
    .filter(said => !String(detail).includes(said));
}

function parseRow(text: string): Row | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
