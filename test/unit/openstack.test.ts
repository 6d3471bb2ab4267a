import { describe, expect, it } from 'vitest';

import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { novaSamples } from '../fixtures/openstack-compute.ts';
import {
  messageId,
  onKafka,
  project,
  serviceContext,
  serviceProject,
  tenantContext,
  user,
  version1,
  version2,
} from '../fixtures/openstack-message.ts';
import type { NotificationParts } from '../fixtures/openstack-message.ts';
import { readEvents } from '../fixtures/read-events.ts';

const now = (): number => nowMs;
const normalize = readEvents('openstack', { now });
const read = (parts: NotificationParts) => normalize(messageFrom({ body: version2(parts) }));
const envelopeOf = (parts: NotificationParts) => read(parts)[0]?.envelope;
const instance = { instance_id: 'i', tenant_id: project, user_id: user };

describe('whose event it is', () => {
  const portDeleted = { eventType: 'port.delete.end', publisher: 'network.ctl-1' };
  const idOnly = { ...portDeleted, payload: { port_id: 'p' } };

  it('is never the service that asked, and always the owner the payload names', () => {
    const payloads: readonly (readonly [string, unknown])[] = [
      ['compute.instance.create.end', instance],
      ['instance.create.end', { 'nova_object.data': { uuid: 'i', tenant_id: project } }],
      ['volume.create.end', { volume_id: 'v', tenant_id: project }],
      ['port.create.end', { port: { id: 'p', tenant_id: project } }],
      ['port.create.end', { ports: [{ id: 'p', project_id: project }] }],
      ['router.interface.create', { router_interface: { id: 'r', tenant_id: project } }],
      ['image.activate', { id: 'i', owner: project }],
      ['image.send', { image_id: 'i', owner_id: project }],
      ['orchestration.stack.create.end', { stack_identity: 's', tenant_id: project }],
      ['dns.zone.create', { id: 'z', tenant_id: project }],
      ['scheduler.create_volume', { volume_id: 'v', volume_properties: { project_id: project } }],
      ['scheduler.select_destinations.end', { request_spec: { project_id: project } }],
      ['unheard.of.create', { of: { tenant_id: project } }],
    ];
    for (const [eventType, payload] of payloads) {
      expect(envelopeOf({ eventType, payload, context: serviceContext })).toMatchObject({
        account: project,
        project,
      });
    }
  });

  it.each([
    ['a member of a project', { roles: ['member'] }, serviceProject],
    ['an administrator', { roles: ['admin'] }, undefined],
    ['a service by its role', { roles: ['Service'] }, undefined],
    ['a context made for an administrator', { is_admin: true }, undefined],
    ['a service by its project', { project_name: 'services' }, undefined],
    ['a service by its project, once called tenant', { tenant_name: 'Service' }, undefined],
  ])('is, where the payload names no owner, decided by who asked: %s', (_, context, account) => {
    const asked = { project_id: serviceProject, ...context };
    expect(envelopeOf({ ...idOnly, context: asked })?.account).toBe(account);
  });

  it.each([
    ['a tenant is the tenant', tenantContext, project],
    ['an administrator is whom the request names', serviceContext, 'victim'],
  ])('at the start of a creation for %s', (_, context, account) => {
    const parts = { eventType: 'port.create.start', publisher: 'network.ctl-1', context };
    for (const payload of [
      { port: { name: 'p', tenant_id: 'victim' } },
      { ports: [{ name: 'p', project_id: 'victim' }] },
    ]) {
      expect(envelopeOf({ ...parts, payload })?.account).toBe(account);
    }
  });

  it('is nobody where the payload says so', () => {
    const payload = { network: { id: 'n', tenant_id: '' } };
    const parts = { eventType: 'network.create.end', payload, context: tenantContext };
    expect(envelopeOf(parts)?.account).toBeUndefined();
  });

  it.each(['service.create', 'aggregate.create.end', 'flavor.create', 'keypair.create.end'])(
    'is the operator for %s, whoever asked',
    eventType => {
      const payload = { 'nova_object.data': { uuid: 'u', name: 'n', user_id: user } };
      const { account, entityuuid } =
        envelopeOf({ eventType, payload, context: tenantContext }) ?? {};
      expect([account, entityuuid]).toEqual([undefined, 'u']);
    },
  );
});

