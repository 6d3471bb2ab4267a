/**
 * A real OpenID provider (the package oidc-provider) on a loopback port, with its development forms for logging in.
 * It can be stopped and started, given new keys, and made to send ID tokens with other claims than it should: signed
 * with its own key all the same, as only the provider could.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

import { Provider } from 'oidc-provider';
import type { Configuration } from 'oidc-provider';

import type { Certificate } from './certificate.ts';

export const clientId = 'hookline';
export const clientSecret = 'the secret of the client';

export interface OpenIdProvider extends AsyncDisposable {
  readonly issuer: string;
  /** What is known of each person, by the name they log in with; that is their subject, too. */
  readonly people: Map<string, Record<string, unknown>>;
  /** Changes the claims of the ID tokens that are made from now on; undefined makes them as they should be. */
  tamper(change: ((claims: Claims) => Claims) | undefined): void;
  /** Signs ID tokens with a key that is not among the provider's, under the name of one that is. */
  forge(forges: boolean): void;
  /** Signs with a new key from now on; the former one is forgotten. */
  rotateKeys(): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

type Claims = Record<string, unknown>;
type Handler = ReturnType<Provider['callback']>;

interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export interface ProviderOptions {
  readonly redirectUrl: string;
  readonly homeUrl: string;
  /** Speaks HTTPS with it. */
  readonly certificate?: Certificate;
  /** Beside what Hookline needs, or instead. */
  readonly configuration?: Configuration;
}

export async function startOpenIdProvider(options: ProviderOptions): Promise<OpenIdProvider> {
  const people: OpenIdProvider['people'] = new Map();
  let change: ((claims: Claims) => Claims) | undefined;
  const stranger = newKey();
  let forges = false;
  let key = newKey();
  let handle: Handler | undefined;
  const listener: RequestListener = (request, response) => void handle?.(request, response);
  const { certificate } = options;
  const open = (): Server =>
    certificate ? createTlsServer(certificate, listener) : createServer(listener);
  let server = open();
  const port = await listen(server, 0);
  const issuer = `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`;

  const build = (): void => {
    const provider = new Provider(issuer, configure(options, { people, key }));
    provider.use(async (ctx, next) => {
      await next();
      const { body } = ctx;
      if ((!change && !forges) || ctx.path !== '/token' || !hasIdToken(body)) return;
      const signer = forges ? stranger : key;
      body.id_token = signAgain(body.id_token, signer, change ?? (claims => claims));
    });
    handle = provider.callback();
  };
  build();
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
  };
  return {
    issuer,
    people,
    tamper: wanted => {
      change = wanted;
    },
    forge: wanted => {
      forges = wanted;
    },
    rotateKeys: () => {
      key = newKey();
      build();
    },
    stop,
    start: async () => {
      server = open();
      await listen(server, port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

function configure(
  { redirectUrl, homeUrl, configuration }: ProviderOptions,
  { people, key }: { people: OpenIdProvider['people']; key: SigningKey },
): Configuration {
  const jwk = {
    ...key.privateKey.export({ format: 'jwk' }),
    kty: 'RSA',
    kid: key.kid,
    alg: 'RS256',
  };
  return {
    jwks: { keys: [jwk] },
    cookies: { keys: ['a key of the cookies'] },
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups', 'account', 'realm'] },
    ttl: {
      Interaction: 600,
      Session: 600,
      Grant: 600,
      AccessToken: 600,
      IdToken: 600,
      DeviceCode: 600,
    },
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [redirectUrl],
        post_logout_redirect_uris: [homeUrl],
        response_types: ['code'],
        grant_types: [
          'authorization_code',
          ...(configuration?.features?.deviceFlow?.enabled === false
            ? []
            : ['urn:ietf:params:oauth:grant-type:device_code']),
        ],
      },
    ],
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ ...people.get(id), sub: id }),
    }),
    ...configuration,
    features: { deviceFlow: { enabled: true }, ...configuration?.features },
  };
}

let keysMade = 0;

function newKey(): SigningKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { kid: `key-${(keysMade += 1)}`, privateKey };
}

const hasIdToken = (body: unknown): body is { id_token: string } =>
  typeof body === 'object' && body !== null && 'id_token' in body;

function signAgain(token: string, { privateKey }: SigningKey, change: (claims: Claims) => Claims) {
  const [head = '', body = ''] = token.split('.');
  const claims: Claims = JSON.parse(Buffer.from(body, 'base64url').toString());
  const signed = `${head}.${Buffer.from(JSON.stringify(change(claims))).toString('base64url')}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`;
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new RangeError('not listening');
  return address.port;
}
