/** CloudStack's API as a client sees it: signs requests, and makes key pairs for users of every role. */
import { createHmac } from 'node:crypto';

import type { InjectOptions } from 'fastify';

import { createApiKey } from '../../src/access/api-key.ts';
import { databaseOf } from '../../src/store/database.ts';
import { findUser } from '../../src/store/access/user.ts';
import { secretKey, type ApiUnderTest } from './api-harness.ts';

export interface Pair {
  readonly apiKey: string;
  readonly secretKey: string;
}

export type Params = Readonly<Record<string, string>>;

export interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Of an answer in JSON; its envelope and what is in it. */
  readonly envelope: string;
  readonly fields: AnswerFields;
}

/** What some answer or other has; a test says what it expects of its own. */
export interface AnswerFields {
  readonly [name: string]: unknown;
  readonly count?: number;
  readonly webhook?: unknown;
  readonly errorcode?: number;
  readonly cserrorcode?: number;
  readonly errortext?: string;
  readonly sessionkey?: string;
}

/** The signature is worked out here a second time, as java.net.URLEncoder would have it. */
export function signed(params: Params, { apiKey, secretKey: secret }: Pair): Params {
  const all: Params = { ...params, apiKey };
  const unsigned = Object.keys(all)
    .toSorted()
    .map(name => `${name}=${javaEncode(all[name] ?? '')}`)
    .join('&');
  const signature = createHmac('sha1', secret).update(unsigned.toLowerCase()).digest('base64');
  return { ...all, signature };
}

/** With an expiry, which version 3 needs. @param expires as CloudStack's clients write it. */
export const version3 = (params: Params, expires: string): Params => ({
  ...params,
  signatureVersion: '3',
  expires,
});

export const inMinutes = (minutes: number): string =>
  `${new Date(Date.now() + minutes * 60_000).toISOString().slice(0, 19)}+0000`;

export const queryOf = (params: Params): string =>
  Object.entries(params)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');

/** A pair of the user's. */
export async function makePair({ store }: ApiUnderTest, username: string): Promise<Pair> {
  const database = databaseOf(store);
  const user = await findUser(database, username);
  if (!user) throw new RangeError(`there is no user ${username}`);
  return createApiKey(database, { userId: user.id, key: secretKey });
}

export async function send(api: ApiUnderTest, options: InjectOptions): Promise<Sent> {
  const answer = await api.app.inject(options);
  const text = answer.body;
  const parsed: Record<string, AnswerFields> = text.startsWith('{') ? JSON.parse(text) : {};
  const [[envelope, fields] = ['', {}]] = Object.entries(parsed);
  return { status: answer.statusCode, headers: answer.headers, text, envelope, fields };
}

/** A signed command, its answer in JSON. */
export async function ask(
  api: ApiUnderTest,
  pair: Pair,
  command: string,
  params: Params = {},
): Promise<Sent> {
  const query = queryOf(signed({ ...params, command, response: 'json' }, pair));
  return send(api, { method: 'GET', url: `/client/api?${query}` });
}

function javaEncode(value: string): string {
  return [...Buffer.from(value)]
    .map(byte => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9.*_-]/.test(char)
        ? char
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
