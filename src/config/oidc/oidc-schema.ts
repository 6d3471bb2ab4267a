/** The keys of logging in by OpenID Connect: which provider, as which client, and what its claims mean here. */
import type { Keys } from '../value/value-kind.ts';

export const oidcClientAuths = ['client_secret_basic', 'client_secret_post'] as const;
export type OidcClientAuth = (typeof oidcClientAuths)[number];

/** What convict holds of the section `oidc`. */
export interface RawOidc {
  issuer: string | null;
  clientId: string | null;
  clientSecret: string | null;
  clientAuth: OidcClientAuth;
  redirectUrl: string | null;
  label: string;
  scopes: string[];
  usernameClaim: string;
  roleClaim: string;
  accountClaim: string | null;
  rules: unknown[];
  userInfo: boolean;
  sessionMs: number;
  trustMs: number;
  clockToleranceMs: number;
  timeoutMs: number;
  caFile: string | null;
}

const client: Keys<
  Pick<RawOidc, 'issuer' | 'clientId' | 'clientSecret' | 'clientAuth' | 'redirectUrl' | 'label'>
> = {
  issuer: {
    doc: 'Issuer of the OpenID provider people log in at, as its discovery document spells it. Without it, by password alone.',
    format: 'httpUrl',
    default: null,
    nullable: true,
    env: 'HOOKLINE_OIDC_ISSUER',
  },
  clientId: {
    doc: 'What Hookline is called at the provider.',
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_OIDC_CLIENT_ID',
  },
  clientSecret: {
    doc: 'The secret that goes with it. Without it Hookline is a public client, which PKCE protects alone.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'HOOKLINE_OIDC_CLIENT_SECRET',
  },
  clientAuth: {
    doc: 'How the secret is shown to the provider.',
    format: 'word',
    words: oidcClientAuths,
    default: 'client_secret_basic',
    env: 'HOOKLINE_OIDC_CLIENT_AUTH',
  },
  redirectUrl: {
    doc: 'Where the provider sends people back to; it must be registered there. Without it, /v1/oidc/callback below http.publicUrl.',
    format: 'httpUrl',
    default: null,
    nullable: true,
    env: 'HOOKLINE_OIDC_REDIRECT_URL',
  },
  label: {
    doc: 'What the console calls this way to log in.',
    format: 'text',
    default: 'Single sign-on',
    env: 'HOOKLINE_OIDC_LABEL',
  },
};

const claims: Keys<
  Pick<RawOidc, 'scopes' | 'usernameClaim' | 'roleClaim' | 'accountClaim' | 'rules' | 'userInfo'>
> = {
  scopes: {
    doc: 'Scopes asked for; openid must be among them. Some providers tell of groups only when asked for a scope of that name.',
    format: 'list',
    default: ['openid', 'profile'],
    env: 'HOOKLINE_OIDC_SCOPES',
  },
  usernameClaim: {
    doc: 'Claim with the name a person gets here at the first login. Dots lead into objects, unless a claim has that very name; so for all claims.',
    format: 'text',
    default: 'preferred_username',
    env: 'HOOKLINE_OIDC_USERNAME_CLAIM',
  },
  roleClaim: {
    doc: 'Claim whose values oidc.rules go by: text or a list of texts, such as groups or realm_access.roles.',
    format: 'text',
    default: 'groups',
    env: 'HOOKLINE_OIDC_ROLE_CLAIM',
  },
  accountClaim: {
    doc: "Claim with the id of the person's account, or its name if only one account has it, for rules that name none.",
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_OIDC_ACCOUNT_CLAIM',
  },
  rules: {
    doc: 'Who gets which role: the first rule whose value the claim has decides. Each has value, role (Admin, DomainAdmin or User) and, if wanted, account (id) and claim (instead of oidc.roleClaim).',
    format: 'rules',
    default: [],
    env: 'HOOKLINE_OIDC_RULES',
  },
  userInfo: {
    doc: "Ask the provider's userinfo endpoint too, where it has one, for claims that the ID token lacks.",
    format: 'flag',
    default: true,
    env: 'HOOKLINE_OIDC_USER_INFO',
  },
};

export const oidcKeys: Keys<RawOidc> = {
  ...client,
  ...claims,
  sessionMs: {
    doc: 'How long a session lasts before its person logs in again and their role is looked up anew.',
    unit: 'ms',
    format: 'whole',
    min: 60_000,
    max: 604_800_000,
    default: 28_800_000,
    env: 'HOOKLINE_OIDC_SESSION_MS',
  },
  trustMs: {
    doc: 'How long the tokens and key pairs of a person go on after their last login at the provider.',
    unit: 'ms',
    format: 'whole',
    min: 60_000,
    max: 31_536_000_000,
    default: 2_592_000_000,
    env: 'HOOKLINE_OIDC_TRUST_MS',
  },
  clockToleranceMs: {
    doc: "How far the provider's clock and this one may be apart.",
    unit: 'ms',
    format: 'whole',
    min: 0,
    max: 300_000,
    default: 30_000,
    env: 'HOOKLINE_OIDC_CLOCK_TOLERANCE_MS',
  },
  timeoutMs: {
    doc: 'How long one request to the provider may take.',
    unit: 'ms',
    format: 'whole',
    min: 100,
    max: 60_000,
    default: 10_000,
    env: 'HOOKLINE_OIDC_TIMEOUT_MS',
  },
  caFile: {
    doc: "PEM file of the authorities the provider's certificate is checked against, instead of the system's.",
    format: 'text',
    default: null,
    nullable: true,
    env: 'HOOKLINE_OIDC_CA_FILE',
  },
};
