/** What an administrator of a RabbitMQ does by its management API: users, permissions, policies. */
import type { Rabbitmq } from './rabbitmq.ts';

export interface Permissions {
  /** Patterns of the names of queues and exchanges; nothing by default. */
  readonly configure?: string;
  readonly write?: string;
  readonly read?: string;
}

export interface RabbitmqAdmin {
  /** Creates a user with these permissions in `/`, and gives the broker's URL with its password. */
  addUser(name: string, permissions: Permissions): Promise<string>;
  addVhost(name: string): Promise<void>;
  /** @param kind `operator-policies` take precedence over `policies`. */
  addPolicy(
    kind: 'policies' | 'operator-policies',
    name: string,
    policy: { readonly pattern: string; readonly definition: object },
  ): Promise<void>;
}

const password = 'the-password-of-a-user';

export function administrate({ url, managementUrl = '' }: Rabbitmq): RabbitmqAdmin {
  const { origin, username, password: own } = new URL(managementUrl);
  const authorization = `Basic ${Buffer.from(`${username}:${own}`).toString('base64')}`;
  const put = async (path: string, body?: object): Promise<void> => {
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await fetch(`${origin}/api/${path}`, {
      method: 'PUT',
      headers,
      body: JSON.stringify(body ?? {}),
    });
    if (!answer.ok) throw new Error(`PUT ${path} answered ${answer.status}`);
  };
  return {
    async addUser(name, { configure = '^$', write = '^$', read = '^$' }) {
      await put(`users/${name}`, { password, tags: '' });
      await put(`permissions/%2F/${name}`, { configure, write, read });
      const withUser = new URL(url);
      withUser.username = name;
      withUser.password = password;
      return withUser.href;
    },
    addVhost: async name => put(`vhosts/${name}`),
    addPolicy: async (kind, name, { pattern, definition }) =>
      put(`${kind}/%2F/${name}`, { pattern, definition, 'apply-to': 'queues' }),
  };
}
