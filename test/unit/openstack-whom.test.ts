/** Whose an OpenStack event is: by the word of whoever may speak for that project, domain or user, and of nobody else. */
import { describe, expect, it } from 'vitest';

import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { requestId, version2 } from '../fixtures/openstack-message.ts';
import type { NotificationParts } from '../fixtures/openstack-message.ts';
import { readEvents } from '../fixtures/read-events.ts';

const normalize = readEvents('openstack', { now: () => nowMs });
const eventsOf = (parts: NotificationParts) => normalize(messageFrom({ body: version2(parts) }));
const eventOf = (parts: NotificationParts) => eventsOf(parts)[0];

const web = 'P-web';
const lab = 'P-lab';
const eve = { user_id: 'U-eve', user: 'U-eve', is_admin: false, roles: ['member', 'reader'] };
const neutron = { publisher: 'network.ctl-1' };

/** What makes a payload look like an audit record of somebody else's. */
const audit = {
  typeURI: 'http://schemas.dmtf.org/cloud/audit/1.0/event',
  outcome: 'failure',
  action: 'the cloud burns',
  initiator: { user_id: 'U-alice', project_id: web, domain_id: 'D-web' },
  domain: 'D-web',
};

/** Requests to Neutron in which the asker names a project, in every place where a body can name one. */
const requests: readonly (readonly [string, unknown])[] = [
  ['security_group.create.start', { security_group: { name: 'x', project_id: web } }],
  ['security_group.create.start', { security_group: { name: 'x', tenant_id: web } }],
  ['security_group.create.start', { security_group: { id: 'x', project_id: web } }],
  ['security_group.create.start', { security_group: { name: 'x' }, project_id: web }],
  ['security_group.create.start', { security_group: { name: 'x' }, tenant_id: web, id: 'x' }],
  ['security_group.create.start', { security_group: { name: 'x' }, owner: web }],
  ['security_group.create.start', { security_groups: [{ name: 'x', project_id: web }] }],
  ['security_group.create.start', { ...audit, security_group: { project_id: web } }],
  ['security_group.create.start', { 'nova_object.data': { project_id: web } }],
  ['floatingip.create.start', { floatingip: { floating_network_id: 'n', project_id: web } }],
  ['floatingip.update.start', { floatingip: { port_id: null, project_id: web }, id: 'f' }],
  ['port.update.start', { port: { name: 'x' }, tenant_id: web, id: 'p' }],
  // Named as a thing of Nova's is, but Neutron tells it.
  ['flavor.create.start', { flavor: { name: 'x', project_id: web } }],
  ['service_profile.create.start', { service_profile: { project_id: web } }],
];

describe('a request that names a project', () => {
  const strangers: readonly (readonly [string, object])[] = [
    ['has no project at all', { ...eve, project_id: null }],
    ['has a token of the former kind without a project', { ...eve, tenant: null, tenant_id: null }],
    ['has a token of a domain', { ...eve, project_id: null, domain: 'D-eve' }],
    [
      'administrates a domain',
      { ...eve, project_id: null, domain: 'D-eve', roles: ['admin'], is_admin: true },
    ],
    ['has a token of the system', { ...eve, project_id: null, system_scope: 'all' }],
    [
      'administrates the system',
      { ...eve, project_id: null, system_scope: 'all', roles: ['admin'], is_admin: true },
    ],
    ['owns a project that they call service', { ...eve, project_id: lab, project_name: 'service' }],
    [
      'owns a project that they call services, in the former words',
      { ...eve, tenant_id: lab, tenant_name: 'Services' },
    ],
    [
      'has a role that Neutron does not let name projects',
      { ...eve, project_id: lab, roles: ['admin'], can_set_project_id: false },
    ],
  ];

  it.each(strangers)('is nobody’s where the asker %s', (_, context) => {
    for (const [eventType, payload] of requests) {
      const event = eventOf({ ...neutron, eventType, payload, context: { ...context } });
      expect([eventType, event?.envelope.account, event?.envelope.project]).toEqual([
        eventType,
        undefined,
        undefined,
      ]);
      expect([event?.provenDomain, event?.provenUser]).toEqual([undefined, undefined]);
      expect([event?.envelope.user, event?.envelope.domain]).toEqual([eve.user_id, undefined]);
    }
  });

  it('is the asker’s own where the asker is a member of a project', () => {
    for (const [eventType, payload] of requests) {
      const context = { ...eve, project_id: lab, can_set_project_id: false };
      expect(eventOf({ ...neutron, eventType, payload, context })?.envelope.account).toBe(lab);
    }
  });

  it.each([
    ['administrator', { is_admin: true, roles: ['admin'] }],
    ['administrator by the role alone', { roles: ['Admin'] }],
    ['service', { roles: ['service'] }],
    ['somebody whom Neutron lets name projects', { can_set_project_id: true }],
  ])('is the named one’s where the asker is an %s with a project', (_, more) => {
    for (const [eventType, payload] of requests) {
      const context = { ...eve, project_id: lab, ...more };
      expect(eventOf({ ...neutron, eventType, payload, context })?.envelope.account).toBe(web);
    }
  });

  it('tells by its own words neither an id for what is to be created nor a description', () => {
    const payload = { port: { name: 'x' }, id: 'p', port_id: 'p', message: 'the cloud burns' };
    const context = { ...eve, project_id: lab };
    for (const body of [payload, { ...payload, ...audit }]) {
      const event = eventOf({ ...neutron, eventType: 'port.create.start', payload: body, context });
      expect(event?.envelope).toMatchObject({
        description: 'port create started',
        status: 'Started',
      });
      expect(event?.envelope).not.toHaveProperty('entityuuid');
    }
  });

  it('is not believed of a service that nobody knows either', () => {
    const parts = { eventType: 'cake.create.start', publisher: 'bakery.h1' };
    const payload = { cake: { project_id: web } };
    const told = (context: Record<string, unknown>) =>
      eventOf({ ...parts, payload, context })?.envelope.account;
    expect(told({ ...eve, project_id: null })).toBeUndefined();
    expect(told({ ...eve, project_id: lab })).toBe(lab);
    expect(told({ ...eve, project_id: web })).toBe(web);
  });
});

