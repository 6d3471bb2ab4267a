/** The keys of logging in by OpenID Connect: which provider, as which client, and what its claims mean here. */
import type { Section } from '../value/key.ts';

const client = {
  issuer: {
    doc: 'Issuer of the OpenID provider people log in at, as its discovery document spells it. Without it, by password alone.',
    kind: 'httpUrl',
    optional: true,
  },
  clientId: {
    doc: 'What Hookline is called at the provider.',
    kind: 'text',
    optional: true,
  },
  clientSecret: {
    doc: 'The secret that goes with it. Without it Hookline is a public client, which PKCE protects alone.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  clientAuth: {
    doc: 'How the secret is shown to the provider.',
    kind: 'word',
    words: ['client_secret_basic', 'client_secret_post'],
    default: 'client_secret_basic',
  },
  redirectUrl: {
    doc: 'Where the provider sends people back to; it must be registered there. Without it, /v1/oidc/callback below http.publicUrl.',
    kind: 'httpUrl',
    optional: true,
  },
  label: {
    doc: 'What the console calls this way to log in.',
    kind: 'text',
    default: 'Single sign-on',
  },
} as const satisfies Section;

const claims = {
  scopes: {
    doc: 'Scopes asked for; openid must be among them. Some providers tell of groups only when asked for a scope of that name.',
    kind: 'list',
    default: ['openid', 'profile'],
  },
  usernameClaim: {
    doc: 'Claim with the name a person gets here at the first login. Dots lead into objects, unless a claim has that very name; so for all claims.',
    kind: 'text',
    default: 'preferred_username',
  },
  roleClaim: {
    doc: 'Claim whose values oidc.rules go by: text or a list of texts, such as groups or realm_access.roles.',
    kind: 'text',
    default: 'groups',
  },
  accountClaim: {
    doc: "Claim with the id of the person's account, or its name if only one account has it, for rules that name none.",
    kind: 'text',
    optional: true,
  },
  rules: {
    doc: 'Who gets which role: the first rule whose value the claim has decides. Each has value, role (Admin, DomainAdmin or User) and, if wanted, account (id) and claim (instead of oidc.roleClaim).',
    kind: 'rules',
    default: [],
  },
  userInfo: {
    doc: "Ask the provider's userinfo endpoint too, where it has one, for claims that the ID token lacks.",
    kind: 'flag',
    default: true,
  },
} as const satisfies Section;

export const oidcKeys = {
  ...client,
  ...claims,
  sessionMs: {
    doc: 'How long a session lasts before its person logs in again and their role is looked up anew.',
    unit: 'ms',
    kind: 'whole',
    min: 60_000,
    max: 604_800_000,
    default: 28_800_000,
  },
  trustMs: {
    doc: 'How long the tokens and key pairs of a person go on after their last login at the provider.',
    unit: 'ms',
    kind: 'whole',
    min: 60_000,
    max: 31_536_000_000,
    default: 2_592_000_000,
  },
  clockToleranceMs: {
    doc: "How far the provider's clock and this one may be apart.",
    unit: 'ms',
    kind: 'whole',
    min: 0,
    max: 300_000,
    default: 30_000,
  },
  timeoutMs: {
    doc: 'How long one request to the provider may take.',
    unit: 'ms',
    kind: 'whole',
    min: 100,
    max: 60_000,
    default: 10_000,
  },
  caFile: {
    doc: "PEM file of the authorities the provider's certificate is checked against, instead of the system's.",
    kind: 'text',
    optional: true,
  },
} as const satisfies Section;
