/**
 * The OpenID provider as a client of it sees it. openid-client speaks the protocol and checks what comes back; here is
 * what is asked for, and what is kept.
 *
 * Its metadata are kept for a while and asked for when the first person logs in, so that a provider that is away keeps
 * nobody from starting. Its keys are asked for at every login: logins are rare, and a key that it replaced or took
 * back counts at once.
 *
 * Source: OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636 (PKCE), RFC 8628 (devices).
 */
import * as openid from 'openid-client';
import { Agent, fetch } from 'undici';

import { explainAway, explainLogin, OidcError } from './oidc-error.ts';

export interface OidcProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: string;
  readonly clientAuth: 'client_secret_basic' | 'client_secret_post';
  readonly redirectUrl: string;
  /** Where people are led after they have logged out. */
  readonly homeUrl: string;
  readonly scopes: readonly string[];
  /** Ask for claims at the userinfo endpoint too, where there is one. */
  readonly userInfo: boolean;
  readonly clockToleranceMs: number;
  /** Of one request. */
  readonly timeoutMs: number;
  /** PEM text of the authorities to trust; absent: the system's. */
  readonly ca?: string;
}

/** What the answer must match; made for one login and kept by its browser. */
export interface LoginChecks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** Who the provider says it is. */
export interface Vouched {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** As it came; checked. */
  readonly idToken: string;
}

export type Waiting = 'authorization_pending' | 'slow_down';

export interface DeviceLogin {
  readonly deviceCode: string;
  /** Code to enter at `verificationUri`. */
  readonly userCode: string;
  readonly verificationUri: string;
  /** `verificationUri` with the code included. */
  readonly verificationUriComplete?: string;
  readonly expiresInSeconds: number;
  readonly intervalSeconds: number;
}

/** All of it throws OidcError. */
export interface OidcProvider extends AsyncDisposable {
  /** Where the browser is sent. */
  authorizationUrl(checks: LoginChecks): Promise<string>;
  /** @param query of the URL the browser came back to. */
  redeem(query: string, checks: LoginChecks): Promise<Vouched>;
  /** @returns undefined where the provider knows no such thing. */
  startDevice(): Promise<DeviceLogin | undefined>;
  /** @returns that its person has not answered yet, or that it is asked too often. */
  redeemDevice(deviceCode: string): Promise<Vouched | Waiting>;
  /** Where the session at the provider is ended; undefined where it knows no such thing. */
  endSessionUrl(idToken: string | undefined): Promise<string | undefined>;
}

export function newChecks(): LoginChecks {
  return {
    state: openid.randomState(),
    nonce: openid.randomNonce(),
    verifier: openid.randomPKCECodeVerifier(),
  };
}

const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628, section 3.2. */
const intervalSecondsDefault = 5;

export function createOidcProvider(options: OidcProviderOptions, now: () => number): OidcProvider {
  const transport = openTransport(options);
  const discover = createDiscovery(options, transport, now);
  const { clientId, redirectUrl, homeUrl } = options;
  const scope = options.scopes.join(' ');
  const configure = async () => configureClient(options, transport, await discover());
  return {
    async authorizationUrl({ state, nonce, verifier }) {
      const asked = { redirect_uri: redirectUrl, scope, state, nonce };
      const code_challenge = await openid.calculatePKCECodeChallenge(verifier);
      return openid.buildAuthorizationUrl(await configure(), {
        ...asked,
        code_challenge,
        code_challenge_method: 'S256',
      }).href;
    },
    async redeem(query, { state, nonce, verifier }) {
      const client = await configure();
      const url = new URL(redirectUrl);
      url.search = query;
      return vouch(options, client, () =>
        openid.authorizationCodeGrant(client, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        }),
      );
    },
    async startDevice() {
      const client = await configure();
      if (client.serverMetadata().device_authorization_endpoint === undefined) return undefined;
      return toDeviceLogin(
        await openid.initiateDeviceAuthorization(client, { scope }).catch(throwAway),
      );
    },
    async redeemDevice(deviceCode) {
      const client = await configure();
      try {
        return await vouch(options, client, () =>
          openid.genericGrantRequest(client, deviceGrant, { device_code: deviceCode }),
        );
      } catch (error) {
        return waitingOf(error);
      }
    },
    async endSessionUrl(idToken) {
      const client = await configure();
      if (client.serverMetadata().end_session_endpoint === undefined) return undefined;
      return openid.buildEndSessionUrl(client, {
        client_id: clientId,
        post_logout_redirect_uri: homeUrl,
        ...(idToken !== undefined && { id_token_hint: idToken }),
      }).href;
    },
    [Symbol.asyncDispose]: () => transport.agent.close(),
  };
}

