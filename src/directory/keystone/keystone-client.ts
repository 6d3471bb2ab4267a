/**
 * Client of OpenStack Keystone (Identity API v3): gets a token for a password or an application credential, and reads lists
 * page by page.
 *
 * Source: openstack/keystone, api-ref/source/v3 (authenticate-v3.inc), keystone/server/flask/common.py
 * (ResourceBase.wrap_collection: `links.next`, `truncated`).
 */
import { CloudError } from '../cloud-error.ts';
import {
  createCloudHttp,
  type CloudAnswer,
  type CloudHttp,
  type CloudHttpOptions,
} from '../cloud-http.ts';
import { recordAt, recordsAt, textAt, type Json } from '../json.ts';

export type KeystoneCredential =
  | {
      readonly kind: 'password';
      readonly username: string;
      /** Name of the user's domain. */
      readonly userDomain: string;
      readonly password: string;
      /** Scope of the token, with the name of the project's domain; absent: the whole system. */
      readonly project?: { readonly name: string; readonly domain: string };
    }
  | { readonly kind: 'application'; readonly id: string; readonly secret: string };

export interface KeystoneOptions extends CloudHttpOptions {
  /** URL of the API, such as `https://host:5000/v3`. */
  readonly url: string;
  readonly credential: KeystoneCredential;
  readonly pageSize: number;
}

export interface KeystoneListed {
  readonly rows: readonly Json[];
  /** False when the server cut the list off without a link to the next page, as old versions with `list_limit` do. */
  readonly isWhole: boolean;
}

export interface KeystoneClient {
  /** Reads all pages of a list. @param key its path, and its name in the answer: `projects`. @throws {CloudError} */
  list(
    key: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<KeystoneListed>;
  /** Reads one object. @param path such as `projects/<id>`. @returns undefined when not found. @throws {CloudError} */
  find(path: string, key: string, signal: AbortSignal): Promise<Json | undefined>;
}

/** Maximum number of pages, in case a server never ends a list. */
const pagesMax = 100_000;

type Get = (path: string, signal: AbortSignal) => Promise<CloudAnswer>;

export function createKeystoneClient(options: KeystoneOptions): KeystoneClient {
  const get = createGet(options);
  return {
    list: (key, query, signal) => listAll(get, { ...options, key, query }, signal),
    find: async (path, key, signal) => {
      const answer = await get(path, signal);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refusal(path, answer);
      return recordAt(answer.body, key);
    },
  };
}

/** Creates a GET with a token, which is requested when there is none or when the last one is no longer accepted. */
function createGet(options: KeystoneOptions): Get {
  const http = createCloudHttp(options);
  let token: Promise<string> | undefined;
  return async (path, signal) => {
    for (let tries = 0; ; tries += 1) {
      token ??= logIn(http, options, signal);
      try {
        const headers = { 'x-auth-token': await token };
        const answer = await http({
          method: 'GET',
          url: `${options.url}/${path}`,
          headers,
          signal,
        });
        if (answer.status !== 401 || tries > 0) return answer;
      } catch (error) {
        token = undefined;
        throw error;
      }
      token = undefined;
    }
  };
}

async function logIn(
  http: CloudHttp,
  { url, credential }: KeystoneOptions,
  signal: AbortSignal,
): Promise<string> {
  const answer = await http({
    method: 'POST',
    url: `${url}/auth/tokens?nocatalog`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(authRequest(credential)),
    signal,
  });
  const token = answer.header('x-subject-token');
  if (answer.status === 201 && token !== undefined) return token;
  throw refusal('a token', answer);
}

interface List {
  readonly url: string;
  readonly pageSize: number;
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
}

async function listAll(
  get: Get,
  { url, pageSize, key, query }: List,
  signal: AbortSignal,
): Promise<KeystoneListed> {
  const rows = new Map<string, Json>();
  let params = new URLSearchParams({ ...query, limit: String(pageSize) }).toString();
  for (let page = 0; page < pagesMax; page += 1) {
    const answer = await get(`${key}?${params}`, signal);
    if (answer.status !== 200 || !Array.isArray(answer.body[key])) throw refusal(key, answer);
    for (const row of recordsAt(answer.body, key)) {
      const id = textAt(row, 'id');
      if (id !== undefined) rows.set(id, row);
    }
    const next = textAt(recordAt(answer.body, 'links'), 'next');
    if (next === undefined) {
      return { rows: [...rows.values()], isWhole: answer.body['truncated'] !== true };
    }
    // The link has Keystone's public address, which may be another host: send the token only to the configured one.
    const following = URL.parse(next, url)?.searchParams.toString();
    if (following === undefined || following === params) break;
    params = following;
  }
  return { rows: [...rows.values()], isWhole: false };
}

function authRequest(credential: KeystoneCredential): object {
  if (credential.kind === 'application') {
    const { id, secret } = credential;
    const identity = {
      methods: ['application_credential'],
      application_credential: { id, secret },
    };
    return { auth: { identity } };
  }
  const { username, userDomain, password, project } = credential;
  const user = { name: username, domain: { name: userDomain }, password };
  return {
    auth: {
      identity: { methods: ['password'], password: { user } },
      scope: project
        ? { project: { name: project.name, domain: { name: project.domain } } }
        : { system: { all: true } },
    },
  };
}

function refusal(what: string, { status, body }: CloudAnswer): CloudError {
  const reason = textAt(recordAt(body, 'error'), 'message') ?? 'no reason given';
  const hint = status === 403 ? ' This requires the role `reader` on the system, or `admin`.' : '';
  return new CloudError(`Keystone refuses ${what} (${status}): ${reason}${hint}`, { status });
}