describe('a record', () => {
  const asking = { ...eve, project_id: lab, project_domain: 'D-eve' };

  it.each([
    ['volume.transfer.accept.start', { volume_id: 'v', tenant_id: web }, 'volume.h1'],
    ['compute.instance.reboot.start', { instance_id: 'i', tenant_id: web }, 'compute.h1'],
    ['share.extend.start', { share_id: 's', project_id: web }, 'share.h1'],
    [
      'orchestration.stack.update.start',
      { stack_identity: 's', tenant_id: web },
      'orchestration.h',
    ],
    ['baremetal.node.power_set.start', { uuid: 'n', owner: web }, 'ironic-conductor.h1'],
    ['port.delete.end', { port_id: 'p', port: { id: 'p', project_id: web } }, 'network.h1'],
  ])('belongs to the owner whom the service read, whoever asks: %s', (eventType, payload, by) => {
    const event = eventOf({ eventType, payload, publisher: by, context: asking });
    expect(event?.envelope).toMatchObject({ account: web, project: web, user: 'U-eve' });
    expect(event?.envelope).not.toHaveProperty('domain');
  });

  it('of the operator’s things belongs to no project, whoever asks', () => {
    for (const [eventType, payload] of [
      ['volume_type.create', { volume_types: { id: 't', name: 'fast' } }],
      ['share_type.create', { share_types: { id: 't', name: 'fast' } }],
      ['dns.pool.update', { id: 'p', tenant_id: null }],
      ['dns.tsigkey.create', { id: 'k' }],
      ['dns.blacklist.create', { id: 'b' }],
      ['dns.tld.create', { id: 't' }],
    ] as const) {
      expect(eventOf({ eventType, payload, context: asking })?.envelope.account).toBeUndefined();
    }
  });

  it('of an offered image belongs to the project that it is offered to', () => {
    for (const action of ['create', 'update', 'delete']) {
      const eventType = `image.member.${action}`;
      const payload = { image_id: 'i', member_id: lab, status: 'pending' };
      expect(eventOf({ eventType, payload, publisher: 'image.h1' })?.envelope).toMatchObject({
        entity: 'image',
        entityuuid: 'i',
        account: lab,
        description: `image member ${action} completed`,
      });
    }
  });
});

const toldOfMachine = (owner: unknown, lessee: unknown) =>
  eventsOf({
    eventType: 'baremetal.node.power_set.end',
    publisher: 'ironic-conductor.h1',
    messageId: 'm-1',
    payload: { 'ironic_object.data': { uuid: 'n-1', owner, lessee, power_state: 'power on' } },
    context: { user: 'U-admin', project_id: null, system_scope: 'all', roles: ['admin'] },
  }).map(({ envelope, key }) => [envelope.account, envelope.project, envelope.user, key]);

