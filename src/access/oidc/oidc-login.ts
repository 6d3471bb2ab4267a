/** Logs in with an OpenID provider, from the first redirect to the session, in a browser or on a device. */
import type { Log } from '../../event/log.ts';
import { databaseOf } from '../../store/database.ts';
import type { Store } from '../../store/database.ts';
import { findLogoutHint } from '../../store/access/token.ts';
import { deleteExpiredTokens } from '../../store/access/token.ts';
import { admit } from './oidc-admit.ts';
import type { Admission, AdmitOptions } from './oidc-admit.ts';
import { createOidcProvider, newChecks } from './oidc-provider.ts';
import type {
  DeviceLogin,
  LoginChecks,
  OidcProvider,
  OidcProviderOptions,
  VerifiedIdentity,
  DevicePending,
} from './oidc-provider.ts';
import { toReturnPath } from './return-to.ts';
import { createStateBox } from './login-state.ts';

export interface OidcOptions extends OidcProviderOptions, AdmitOptions {
  /** Name of this login method in the console. */
  readonly label: string;
}

/** Its methods throw OidcError, or errors of the database. */
export interface OidcLogin extends AsyncDisposable {
  readonly label: string;
  /** URL of the callback that the provider redirects to. */
  readonly redirectUrl: URL;
  /** @returns the URL to redirect the browser to, and the state that it has to send to the callback within `loginStateMs`. */
  begin(returnTo: string | undefined): Promise<{ readonly url: string; readonly state: string }>;
  /** @returns undefined when the state is invalid or has expired. */
  finish(back: BrowserCallback): Promise<(Admission & { readonly returnTo: string }) | undefined>;
  /** @returns undefined when the provider does not support it. */
  beginDevice(): Promise<
    (Omit<DeviceLogin, 'deviceCode'> & { readonly handle: string }) | undefined
  >;
  /** @returns undefined when the handle is invalid or has expired. */
  finishDevice(back: DevicePoll): Promise<Admission | DevicePending | undefined>;
  /** URL that ends the provider's session; undefined for a session that did not start there or cannot be ended there. */
  endSessionUrl(tokenHash: Buffer): Promise<string | undefined>;
}

export interface BrowserCallback {
  /** Query string of the callback's URL. */
  readonly query: string;
  readonly state: string;
  /** IP address of the peer. */
  readonly address: string;
}

export interface DevicePoll {
  readonly handle: string;
  readonly address: string;
}

/** Maximum time to log in at the provider. */
export const loginStateMs = 600_000;
/** Lifetime of a device handle; the provider's own codes expire earlier. */
const deviceMs = 1_800_000;

/** @param key 32 bytes, from which the keys that seal states and handles are derived. */
export function createOidcLogin(
  options: OidcOptions,
  { store, key, now, log }: { store: Store; key: Buffer; now: () => number; log: Log },
): OidcLogin {
  const provider = createOidcProvider(options, now);
  const hints = createStateBox<{ idToken: string }>(key, {
    purpose: 'oidc logout',
    lifeMs: options.sessionMs,
  });

  async function admitVerified(
    { subject, claims, idToken }: VerifiedIdentity,
    address: string,
  ): Promise<Admission> {
    const { issuer } = options;
    await deleteExpiredTokens(databaseOf(store));
    const logoutHint = hints.write({ idToken }, now());
    const verified = { issuer, subject, claims, address, logoutHint };
    const admission = await admit(store, verified, options, now());
    if (admission.kind === 'admitted')
      log.info({ user: admission.username, issuer, address }, 'login.succeeded');
    else log.warn({ ...admission, issuer, subject, address }, 'login.refused');
    return admission;
  }

  return {
    label: options.label,
    redirectUrl: new URL(options.redirectUrl),
    ...createBrowserLogin({ provider, key, now, admitVerified }),
    ...createDeviceLogin({ provider, key, now, admitVerified }),
    async endSessionUrl(tokenHash) {
      const hint = await findLogoutHint(databaseOf(store), tokenHash);
      if (hint === undefined) return undefined;
      return provider.endSessionUrl(hints.read(hint, now())?.idToken);
    },
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  };
}

interface LoginDeps {
  readonly provider: OidcProvider;
  readonly key: Buffer;
  readonly now: () => number;
  readonly admitVerified: (identity: VerifiedIdentity, address: string) => Promise<Admission>;
}

function createBrowserLogin({
  provider,
  key,
  now,
  admitVerified,
}: LoginDeps): Pick<OidcLogin, 'begin' | 'finish'> {
  const states = createStateBox<LoginChecks & { returnTo: string }>(key, {
    purpose: 'oidc login',
    lifeMs: loginStateMs,
  });
  return {
    async begin(returnTo) {
      const checks = newChecks();
      const state = states.write({ ...checks, returnTo: toReturnPath(returnTo) }, now());
      return { url: await provider.authorizationUrl(checks), state };
    },
    async finish({ query, state, address }) {
      const checks = states.read(state, now());
      if (!checks) return undefined;
      const admission = await admitVerified(await provider.redeem(query, checks), address);
      return { ...admission, returnTo: checks.returnTo };
    },
  };
}

function createDeviceLogin({
  provider,
  key,
  now,
  admitVerified,
}: LoginDeps): Pick<OidcLogin, 'beginDevice' | 'finishDevice'> {
  const handles = createStateBox<{ deviceCode: string }>(key, {
    purpose: 'oidc device',
    lifeMs: deviceMs,
  });
  return {
    async beginDevice() {
      const started = await provider.startDevice();
      if (!started) return undefined;
      const { deviceCode, ...shown } = started;
      return { ...shown, handle: handles.write({ deviceCode }, now()) };
    },
    async finishDevice({ handle, address }) {
      const started = handles.read(handle, now());
      if (!started) return undefined;
      const answer = await provider.redeemDevice(started.deviceCode);
      return typeof answer === 'string' ? answer : admitVerified(answer, address);
    },
  };
}
