import { describe, expect, it } from 'vitest';

import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load/load.ts';
import { ConfigError } from '../../src/event/errors.ts';

const given = {
  HOOKLINE_OIDC_ISSUER: 'https://login.example/realms/cloud',
  HOOKLINE_OIDC_CLIENT_ID: 'hookline',
  HOOKLINE_HTTP_PUBLIC_URL: 'https://hookline.example/',
  HOOKLINE_OIDC_RULES: '[{"value":"operators","role":"Admin"}]',
};

const load = (env: Record<string, string>): Config => loadConfig({ env, cwd: '/nowhere' });

function problems(env: Record<string, string>): readonly string[] {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('the OpenID provider', () => {
  it('is absent without an issuer', () => {
    expect(load({}).oidc).toBeUndefined();
  });

  it('sends people back to below the public URL, and goes by the role claim', () => {
    expect(load(given).oidc).toEqual({
      issuer: 'https://login.example/realms/cloud',
      clientId: 'hookline',
      clientAuth: 'client_secret_basic',
      redirectUrl: 'https://hookline.example/v1/oidc/callback',
      homeUrl: 'https://hookline.example/',
      label: 'Single sign-on',
      scopes: ['openid', 'profile'],
      usernameClaim: 'preferred_username',
      rules: [{ claim: 'groups', value: 'operators', role: 'Admin' }],
      userInfo: true,
      sessionMs: 28_800_000,
      trustMs: 2_592_000_000,
      clockToleranceMs: 30_000,
      timeoutMs: 10_000,
    });
  });

  it('sends people back to where it is told to', () => {
    const { HOOKLINE_HTTP_PUBLIC_URL: _, ...rest } = given;
    const redirect = 'https://proxy.example/hooks/v1/oidc/callback';
    const { oidc } = load({ ...rest, HOOKLINE_OIDC_REDIRECT_URL: redirect });
    expect(oidc).toMatchObject({ redirectUrl: redirect, homeUrl: 'https://proxy.example/' });
  });

  it('may be on this machine without TLS', () => {
    const { oidc } = load({ ...given, HOOKLINE_OIDC_ISSUER: 'http://127.0.0.1:3000' });
    expect(oidc?.issuer).toBe('http://127.0.0.1:3000');
  });

  it.each([
    [{ HOOKLINE_OIDC_CLIENT_ID: '' }, 'oidc.clientId (default): null: expected what Hookline is'],
    [{ HOOKLINE_HTTP_PUBLIC_URL: '' }, 'oidc.redirectUrl (default): null: expected a URL of'],
    [{ HOOKLINE_OIDC_ISSUER: '' }, 'oidc.issuer (default): null: expected an issuer, because'],
    [
      { HOOKLINE_OIDC_ISSUER: 'http://login.example' },
      'oidc.issuer (HOOKLINE_OIDC_ISSUER): "http://login.example": expected a URL that starts with https://',
    ],
    [
      { HOOKLINE_OIDC_SCOPES: 'profile' },
      'oidc.scopes (HOOKLINE_OIDC_SCOPES): ["profile"]: expected openid among them',
    ],
    [{ HOOKLINE_OIDC_RULES: '' }, 'oidc.rules (default): []: expected at least one rule'],
    [
      { HOOKLINE_OIDC_RULES: '{' },
      'oidc.rules (HOOKLINE_OIDC_RULES): "{": expected a list of rules',
    ],
    [{ HOOKLINE_OIDC_RULES: '["a"]' }, 'oidc.rules[0] (HOOKLINE_OIDC_RULES): "a": expected a rule'],
    [
      { HOOKLINE_OIDC_RULES: '[{"value":"a","role":"Root"}]' },
      'oidc.rules[0].role (HOOKLINE_OIDC_RULES): "Root": expected one of Admin, DomainAdmin, User',
    ],
    [
      { HOOKLINE_OIDC_RULES: '[{"role":"User"}]' },
      'oidc.rules[0].value (HOOKLINE_OIDC_RULES): undefined: expected text',
    ],
    [
      { HOOKLINE_OIDC_RULES: '[{"value":"a","role":"User","acount":"x"}]' },
      'oidc.rules[0].acount (HOOKLINE_OIDC_RULES): unknown key; did you mean account?',
    ],
    [{ HOOKLINE_OIDC_CA_FILE: 'missing.pem' }, 'oidc.caFile (HOOKLINE_OIDC_CA_FILE): '],
  ])('is refused with %o', (env, expected) => {
    const lines = problems({ ...given, ...env });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(expected);
  });

  it('keeps its secret to itself', () => {
    const lines = problems({
      ...given,
      HOOKLINE_OIDC_CLIENT_SECRET: 'hunter2',
      HOOKLINE_OIDC_CLIENT_ID: '',
    });
    expect(lines.join('\n')).not.toContain('hunter2');
  });
});