describe('the status', () => {
  it.each([
    ['compute.instance.create.start', 'INFO', {}, 'Started'],
    ['compute.instance.create.end', 'INFO', {}, 'Completed'],
    ['compute.instance.create.error', 'INFO', {}, 'Failed'],
    ['compute.instance.live_migration.progress', 'INFO', {}, 'Started'],
    ['image.activate', 'info', {}, 'Completed'],
    ['compute.terminate_instance', 'ERROR', {}, 'Failed'],
    ['compute.terminate_instance', 'CRITICAL', {}, 'Failed'],
    ['task.failure', 'INFO', {}, 'Failed'],
    ['snapshot.create.end', 'INFO', { status: 'error' }, 'Failed'],
    ['volume.delete.end', 'INFO', { status: 'error_deleting' }, 'Failed'],
    ['volume.delete.start', 'INFO', { status: 'error' }, 'Started'],
    ['volume.reset_status.end', 'INFO', { status: 'error' }, 'Completed'],
    ['port.create.end', 'INFO', { status: 'error' }, 'Completed'],
    ['share.create.end', 'INFO', { status: 'error' }, 'Failed'],
    ['share_snapshot.create.end', 'INFO', { status: 'error_deleting' }, 'Failed'],
    ['share.extend.end', 'INFO', { status: 'extending_error' }, 'Failed'],
    ['share.extend.end', 'INFO', { status: 'extending' }, 'Completed'],
    ['share.create.end', 'INFO', { status: 'creating' }, 'Completed'],
    ['dns.zone.update', 'INFO', { status: 'ERROR', action: 'CREATE' }, 'Failed'],
    ['dns.zone.update', 'INFO', { status: 'PENDING', action: 'UPDATE' }, 'Completed'],
    ['image.upload', 'ERROR', 'the disk is full', 'Failed'],
    ['orchestration.stack.create.error', 'ERROR', { state: 'CREATE_FAILED' }, 'Failed'],
    ['baremetal.node.provision_set.error', 'ERROR', {}, 'Failed'],
    ['baremetal.node.provision_set.success', 'INFO', {}, 'Completed'],
    ['task.create', 'INFO', { status: 'pending' }, 'Started'],
    ['task.run', 'INFO', { status: 'pending' }, 'Started'],
    ['task.processing', 'INFO', { status: 'processing' }, 'Started'],
    ['task.success', 'INFO', { status: 'success' }, 'Completed'],
    ['task.delete', 'INFO', { status: 'success' }, 'Completed'],
  ])('of %s with priority %s and %j is %s', (eventType, priority, payload, status) => {
    expect(envelopeOf({ eventType, priority, payload })?.status).toBe(status);
  });

  it.each([
    ['success', 'Completed'],
    ['failure', 'Failed'],
    ['pending', 'Started'],
    ['unknown', 'unknown'],
    ['constructor', 'constructor'],
  ])('of the CADF outcome %s is %s', (outcome, status) => {
    const payload = {
      typeURI: 'http://schemas.dmtf.org/cloud/audit/1.0/event',
      outcome,
      initiator: { user_id: user },
    };
    expect(envelopeOf({ eventType: 'identity.user.updated', payload })?.status).toBe(status);
  });
});

