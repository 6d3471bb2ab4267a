/** Logging in at an OpenID provider, from the first redirect to the session, in a browser and on a device. */
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
  Vouched,
  Waiting,
} from './oidc-provider.ts';
import { toReturnPath } from './return-to.ts';
import { createStateBox } from './login-state.ts';

export interface OidcOptions extends OidcProviderOptions, AdmitOptions {
  /** What the console calls this way to log in. */
  readonly label: string;
}

/** What it throws is an OidcError, or the database's. */
export interface OidcLogin extends AsyncDisposable {
  readonly label: string;
  /** Of where the provider sends people back to. */
  readonly redirectUrl: URL;
  /** @returns where the browser goes, and the note that it has to bring back within `noteMs`. */
  begin(returnTo: string | undefined): Promise<{ readonly url: string; readonly note: string }>;
  /** @returns undefined when there is no such note, or it is too old. */
  finish(back: BrowserBack): Promise<(Admission & { readonly returnTo: string }) | undefined>;
  /** @returns undefined where the provider knows no such thing. */
  beginDevice(): Promise<
    (Omit<DeviceLogin, 'deviceCode'> & { readonly handle: string }) | undefined
  >;
  /** @returns undefined when there is no such handle, or it is too old. */
  finishDevice(back: DeviceBack): Promise<Admission | Waiting | undefined>;
  /** Where the provider's own session ends; undefined for one that did not begin there, or where it cannot be ended. */
  endSessionUrl(tokenHash: Buffer): Promise<string | undefined>;
}

export interface BrowserBack {
  /** Of the URL that it came back to. */
  readonly query: string;
  readonly note: string;
  /** Of the peer. */
  readonly address: string;
}

export interface DeviceBack {
  readonly handle: string;
  readonly address: string;
}

/** How long somebody may take to log in at the provider. */
export const noteMs = 600_000;
/** Providers let codes for devices live for less. */
const deviceMs = 1_800_000;

/** @param key 32 bytes; what is handed out is sealed with keys derived from it. */
export function createOidcLogin(
  options: OidcOptions,
  { store, key, now, log }: { store: Store; key: Buffer; now: () => number; log: Log },
): OidcLogin {
  const provider = createOidcProvider(options, now);
  const hints = createStateBox<{ idToken: string }>(key, {
    purpose: 'oidc logout',
    lifeMs: options.sessionMs,
  });

  async function letIn({ subject, claims, idToken }: Vouched, address: string): Promise<Admission> {
    const { issuer } = options;
    await deleteExpiredTokens(databaseOf(store));
    const logoutHint = hints.write({ idToken }, now());
    const arrival = { issuer, subject, claims, address, logoutHint };
    const admission = await admit(store, arrival, options, now());
    if (admission.kind === 'admitted')
      log.info({ user: admission.username, issuer, address }, 'login.succeeded');
    else log.warn({ ...admission, issuer, subject, address }, 'login.refused');
    return admission;
  }

  return {
    label: options.label,
    redirectUrl: new URL(options.redirectUrl),
    ...createBrowserLogin({ provider, key, now, letIn }),
    ...createDeviceLogin({ provider, key, now, letIn }),
    async endSessionUrl(tokenHash) {
      const hint = await findLogoutHint(databaseOf(store), tokenHash);
      if (hint === undefined) return undefined;
      return provider.endSessionUrl(hints.read(hint, now())?.idToken);
    },
    [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
  };
}

interface Within {
  readonly provider: OidcProvider;
  readonly key: Buffer;
  readonly now: () => number;
  readonly letIn: (vouched: Vouched, address: string) => Promise<Admission>;
}

function createBrowserLogin({
  provider,
  key,
  now,
  letIn,
}: Within): Pick<OidcLogin, 'begin' | 'finish'> {
  const notes = createStateBox<LoginChecks & { returnTo: string }>(key, {
    purpose: 'oidc login',
    lifeMs: noteMs,
  });
  return {
    async begin(returnTo) {
      const checks = newChecks();
      const note = notes.write({ ...checks, returnTo: toReturnPath(returnTo) }, now());
      return { url: await provider.authorizationUrl(checks), note };
    },
    async finish({ query, note, address }) {
      const checks = notes.read(note, now());
      if (!checks) return undefined;
      const admission = await letIn(await provider.redeem(query, checks), address);
      return { ...admission, returnTo: checks.returnTo };
    },
  };
}

function createDeviceLogin({
  provider,
  key,
  now,
  letIn,
}: Within): Pick<OidcLogin, 'beginDevice' | 'finishDevice'> {
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
      return typeof answer === 'string' ? answer : letIn(answer, address);
    },
  };
}