describe('a machine that one project owns and another rents', () => {
  it('is told to both, under two names', () => {
    expect(toldOfMachine('P-db', web)).toEqual([
      ['P-db', 'P-db', 'U-admin', 'm-1'],
      [web, web, 'U-admin', 'm-1/lessee'],
    ]);
  });

  it('is told once where there is one of them, or none', () => {
    expect(toldOfMachine('P-db', null)).toEqual([['P-db', 'P-db', 'U-admin', 'm-1']]);
    expect(toldOfMachine(web, web)).toEqual([[web, web, 'U-admin', 'm-1']]);
    expect(toldOfMachine(null, null)).toEqual([[undefined, undefined, 'U-admin', 'm-1']]);
  });

  it('is the lessee’s alone where nobody owns it', () => {
    expect(toldOfMachine(null, web)).toEqual([[web, web, 'U-admin', 'm-1']]);
  });
});

describe('the user', () => {
  const admin = { user_id: 'U-admin', project_id: 'P-admin', roles: ['admin'], is_admin: true };

  it.each([
    ['volume.delete.end', { volume_id: 'v', tenant_id: web, user_id: 'U-alice' }],
    ['snapshot.delete.end', { snapshot_id: 's', tenant_id: web, user_id: 'U-alice' }],
    ['backup.createprogress', { backup_id: 'b', tenant_id: web, user_id: 'U-alice' }],
    ['share.delete.end', { share_id: 's', project_id: web, user_id: 'U-alice' }],
    ['compute.instance.delete.end', { instance_id: 'i', tenant_id: web, user_id: 'U-alice' }],
    ['instance.delete.end', { 'nova_object.data': { uuid: 'i', user_id: 'U-alice' } }],
    ['orchestration.stack.delete.end', { tenant_id: web, user_id: 'alice', user_identity: 'U-a' }],
    ['trove.instance.delete.end', { instance_id: 'i', tenant_id: web, user_id: 'U-alice' }],
  ])('is who asked, not the owner: %s', (eventType, payload) => {
    expect(eventOf({ eventType, payload, context: admin })?.envelope.user).toBe('U-admin');
  });

  it('is nobody where a service did it by itself', () => {
    const payload = { instance_id: 'i', tenant_id: web, user_id: 'U-alice' };
    const context = { user_id: null, project_id: null, is_admin: true };
    const event = eventOf({ eventType: 'compute.instance.update', payload, context });
    expect(event?.envelope).not.toHaveProperty('user');
  });

  it.each([
    ['orchestration.stack.create.end', { user_id: 'alice', user_identity: 'U-alice' }, 'U-alice'],
    ['image.send', { image_id: 'i', owner_id: web, receiver_user_id: 'U-bob' }, 'U-bob'],
    [
      'instance.create.end',
      { 'nova_object.data': { user_id: 'U-alice', action_initiator_user: 'U-bob' } },
      'U-bob',
    ],
    ['volume.create.end', { volume_id: 'v', user_id: 'U-alice' }, 'U-alice'],
  ])('is whom the payload names where there is no context: %s', (eventType, payload, user) => {
    expect(eventOf({ eventType, payload })?.envelope.user).toBe(user);
  });
});

const admin = { id: 'U-admin', user_id: 'U-admin', project_id: 'P-admin', name: 'admin' };
const manager = { id: 'U-dora', user_id: 'U-dora', domain_id: 'D-acme', name: 'dora' };
const cadf = (facts: object) => ({
  typeURI: 'http://schemas.dmtf.org/cloud/audit/1.0/event',
  eventType: 'activity',
  id: 'E-1',
  eventTime: '2026-11-30T10:01:57.894054+0000',
  outcome: 'success',
  observer: { id: 'o', typeURI: 'service/security' },
  target: { id: 'T', typeURI: 'service/security/account/user' },
  ...facts,
});
const keystone = (eventType: string, facts: object) => {
  const event = eventOf({ eventType, publisher: 'identity.vm', payload: cadf(facts) });
  const { envelope, provenUser, provenDomain } = event ?? {};
  return { ...envelope, provenUser, provenDomain };
};

const toldShort = (eventType: string) => {
  const payload = { resource_info: 'X', request_id: requestId };
  const event = eventOf({ eventType, payload });
  const { account, entityuuid } = event?.envelope ?? {};
  return [account, entityuuid, event?.provenUser, event?.provenDomain];
};

