/**
 * A client of the OpenID provider. openid-client implements the protocol and verifies the provider's answers.
 *
 * The provider's metadata are cached, and first fetched when somebody logs in, so that Hookline starts while the provider
 * is unreachable. Its keys are fetched at every login: logins are rare, and a replaced or revoked key counts at once.
 *
 * Source: OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636 (PKCE), RFC 8628 (devices).
 */
import * as openid from 'openid-client';
import { Agent, fetch } from 'undici';

import { trustEachGiven } from '../../event/network/trust.ts';
import { toUnavailable, toLoginError, OidcError } from './oidc-error.ts';

export interface OidcProviderOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client. */
  readonly clientSecret?: string;
  readonly clientAuth: 'client_secret_basic' | 'client_secret_post';
  readonly redirectUrl: string;
  /** Page that people are redirected to after logout. */
  readonly homeUrl: string;
  readonly scopes: readonly string[];
  /** Whether to fetch claims from the userinfo endpoint too, if there is one. */
  readonly userInfo: boolean;
  readonly clockToleranceMs: number;
  /** Timeout of one request. */
  readonly timeoutMs: number;
  /** PEM of the CA certificates to trust; absent for the system's. */
  readonly ca?: string;
}

/** Values that the answer must match, created for one login and kept by its browser. */
export interface LoginChecks {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** The identity that the provider has authenticated. */
export interface VerifiedIdentity {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
  /** The raw ID token, already verified. */
  readonly idToken: string;
}

export type DevicePending = 'authorization_pending' | 'slow_down';

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

/** All methods throw OidcError. */
export interface OidcProvider extends AsyncDisposable {
  /** URL that the browser is redirected to. */
  authorizationUrl(checks: LoginChecks): Promise<string>;
  /** @param query query string of the callback's URL. */
  redeem(query: string, checks: LoginChecks): Promise<VerifiedIdentity>;
  /** @returns undefined when the provider does not support it. */
  startDevice(): Promise<DeviceLogin | undefined>;
  /** @returns the identity; or why there is none yet: the user has not answered, or polling is too fast. */
  redeemDevice(deviceCode: string): Promise<VerifiedIdentity | DevicePending>;
  /** URL that ends the session at the provider; undefined when the provider does not support it. */
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
      return verifyGrant(options, client, () =>
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
        await openid.initiateDeviceAuthorization(client, { scope }).catch(throwUnavailable),
      );
    },
    async redeemDevice(deviceCode) {
      const client = await configure();
      try {
        return await verifyGrant(options, client, () =>
          openid.genericGrantRequest(client, deviceGrant, { device_code: deviceCode }),
        );
      } catch (error) {
        return pendingOf(error);
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

/** Maximum size of an answer; metadata and keys are a few kilobytes. */
const answerBytesMax = 1024 * 1024;

function openTransport({ ca }: OidcProviderOptions): Transport {
  const agent = new Agent({
    maxResponseSize: answerBytesMax,
    ...(ca !== undefined && { connect: { ...trustEachGiven, ca } }),
  });
  return {
    agent,
    fetch: (url, { body, ...request }) =>
      fetch(url, { ...request, dispatcher: agent, ...(body !== undefined && { body }) }),
  };
}

/** How long the metadata are cached. */
const metadataMs = 600_000;

/** Fetches and caches the metadata. Concurrent callers share one request; a failure is not cached. */
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
      .catch(throwUnavailable);
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

/** Creates a client for each request, because a client caches the provider's keys. */
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

/** Whether the provider uses plain HTTP, which the configuration allows on this machine only. */
const isInsecure = ({ issuer }: OidcProviderOptions): boolean => issuer.startsWith('http:');

type Granted = Awaited<ReturnType<typeof openid.genericGrantRequest>>;

/** Verifies a grant. Claims of the ID token take precedence over those of the userinfo endpoint. */
async function verifyGrant(
  { userInfo }: OidcProviderOptions,
  client: openid.Configuration,
  grant: () => Promise<Granted>,
): Promise<VerifiedIdentity> {
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
    throw error instanceof OidcError ? error : toLoginError(error);
  }
}

/** @throws the error, when it is another one. */
function pendingOf(error: unknown): DevicePending {
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

function throwUnavailable(error: unknown): never {
  throw toUnavailable(error);
}