describe('what is told of', () => {
  it.each([
    ['router.interface.delete', 'router', 'router interface delete completed'],
    ['volume.transfer.accept.end', 'volume', 'volume transfer accept completed'],
    ['volume.transfer.create.start', 'volume', 'volume transfer create started'],
    ['image.member.update', 'image', 'image member update completed'],
    [
      'compute.instance.live_migration.pre.start',
      'instance',
      'instance live_migration pre started',
    ],
    ['compute.instance.create.end', 'instance', 'instance create completed'],
    ['baremetal.node.power_set.end', 'node', 'node power_set completed'],
    ['baremetal.node.provision_set.success', 'node', 'node provision_set completed'],
    ['baremetal.node.power_state_corrected.success', 'node', 'node power_state_corrected'],
    ['dns.zone.share', 'zone', 'zone share completed'],
    ['rbac_policy.delete.end', 'rbac_policy', 'rbac_policy delete completed'],
    ['scheduler.create_volume', 'volume', 'volume create_volume completed'],
    ['identity.user.deleted', 'user', 'user deleted'],
    ['task.success', 'task', 'task success completed'],
    ['tag.delete_all.end', 'tag', 'tag delete_all completed'],
  ])('%s is a %s', (eventType, entity, description) => {
    const envelope = envelopeOf({ eventType, payload: {}, context: tenantContext });
    expect([envelope?.entity, envelope?.description]).toEqual([entity, description]);
  });

  it.each([
    ['tag.create.end', { obj_resource: 'networks', obj_resource_id: 'n-1', tags: ['blue'] }, 'n-1'],
    ['tag.delete.start', { obj_resource: 'networks', obj_resource_id: 'n-1' }, 'n-1'],
    ['volume_type.create', { volume_types: { id: 't-1', name: 'fast' } }, 't-1'],
    ['volume_type_project.access.add', { volume_type_id: 't-1', project_id: 'p' }, 't-1'],
    ['volume_type_extra_specs.create', { type_id: 't-1', specs: {} }, 't-1'],
    ['share_type.create', { share_types: { id: 't-1', name: 'dt' } }, 't-1'],
    ['image.send', { image_id: 'i-1', owner_id: 'p' }, 'i-1'],
    ['router.interface.create', { router_interface: { id: 'r-1', port_id: 'p' } }, 'r-1'],
    ['baremetal.node.create.end', { 'ironic_object.data': { uuid: 'n-1' } }, 'n-1'],
    ['port.update.start', { port: { name: 'x' }, id: 'p-1' }, 'p-1'],
    ['port.delete.start', { port_id: 'p-1' }, 'p-1'],
  ])('%s of %j has the id %s', (eventType, payload, entityuuid) => {
    const parts = { eventType, payload, publisher: 'network.h1', context: tenantContext };
    expect(envelopeOf(parts)?.entityuuid).toBe(entityuuid);
  });

  it.each([
    [
      'rbac_policy.create.end',
      { rbac_policy: { id: 'r', object_type: 'network', object_id: 'n', target_tenant: 'p-2' } },
      { object_type: 'network', object_id: 'n', target_tenant: 'p-2' },
    ],
    [
      'image.send',
      { image_id: 'i', owner_id: project, receiver_tenant_id: 'p-2', bytes_sent: 7 },
      { receiver_tenant_id: 'p-2', bytes_sent: 7 },
    ],
    [
      'dns.zone_transfer_request.create',
      { id: 'z', zone_name: 'example.org.', target_tenant_id: 'p-2' },
      { zone_name: 'example.org.', target_tenant_id: 'p-2' },
    ],
    [
      'dns.zone.share',
      { id: 's', zone_id: 'z', target_project_id: 'p-2' },
      { zone_id: 'z', target_project_id: 'p-2' },
    ],
    [
      'router.interface.delete',
      { router_interface: { id: 'r', port_id: 'p', subnet_id: 's', network_id: 'n' } },
      { port_id: 'p', subnet_id: 's', network_id: 'n' },
    ],
    ['volume_type.create', { volume_types: { id: 't', name: 'fast' } }, { name: 'fast' }],
    [
      'tag.create.end',
      { obj_resource: 'networks', obj_resource_id: 'n', tags: ['blue', 'red'] },
      { obj_resource: 'networks', tags: ['blue', 'red'] },
    ],
  ])(
    '%s has in its details what was shared or changed, and with whom',
    (eventType, payload, told) => {
      const envelope = envelopeOf({ eventType, payload, context: tenantContext });
      expect(envelope?.details).toMatchObject(told);
    },
  );

  const image = '2f4c6b58-9c1d-4f0e-8a57-0d6f3b1c2e4a';

  it.each([
    `Cannot save data for image ${image}: size mismatch`,
    `Unable to upload duplicate image data for image ${image}: exists`,
    `Not allowed to upload image data for image ${image}: forbidden`,
    `Image ${image} could not be found after upload. The image may have been deleted during the upload: gone`,
    `Failed to upload image data for image ${image} due to HTTP error: 413`,
    `Failed to upload image data for image ${image} due to internal error: ${messageId}`,
  ])('an upload that failed, with the id in the text: %s', text => {
    const parts = { eventType: 'image.upload', priority: 'ERROR', publisher: 'image.h1' };
    expect(envelopeOf({ ...parts, payload: text })).toMatchObject({
      entity: 'image',
      entityuuid: image,
      status: 'Failed',
      description: text,
    });
  });

  it('an upload that failed without an id in the text has none', () => {
    for (const payload of [
      'Image storage media is full: /var',
      `quota of image store: ${image}x`,
    ]) {
      const envelope = envelopeOf({ eventType: 'image.upload', priority: 'ERROR', payload });
      expect(envelope).not.toHaveProperty('entityuuid');
    }
  });

  it('a zone is told under one of the two names that Designate sends', () => {
    for (const action of ['create', 'update', 'delete']) {
      const payload = { id: 'z', tenant_id: project };
      const keeping = readEvents('openstack', { now, keepAudit: true });
      const told = (eventType: string) =>
        keeping(messageFrom({ body: version2({ eventType, payload }) })).length;
      expect([told(`dns.domain.${action}`), told(`dns.zone.${action}`)]).toEqual([0, 1]);
    }
  });
});