describe('what Keystone tells', () => {
  it.each([
    ['an inherited grant', 'identity.role_assignment.created', { inherited_to_projects: true }],
    ['a revocation', 'identity.role_assignment.deleted', { inherited_to_projects: false }],
    ['a grant of bootstrap', 'identity.role_assignment.created', { initiator: null }],
  ])('is an audit record without an initiator, too: %s', (_, eventType, more) => {
    const grant = { project: web, user: 'U-alice', role: 'R', ...more };
    const plain = keystone(eventType, { ...grant, initiator: admin });
    expect(keystone(eventType, grant)).toEqual({ ...plain, user: undefined });
    expect(plain).toMatchObject({ account: web, project: web, entityuuid: 'R', user: 'U-admin' });
  });

  it.each([
    ['identity.credential.created', { resource_info: 'C' }, 'credential', 'C'],
    ['identity.user.deleted', { resource_info: 'U' }, 'user', 'U'],
    ['identity.group.deleted', { resource_info: 'G' }, 'group', 'G'],
    ['identity.project tag.deleted', { resource_info: 'blue' }, 'project tag', 'blue'],
    ['identity.domain.created', { resource_info: 'D' }, 'domain', 'D'],
    ['identity.region.created', { resource_info: 'R1' }, 'region', 'R1'],
  ])('has the id of its thing, not of the record: %s', (eventType, facts, entity, entityuuid) => {
    expect(keystone(eventType, facts)).toMatchObject({ entity, entityuuid, status: 'Completed' });
  });

  it.each(
    words(
      'user.created user.updated user.deleted user.disabled group.created group.updated group.deleted',
      'domain.created domain.updated domain.disabled domain.deleted role.created role.updated role.deleted',
      'region.created service.created service.updated endpoint.created endpoint.deleted policy.created',
      'OS-OAUTH1:consumer.created',
    ),
  )('of an administrator’s doing is not their project’s: identity.%s', name => {
    const event = keystone(`identity.${name}`, { initiator: admin, resource_info: 'X' });
    expect(event).toMatchObject({ entityuuid: 'X', user: 'U-admin' });
    expect([event.account, event.project]).toEqual([undefined, undefined]);
    expect(event.provenUser).toBe(name.startsWith('user.') ? 'X' : undefined);
    expect(event.provenDomain).toBe(name.startsWith('domain.') ? 'X' : undefined);
  });

  it.each(words('application_credential.created credential.deleted OS-TRUST:trust.created'))(
    'of what users do to their own is their project’s: identity.%s',
    name => {
      const alice = { user_id: 'U-alice', project_id: web };
      const event = keystone(`identity.${name}`, { initiator: alice, resource_info: 'X' });
      expect(event).toMatchObject({ account: web, user: 'U-alice', entityuuid: 'X' });
    },
  );

  it.each(words('group.created role.updated user.created project.created role_assignment.created'))(
    'of somebody’s doing with a domain’s token is that domain’s: identity.%s',
    name => {
      const event = keystone(`identity.${name}`, { initiator: manager, resource_info: 'X' });
      expect(event.domain).toBe('D-acme');
      expect(event.provenDomain).toBe(name.startsWith('project.') ? 'X' : 'D-acme');
      expect(event.account).toBe(name.startsWith('project.') ? 'X' : undefined);
    },
  );

  it('of a role in a domain is that domain’s, whoever gave it', () => {
    for (const initiator of [admin, manager, undefined]) {
      const grant = { initiator, domain: 'D-web', user: 'U-alice', role: 'R' };
      expect(keystone('identity.role_assignment.created', grant)).toMatchObject({
        domain: 'D-web',
        provenDomain: 'D-web',
        entityuuid: 'R',
      });
    }
  });

  it('of a domain under the name of a project is that domain’s', () => {
    for (const action of ['updated', 'deleted', 'disabled']) {
      const event = keystone(`identity.project.${action}`, {
        initiator: admin,
        resource_info: 'D-web',
      });
      expect(event).toMatchObject({ account: 'D-web', provenDomain: 'D-web' });
    }
  });

  it('concerns the same in the short format', () => {
    expect(toldShort('identity.project.updated')).toEqual(['X', 'X', undefined, 'X']);
    expect(toldShort('identity.user.updated')).toEqual([undefined, 'X', 'X', undefined]);
    expect(toldShort('identity.domain.updated')).toEqual([undefined, 'X', undefined, 'X']);
    expect(toldShort('identity.role.updated')).toEqual([undefined, 'X', undefined, undefined]);
  });
});