interface Transport {
  readonly agent: Agent;
  readonly fetch: openid.CustomFetch;
}

/** Metadata and keys are a few kilobytes. */
const answerBytesMax = 1024 * 1024;

function openTransport({ ca }: OidcProviderOptions): Transport {
  const agent = new Agent({
    maxResponseSize: answerBytesMax,
    ...(ca !== undefined && { connect: { ca } }),
  });
  return {
    agent,
    fetch: (url, { body, ...request }) =>
      fetch(url, { ...request, dispatcher: agent, ...(body !== undefined && { body }) }),
  };
}

/** How long the metadata are believed. */
const metadataMs = 600_000;

/** Those who ask at once share one request; a failure is forgotten. */
function createDiscovery(
  options: OidcProviderOptions,
  transport: Transport,
  now: () => number,
): () => Promise<openid.ServerMetadata> {
  const { issuer, clientId, timeoutMs } = options;
  let kept: { until: number; metadata: Promise<openid.ServerMetadata> } | undefined;
  const ask = async (): Promise<openid.ServerMetadata> => {
    const client = await openid
      .discovery(new URL(issuer), clientId, undefined, undefined, {
        [openid.customFetch]: transport.fetch,
        timeout: timeoutMs / 1_000,
        ...(isInsecure(options) && { execute: [openid.allowInsecureRequests] }),
      })
      .catch(throwAway);
    return client.serverMetadata();
  };
  return async () => {
    if (kept && now() < kept.until) return kept.metadata;
    const asked = { until: now() + metadataMs, metadata: ask() };
    kept = asked;
    try {
      return await asked.metadata;
    } catch (error) {
      if (kept === asked) kept = undefined;
      throw error;
    }
  };
}

/** A client of its own for each request, for it keeps the provider's keys. */
function configureClient(
  options: OidcProviderOptions,
  transport: Transport,
  metadata: openid.ServerMetadata,
): openid.Configuration {
  const { clientId, clockToleranceMs, timeoutMs } = options;
  const client = new openid.Configuration(
    metadata,
    clientId,
    { [openid.clockTolerance]: clockToleranceMs / 1_000 },
    authenticateClient(options),
  );
  client.timeout = timeoutMs / 1_000;
  client[openid.customFetch] = transport.fetch;
  openid.enableNonRepudiationChecks(client);
  if (isInsecure(options)) openid.allowInsecureRequests(client);
  return client;
}

function authenticateClient({ clientSecret, clientAuth }: OidcProviderOptions): openid.ClientAuth {
  if (clientSecret === undefined) return openid.None();
  return clientAuth === 'client_secret_basic'
    ? openid.ClientSecretBasic(clientSecret)
    : openid.ClientSecretPost(clientSecret);
}

/** The configuration allows it on this machine alone. */
const isInsecure = ({ issuer }: OidcProviderOptions): boolean => issuer.startsWith('http:');

type Granted = Awaited<ReturnType<typeof openid.genericGrantRequest>>;

/** What the token says goes before what the userinfo endpoint adds. */
async function vouch(
  { userInfo }: OidcProviderOptions,
  client: openid.Configuration,
  grant: () => Promise<Granted>,
): Promise<Vouched> {
  try {
    const granted = await grant();
    const claims = granted.claims();
    const { access_token: accessToken, id_token: idToken } = granted;
    if (!claims || idToken === undefined)
      throw new OidcError(
        'refused',
        'The identity provider sent no ID token: is openid asked for?',
      );
    const asks = userInfo && client.serverMetadata().userinfo_endpoint !== undefined;
    const more = asks ? await openid.fetchUserInfo(client, accessToken, claims.sub) : {};
    return { subject: claims.sub, claims: { ...more, ...claims }, idToken };
  } catch (error) {
    throw error instanceof OidcError ? error : explainLogin(error);
  }
}

/** @throws the error, when it is another one. */
function waitingOf(error: unknown): Waiting {
  const { cause } = error instanceof OidcError ? error : {};
  const code = cause instanceof openid.ResponseBodyError ? cause.error : undefined;
  if (code === 'authorization_pending' || code === 'slow_down') return code;
  throw error;
}

function toDeviceLogin(answer: openid.DeviceAuthorizationResponse): DeviceLogin {
  const complete = answer.verification_uri_complete;
  return {
    deviceCode: answer.device_code,
    userCode: answer.user_code,
    verificationUri: answer.verification_uri,
    ...(complete !== undefined && { verificationUriComplete: complete }),
    expiresInSeconds: answer.expires_in,
    intervalSeconds: answer.interval ?? intervalSecondsDefault,
  };
}

function throwAway(error: unknown): never {
  throw explainAway(error);
}