describe('one notification', () => {
  const parts = {
    eventType: 'compute.instance.create.end',
    payload: instance,
    context: tenantContext,
  };

  it('is the same event from either driver and either bus', () => {
    const events = [version1, version2, onKafka].map(write =>
      normalize(messageFrom({ body: write(parts) })),
    );
    expect(events[1]).toEqual(events[0]);
    expect(events[2]).toEqual(events[0]);
  });

  it('has the same key on every topic it is sent to', () => {
    const second = version2(parts).replaceAll('fae5c38e', 'bbbbbbbb');
    expect(second).not.toBe(version2(parts));
    expect(normalize(messageFrom({ body: second }))[0]?.key).toBe(messageId);
    expect(read(parts)[0]?.key).toBe(messageId);
  });

  it('is one event for each object of a payload that is a list', () => {
    const events = read({
      eventType: 'server.create.end',
      payload: [{ id: 'a' }, { id: 'b' }, 'c'],
    });
    expect(events.map(({ envelope, key }) => [envelope.entityuuid, key])).toEqual([
      ['a', `${messageId}/0`],
      ['b', `${messageId}/1`],
    ]);
  });

  it.each([[[]], ['x'], [null], [7]])(
    'is one event without facts where the payload is %j',
    payload => {
      expect(read({ eventType: 'server.create.end', payload })).toHaveLength(1);
    },
  );

  it('needs no id and no time', () => {
    const body = JSON.stringify({
      event_type: 'image.delete',
      payload: { id: 'i', owner: project },
    });
    expect(normalize(messageFrom({ body }))).toEqual([
      {
        envelope: {
          event: 'image.delete',
          entity: 'image',
          entityuuid: 'i',
          account: project,
          project,
          status: 'Completed',
          description: 'image delete completed',
          source: 'glance',
        },
      },
    ]);
  });
});

describe('what is told without anything having happened', () => {
  const audit: readonly NotificationParts[] = [
    { eventType: 'compute.instance.exists', payload: instance },
    { eventType: 'instance.exists', payload: {} },
    { eventType: 'volume.exists', payload: {} },
    { eventType: 'compute.instance.exists.verified.old', payload: {} },
    { eventType: 'metrics.update', payload: {} },
    { eventType: 'compute.metrics.update', payload: {} },
    { eventType: 'audit.http.response', payload: {} },
    { eventType: 'objectstore.http.request', payload: {} },
    { eventType: 'cpu', priority: 'SAMPLE', payload: {} },
  ];

  it.each(audit)('is dropped, or kept when the operator wants it: $eventType', parts => {
    const keeping = readEvents('openstack', { now, keepAudit: true });
    expect(read(parts)).toEqual([]);
    expect(keeping(messageFrom({ body: version2(parts) }))[0]?.envelope.event).toBe(
      parts.eventType,
    );
  });

  it('is not what only sounds like it', () => {
    expect(read({ eventType: 'exists_check.create.end', payload: {} })).toHaveLength(1);
    expect(read({ eventType: 'metrics.updated', payload: {} })).toHaveLength(1);
  });
});

it('shows the payload without its secrets only where the operator wants it', () => {
  const message = messageFrom({
    body: version2({
      eventType: 'compute.instance.create.end',
      payload: { ...instance, adminPass: 'hush', host: 'cmp-01' },
    }),
  });
  const showing = readEvents('openstack', { now, showPayload: true });
  expect(showing(message)[0]?.envelope.details).toMatchObject({
    payload: { ...instance, adminPass: '***', host: 'cmp-01' },
  });
  expect(JSON.stringify(normalize(message))).not.toContain('cmp-01');
});

it('tells nobody on which host a thing runs', () => {
  for (const sample of Object.values(novaSamples)) {
    expect(JSON.stringify(normalize(messageFrom(sample)))).not.toContain('cmp-01');
  }
});

it.each([
  ['a tombstone', null, 'there is no body (a Kafka tombstone); expected one JSON object in UTF-8'],
  ['msgpack', '\x82\xa7', 'the body is not JSON; expected one JSON object in UTF-8'],
  [
    'an object for a text',
    '{"oslo.message":{}}',
    '"oslo.message" is no text; expected JSON in a text',
  ],
  [
    'half a text',
    '{"oslo.message":"{"}',
    'the body is not JSON, wrong at position 1; expected one JSON object in UTF-8',
  ],
  [
    'a list in the text',
    '{"oslo.message":"[]"}',
    '"oslo.message" holds no JSON object; expected one',
  ],
  [
    'something else',
    '{"a":1}',
    'there is no "event_type" in the message; expected a notification of oslo.messaging',
  ],
  [
    'something else with a method',
    '{"method":"vm.start"}',
    'there is no "event_type" in the message; expected a notification of oslo.messaging',
  ],
])('refuses %s with its reason', (_, body, reason) => {
  expect(() => normalize(messageFrom({ body }))).toThrow(reason);
});