const login = (facts: object) =>
  keystone('identity.authenticate', { action: 'authenticate', ...facts });

describe('a login', () => {
  const host = { address: '192.0.2.7', agent: 'openstacksdk' };
  const alice = { id: 'h', user_id: 'U-alice', name: 'alice', username: 'alice', host };
  const notFound = { reasonType: 'Could not find user: x.', reasonCode: '404' };
  it.each([
    ['success', undefined, 'login of alice from 192.0.2.7: credentials accepted', 'Completed'],
    ['failure', undefined, 'login of alice from 192.0.2.7 failed', 'Failed'],
    [
      'failure',
      { reasonType: 'The account is locked', reasonCode: 401 },
      'login of alice from 192.0.2.7 failed: The account is locked (401)',
      'Failed',
    ],
    ['pending', undefined, 'login of alice from 192.0.2.7', 'Started'],
  ])('of a known user says who and from where: %s', (outcome, reason, description, status) => {
    expect(login({ outcome, reason, initiator: alice })).toMatchObject({
      entity: 'user',
      entityuuid: 'U-alice',
      user: 'U-alice',
      provenUser: 'U-alice',
      description,
      status,
      details: { name: 'alice', address: '192.0.2.7' },
    });
  });

  it('concerns the user, and nobody whose token was sent along', () => {
    const initiator = { ...alice, project_id: lab, domain_id: 'D-eve' };
    const event = login({ outcome: 'failure', initiator });
    expect([event.account, event.domain, event.provenDomain, event.provenUser]).toEqual([
      undefined,
      undefined,
      undefined,
      'U-alice',
    ]);
  });

  it.each([
    ['without a token', {}],
    ['with a token of somebody else', { user_id: 'U-eve', name: 'eve', project_id: lab }],
  ])('of an unknown name concerns the domain in which it was sought: %s', (_, more) => {
    const initiator = { id: 'made-up', user_name: 'nosuch', domain_id: 'D-web', host, ...more };
    const event = login({ outcome: 'failure', initiator, reason: notFound });
    expect(event).toMatchObject({
      domain: 'D-web',
      provenDomain: 'D-web',
      description: 'login of nosuch from 192.0.2.7 failed: Could not find user: x. (404)',
      details: { name: 'nosuch' },
    });
    const ids = [event.account, event.user, event.entityuuid, event.provenUser];
    expect(ids).toEqual(Array(4).fill(undefined));
  });

  it('of a user whose name an older Keystone leaves out concerns nobody, not even a token’s domain', () => {
    const initiator = { id: 'U-alice', user_id: 'U-alice', domain_id: 'D-eve', host };
    const event = login({ outcome: 'failure', initiator });
    expect([event.user, event.domain, event.provenUser, event.provenDomain]).toEqual(
      Array(4).fill(undefined),
    );
    expect(event.description).toBe('login of U-alice from 192.0.2.7 failed');
  });

  it.each([
    ['without a token', {}],
    ['with a token of one’s own', { name: 'eve', username: 'eve', project_id: lab }],
  ])('under an id that somebody typed, such as a project’s, concerns nobody: %s', (_, more) => {
    const initiator = { id: 'made-up', user_id: web, host, ...more };
    const event = login({ outcome: 'failure', initiator, reason: notFound });
    expect([
      event.account,
      event.user,
      event.entityuuid,
      event.provenUser,
      event.provenDomain,
    ]).toEqual(Array(5).fill(undefined));
    expect(event.description).toBe(
      `login of ${web} from 192.0.2.7 failed: Could not find user: x. (404)`,
    );
  });
});

it('takes an audited request of an administrator for nobody’s, one of a tenant for theirs', () => {
  const read = readEvents('openstack', { now: () => nowMs, keepAudit: true });
  const told = (context: Record<string, unknown>) => {
    const payload = cadf({ initiator: { user_id: 'U', project_id: lab } });
    const body = version2({ eventType: 'magnum.cluster.create', payload, context });
    return read(messageFrom({ body }))[0]?.envelope.account;
  };
  expect(told({ project_id: lab, roles: ['member'] })).toBe(lab);
  expect(told({ project_id: lab, roles: ['admin'] })).toBeUndefined();
});

function words(...lines: readonly string[]): readonly string[] {
  return lines.flatMap(line => line.split(' '));
}
