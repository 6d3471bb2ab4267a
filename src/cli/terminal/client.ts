/** Makes REST requests to a running Hookline, and explains errors in words. */
import { CommandError, type CommandErrorOptions, type Problem } from './failure.ts';
import { isRow, type Row } from './show.ts';

/** @typeParam Answer what the caller reads of the answer; it is not checked, as a newer Hookline may answer more. */
export interface Client {
  get<Answer = Row>(path: string, query?: Query): Promise<Answer>;
  send<Answer = Row>(method: string, path: string, body?: object): Promise<Answer>;
  /** Reads a list page by page until `limit` rows are there; without a limit in one request. */
  list<Item = Row>(path: string, query: Query, limit?: number): Promise<ListAnswer<Item>>;
}

/** What is undefined is left out. */
export type Query = Readonly<Record<string, unknown>>;

export interface ListAnswer<Item> {
  readonly rows: readonly Item[];
  /** There are more rows than `limit`. */
  readonly more: boolean;
}

export interface ClientOptions {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token?: string;
  /** Gets each of the `warnings` of an answer. */
  readonly warn?: (warning: string) => void;
}

interface Page<Item> {
  readonly items?: readonly Item[];
  readonly nextCursor?: string | null;
}

const pageMax = 500;
const timeoutMs = 60_000;

export function createClient(options: ClientOptions): Client {
  const get: Client['get'] = (path, query) => request(options, 'GET', withQuery(path, query));
  return {
    get,
    send: async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
      const answer = await request<Answer>(options, method, path, body);
      const { warnings }: { warnings?: unknown } = Object(answer);
      if (Array.isArray(warnings)) warnings.map(String).forEach(options.warn ?? ignore);
      return answer;
    },
    list: async <Item>(path: string, query: Query, limit = Infinity): Promise<ListAnswer<Item>> => {
      const rows: Item[] = [];
      let cursor: string | undefined;
      do {
        const page = await get<Page<Item>>(path, {
          ...query,
          cursor,
          limit: limit === Infinity ? undefined : Math.min(limit - rows.length, pageMax),
        });
        rows.push(...(page.items ?? []));
        cursor = page.nextCursor ?? undefined;
      } while (cursor !== undefined && rows.length < limit);
      return { rows, more: cursor !== undefined };
    },
  };
}

const ignore = (): void => {};

/** Appends the values that are not undefined. */
export function withQuery(path: string, query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) given.set(name, textOf(value));
  }
  return given.size === 0 ? path : `${path}?${given.toString()}`;
}

/** A value in a path, a query or a sentence. */
export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

async function request<Answer>(
  options: ClientOptions,
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const { url } = options;
  const answer = await ask(options, method, path, body);
  const text = await answer.text().catch((cause: unknown) => {
    throw unreachable(url, cause);
  });
  const parsed: Answer & Problem = parseJson(answer.ok && text === '' ? '{}' : text);
  if (!isRow(parsed)) {
    throw new CommandError(
      `${method} ${url}${path} was answered ${answer.status}, and not in JSON: is this Hookline's URL? Set HOOKLINE_URL or --server.`,
      { outcome: 'away', code: 'server_unknown' },
    );
  }
  if (answer.ok) return parsed;
  throw refusal(parsed, answer.status, options);
}

/** @returns undefined where the text is not JSON. */
function parseJson(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function ask({ url, token }: ClientOptions, method: string, path: string, body?: object) {
  // Loaded for the first request: help, completion and a wrong argument need none.
  const { default: fetch } = await import('node-fetch');
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
      body: body && JSON.stringify(body),
    });
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

function unreachable(url: string, cause: unknown): CommandError {
  const reason = reasonOf(cause).replace(/^request to .* failed, reason: /, '');
  return new CommandError(
    `Hookline cannot be reached at ${url}: ${reason}\nIs it running (hookline serve)? Does it listen there? Set HOOKLINE_URL or --server to where it does.`,
    { outcome: 'away', code: 'server_unreachable', cause },
  );
}

/** Where a name has several addresses that refuse, node-fetch gives no message, only a code. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.name === 'AbortError' || cause.name === 'TimeoutError')
    return `no answer within ${timeoutMs / 1_000} s`;
  const code = 'code' in cause ? String(cause.code) : '';
  return cause.message.includes(code) ? cause.message : `${cause.message}${code}`;
}

function refusal(problem: Problem, status: number, options: ClientOptions): CommandError {
  const { detail = `answered ${status}`, errors = [] } = problem;
  const faults = errors
    .map(({ path, message }) => `${path}: ${message}`)
    .filter(fault => !detail.includes(fault));
  return new CommandError([explainProblem({ ...problem, detail }, options), ...faults].join('\n'), {
    outcome: outcomes[status],
    problem,
  });
}

/** Exit reasons of statuses; any other is `failed`. */
const outcomes: Readonly<Record<number, CommandErrorOptions['outcome']>> = {
  401: 'access',
  403: 'access',
  404: 'missing',
  502: 'away',
  503: 'away',
  504: 'away',
};

function explainProblem(
  { code = '', detail }: Problem & { readonly detail: string },
  { url, token }: ClientOptions,
): string {
  switch (code) {
    case 'unauthenticated':
      return token === undefined
        ? `You are not logged in at ${url}. Run hookline login, or set HOOKLINE_TOKEN.`
        : `The token for ${url} is not valid any more. Run hookline login, or set HOOKLINE_TOKEN.`;
    case 'token_scope':
      return `${detail} Create one that has: hookline token create <name> --scopes read,write.`;
    case 'forbidden':
      return `${detail.replace(/\.$/, '')}. hookline whoami shows who you are; hookline login --username <name> logs you in as somebody else.`;
    default:
      return detail;
  }
}
