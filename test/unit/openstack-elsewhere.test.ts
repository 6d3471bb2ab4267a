/**
 * Services that no table knows: their kind of resource is the word before the action, and its id is found among the ids that a payload
 * may have. The payloads are of the shape that the services' sources build.
 */
import { describe, expect, it } from 'vitest';

import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { version2 } from '../fixtures/openstack-message.ts';
import { readEvents } from '../fixtures/read-events.ts';

const read = readEvents('openstack', { now: () => nowMs });
const uuid = '5f0a6c60-7d2e-4c36-8b02-1f3e1f3ad0a1';
const other = 'b4e21db8-0fd2-4122-b604-5626bcfbd0ed';
const wrapped = (service: string, data: object) => ({
  [`${service}_object.name`]: 'Payload',
  [`${service}_object.namespace`]: service,
  [`${service}_object.version`]: '1.0',
  [`${service}_object.data`]: data,
});

const cases: readonly (readonly [
  eventType: string,
  payload: object,
  entity: string,
  id: string,
  status: string,
])[] = [
  // Masakari has a row number beside each uuid.
  [
    'segment.update.start',
    wrapped('masakari', { id: 4, uuid, name: 's' }),
    'segment',
    uuid,
    'Started',
  ],
  [
    'segment.create.end',
    wrapped('masakari', { id: 4, uuid, name: 's' }),
    'segment',
    uuid,
    'Completed',
  ],
  ['segment.delete.error', { id: 4, uuid }, 'segment', uuid, 'Failed'],
  [
    'host.update.end',
    wrapped('masakari', { id: 9, uuid, failover_segment_id: other }),
    'host',
    uuid,
    'Completed',
  ],
  [
    'notification.process.end',
    wrapped('masakari', { id: 2, notification_uuid: uuid, source_host_uuid: other }),
    'notification',
    uuid,
    'Completed',
  ],
  ['segment.update.end', { id: 4, segment_uuid: uuid }, 'segment', uuid, 'Completed'],
  ['segment.update.end', { id: '4', uuid }, 'segment', uuid, 'Completed'],
  ['segment.update.end', { id: 4, segment_id: uuid }, 'segment', uuid, 'Completed'],
  ['segment.update.end', { id: 4 }, 'segment', '4', 'Completed'],
  ['segment.update.end', { id: 4, segment: { id: 4, uuid } }, 'segment', uuid, 'Completed'],
  // Senlin, Watcher, Octavia, Trove, Sahara, Aodh, Blazar, Zun.
  ['cluster.create.end', wrapped('senlin', { id: uuid, name: 'c' }), 'cluster', uuid, 'Completed'],
  [
    'action_plan.execution.start',
    wrapped('watcher', { uuid, audit_uuid: other }),
    'action_plan',
    uuid,
    'Started',
  ],
  ['audit.create', wrapped('watcher', { uuid, state: 'PENDING' }), 'audit', uuid, 'Completed'],
  [
    'octavia.loadbalancer.update.end',
    { id: uuid, project_id: 'p' },
    'loadbalancer',
    uuid,
    'Completed',
  ],
  [
    'trove.instance.create',
    { instance_id: uuid, nova_instance_id: other },
    'instance',
    uuid,
    'Completed',
  ],
  ['sahara.cluster.update', { cluster_id: uuid, project_id: 'p' }, 'cluster', uuid, 'Completed'],
  ['alarm.state_transition', { alarm_id: uuid, event_id: other }, 'alarm', uuid, 'Completed'],
  ['lease.create', { lease_id: uuid, project_id: 'p' }, 'lease', uuid, 'Completed'],
  ['lease.event.start_lease', { lease_id: uuid, project_id: 'p' }, 'lease', uuid, 'Completed'],
  ['container.create.end', wrapped('zun', { uuid, id: 7 }), 'container', uuid, 'Completed'],
  // Heat names the stack alone, also as an ARN.
  [
    'orchestration.autoscaling.start',
    { stack_identity: uuid, group: 'g' },
    'stack',
    uuid,
    'Started',
  ],
  [
    'orchestration.autoscaling.end',
    { stack_identity: uuid, group: 'g' },
    'stack',
    uuid,
    'Completed',
  ],
  [
    'orchestration.autoscaling.error',
    { stack_identity: `arn:openstack:heat::p:stacks/web/${uuid}` },
    'stack',
    uuid,
    'Failed',
  ],
  // Ironic, whose phase of a good end is `success`.
  ...[
    'provision_set',
    'power_state_corrected',
    'power_set',
    'console_set',
    'maintenance_set',
  ].flatMap(action =>
    (
      [
        ['start', 'Started'],
        ['success', 'Completed'],
        ['end', 'Completed'],
        ['error', 'Failed'],
      ] as const
    ).map(
      ([phase, status]) =>
        [
          `baremetal.node.${action}.${phase}`,
          wrapped('ironic', { id: 12, uuid, provision_state: 'active' }),
          'node',
          uuid,
          status,
        ] as const,
    ),
  ),
  ['baremetal.chassis.update.success', wrapped('ironic', { uuid }), 'chassis', uuid, 'Completed'],
  [
    'baremetal.deploy_template.create.end',
    wrapped('ironic', { uuid }),
    'deploy_template',
    uuid,
    'Completed',
  ],
];

describe('a service outside the table', () => {
  it.each(cases)('%s %j is about the %s %s and %s', (...[eventType, payload, ...told]) => {
    const [entity, id, status] = told;
    const [event, ...more] = read(
      messageFrom({ body: version2({ eventType, payload, publisher: 'x.host' }) }),
    );
    expect(more).toEqual([]);
    expect(event?.envelope).toMatchObject({ event: eventType, entity, entityuuid: id, status });
    expect(event?.envelope.description).not.toMatch(/success completed/);
  });
});
