/**
 * Who hears what of a recorded cloud: every message of docs/clouds/openstack.md's recordings, matched against a webhook of
 * each project, user and domain. What a tenant hears has to be written down here, line by line.
 */
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { createMatchIndex } from '../../src/match/match-index.ts';
import { messageFrom, nowMs } from '../fixtures/cloud.ts';
import { webhookOf } from '../fixtures/webhook.ts';
import { readEvents } from '../fixtures/read-events.ts';

const acme = '58c5d75c03e84216becdaf31072467db';
const guest = '75e40d33bb924ee0b3a64e763d2d0bc5';
/** Accounts of the recorded cloud by name: projects and users. */
const accounts = {
  web: ['8f473796e735429688d909ac2670a811', acme],
  db: ['9c2ea2ebcd5146a58599b96ef919c98b', acme],
  sandbox: ['a6eac06f330146a0b802f4d0679dd285', acme],
  lab: ['aa0863a5959d4b7f9dbb767d0bf25ece', guest],
  admin: ['03e0c8f9dd8142158583530375a932d3', 'default'],
  alice: ['0402f82e997c4ed1bd060a797659e1da', acme],
  carol: ['76713a03195942338a2d555a276a6f4d', acme],
  dora: ['bbdb780fc23c40c88f464f4580a203fe', acme],
  eve: ['50879e441a814083865657d30d635ea0', guest],
  root: ['02daeaa91e3a410090433d14f5916e90', 'default'],
} as const;

const index = createMatchIndex();
for (const id of [acme, guest, 'default']) {
  index.setDomain({ id });
  const name = id === acme ? 'acme' : id === guest ? 'guest' : id;
  index.upsertWebhook(webhookOf({ id: `domain ${name}`, scope: 'Domain', domainId: id }));
}
for (const [name, [id, domainId]] of Object.entries(accounts)) {
  index.setAccount({ id, domainId });
  index.upsertWebhook(webhookOf({ id: name, scope: 'Local', accountId: id, domainId }));
}
index.upsertWebhook(webhookOf({ id: 'operator' }));

const normalize = readEvents('openstack', { now: () => nowMs });
const told = readFileSync('test/fixtures/openstack-2026.jsonl', 'utf8')
  .trim()
  .split('\n')
  .flatMap(line => normalize(messageFrom({ body: JSON.stringify(JSON.parse(line).message) })))
  .map(({ envelope, ...proven }) => ({
    event: envelope.event,
    heardBy: index.match(envelope, undefined, proven).map(({ id }) => id),
  }));
const heardBy = (webhook: string): readonly string[] =>
  told.filter(one => one.heardBy.includes(webhook)).map(({ event }) => event);

const lines = (...text: readonly string[]): readonly string[] =>
  text.flatMap(line => line.split(' '));

const machine = lines(
  'node.create.start node.create.end node.update.start node.update.end node.provision_set.start',
  'node.power_set.start node.power_set.end node.maintenance_set.start node.maintenance_set.end',
  'node.provision_set.end node.delete.start node.delete.end',
).map(name => `baremetal.${name}`);
const labs = lines(
  'identity.role_assignment.deleted image.member.create image.member.update image.member.delete',
  'port.delete.start port.delete.end volume.transfer.accept.end volume.delete.start volume.delete.end',
  'dns.zone_transfer_accept.create dns.zone.delete',
);

describe('of the recorded cloud', () => {
  it('the operator hears everything that is told', () => {
    expect(heardBy('operator')).toHaveLength(told.length);
    expect(told).toHaveLength(164 - 3 + machine.length);
  });

  it.each([
    [
      'the project db',
      'db',
      [
        ...lines(
          'task.create task.processing task.success task.run network.update.end scheduler.create_volume',
        ),
        ...machine,
      ],
    ],
    ['the project sandbox', 'sandbox', lines('identity.project.updated identity.project.deleted')],
    ['the project lab', 'lab', labs],
    ['the domain of lab', 'domain guest', ['identity.domain.updated', ...labs]],
    // The administrator did most of what is told of Keystone; none of that concerns the administrator's project.
    [
      'the administrator’s project',
      'admin',
      lines('identity.project.created identity.role_assignment.created'),
    ],
    [
      'the administrator’s domain',
      'domain default',
      lines(
        'identity.domain.created identity.project.created identity.user.created',
        'identity.role_assignment.created',
      ),
    ],
    ['the user alice', 'alice', ['identity.authenticate']],
    ['the user carol', 'carol', lines('identity.user.updated identity.user.deleted')],
    ['the user root', 'root', ['identity.user.created']],
    ['the user dora', 'dora', []],
    ['the user eve', 'eve', []],
  ])('%s hears what concerns it, and nothing else', (_, webhook, events) => {
    expect(heardBy(webhook)).toEqual(events);
  });

  it('nobody but the operator hears what is the operator’s, and what names nobody', () => {
    const alone = told.filter(one => one.heardBy.length === 1).map(({ event }) => event);
    expect(alone.toSorted()).toEqual(
      lines(
        'baremetal.port.create.end dns.blacklist.create dns.pool.update dns.tld.create dns.tsigkey.create',
        'identity.credential.created identity.domain.deleted identity.endpoint.created',
        'identity.endpoint.deleted identity.endpoint.updated identity.group.created identity.group.updated',
        'identity.policy.created identity.policy.deleted',
      ).concat(
        'identity.project tag.created',
        lines(
          'identity.region.created identity.region.deleted identity.role.created identity.role.deleted',
          'identity.role.updated identity.service.created network.update.start share_type.create',
          'volume_type.create',
        ),
      ),
    );
  });

  it('everything else is heard by the project web, and the domain of both hears it', () => {
    const others = ['db', 'sandbox', 'lab', 'admin', 'alice', 'carol', 'root'].flatMap(heardBy);
    const domains = 2;
    const alone = told.filter(one => one.heardBy.length === 1);
    expect(heardBy('web')).toHaveLength(told.length - others.length - domains - alone.length);
    const ours = ['web', 'db', 'sandbox', 'alice', 'carol'].flatMap(heardBy);
    expect(heardBy('domain acme').toSorted()).toEqual(ours.toSorted());
  });
});
