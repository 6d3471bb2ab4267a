/** The keys of the section `oidc`: the OpenID provider, Hookline's client there, and what its claims mean here. */
import type { Section } from '../value/key.ts';

const client = {
  issuer: {
    doc: 'Issuer of the OpenID provider at which people log in, exactly as in its discovery document. If unset, people log in by password alone.',
    kind: 'httpUrl',
    optional: true,
  },
  clientId: {
    doc: 'Client ID of Hookline at the provider.',
    kind: 'text',
    optional: true,
  },
  clientSecret: {
    doc: 'Client secret. If unset, Hookline is a public client, protected by PKCE alone.',
    kind: 'text',
    optional: true,
    sensitive: true,
  },
  clientAuth: {
    doc: 'How the client secret is sent to the provider.',
    kind: 'word',
    words: ['client_secret_basic', 'client_secret_post'],
    default: 'client_secret_basic',
  },
  redirectUrl: {
    doc: 'Redirect URL, which must be registered at the provider. If unset, it is /v1/oidc/callback below http.publicUrl.',
    kind: 'httpUrl',
    optional: true,
  },
  label: {
    doc: 'Label of the login button in the console.',
    kind: 'text',
    default: 'Single sign-on',
  },
} as const satisfies Section;

const claims = {
  scopes: {
    doc: 'Scopes to request; openid must be among them. Some providers return groups only if a scope of that name is requested.',
    kind: 'list',
    default: ['openid', 'profile'],
  },
  usernameClaim: {
    doc: 'Claim with the user name that a person gets at the first login. In this and all other claims, dots lead into nested objects, unless a claim has exactly that name.',
    kind: 'text',
    default: 'preferred_username',
  },
  roleClaim: {
    doc: 'Claim whose values oidc.rules are matched against: text or a list of texts, such as groups or realm_access.roles.',
    kind: 'text',
    default: 'groups',
  },
  accountClaim: {
    doc: "Claim with the ID of the person's account, or its name if that is unique, for rules that name no account.",
    kind: 'text',
    optional: true,
  },
  rules: {
    doc: "Rules that assign roles: the first one whose value is among the claim's values decides. Each has value, role (Admin, DomainAdmin or User) and optionally account (an ID) and claim (instead of oidc.roleClaim).",
    kind: 'rules',
    default: [],
  },
  userInfo: {
    doc: "Whether to ask the provider's userinfo endpoint, if it has one, for claims missing from the ID token.",
    kind: 'flag',
    default: true,
  },
} as const satisfies Section;

export const oidcKeys = {
  ...client,
  ...claims,
  sessionMs: {
    doc: 'How long a session lasts. After that the person logs in again, and their role is determined anew.',
    unit: 'ms',
    kind: 'whole',
    min: 60_000,
    max: 604_800_000,
    default: 28_800_000,
  },
  trustMs: {
    doc: "How long a person's tokens and key pairs remain valid after their last login at the provider.",
    unit: 'ms',
    kind: 'whole',
    min: 60_000,
    max: 31_536_000_000,
    default: 2_592_000_000,
  },
  clockToleranceMs: {
    doc: "Tolerated difference between the provider's clock and the local one.",
    unit: 'ms',
    kind: 'whole',
    min: 0,
    max: 300_000,
    default: 30_000,
  },
  timeoutMs: {
    doc: 'Time limit of one request to the provider.',
    unit: 'ms',
    kind: 'whole',
    min: 100,
    max: 60_000,
    default: 10_000,
  },
  caFile: {
    doc: "PEM file of certificate authorities, or of the provider's own certificate, to trust instead of the system's authorities.",
    kind: 'text',
    optional: true,
  },
} as const satisfies Section;
