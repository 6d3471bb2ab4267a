/** Providers that are set up otherwise, or wrongly. */
import { describe, expect, it } from 'vitest';

import { sessionOf, startOidc } from './oidc-harness.ts';
import type { OidcWorld } from './oidc-harness.ts';

const olga = { preferred_username: 'olga', groups: ['operators'] };

async function logInAsOlga(world: OidcWorld): Promise<string> {
  world.provider.people.set('olga', olga);
  const answer = await world.logIn('olga');
  return answer.status === 302 && sessionOf(answer) !== '' ? 'in' : answer.body.code;
}

describe('a provider', () => {
  it('may put all claims into the ID token, and have no userinfo', async () => {
    await using world = await startOidc(
      {},
      {
        configuration: { conformIdTokenClaims: false, features: { userinfo: { enabled: false } } },
      },
    );
    expect(await logInAsOlga(world)).toBe('in');
  });

  it('may put them into the userinfo alone, which is asked unless the configuration says no', async () => {
    await using world = await startOidc({ userInfo: false });
    expect(await logInAsOlga(world)).toBe('oidc_unmapped');
  });

  it('may want the secret in the body', async () => {
    await using world = await startOidc(
      { clientAuth: 'client_secret_post' },
      {
        configuration: {
          clientAuthMethods: ['client_secret_post'],
          clientDefaults: { token_endpoint_auth_method: 'client_secret_post' },
        },
      },
    );
    expect(await logInAsOlga(world)).toBe('in');
  });

  it('that does not take the secret is a fault of the configuration, not of the person', async () => {
    await using world = await startOidc({ clientSecret: 'wrong' });
    world.provider.people.set('olga', olga);
    const { body } = await world.logIn('olga');
    expect(body).toMatchObject({ status: 503, code: 'oidc_unavailable' });
    expect(body.detail).toContain('invalid_client');
    expect(world.api.logged.join('\n')).not.toContain('wrong');
  });

  it('that calls itself otherwise than configured is not believed', async () => {
    await using world = await startOidc();
    await using stranger = await startOidc({
      issuer: world.provider.issuer.replace('127.0.0.1', 'localhost'),
    });
    const { body } = await stranger.api.ask('GET', '/v1/oidc/login', undefined, {});
    expect(body.code).toBe('oidc_unavailable');
  });
});
