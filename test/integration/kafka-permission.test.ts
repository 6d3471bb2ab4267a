/** What a broker permits: to join a group, and to create topics by asking for them. */
import kafkajs, { type AclEntry } from 'kafkajs';
import { afterAll, describe, expect, it } from 'vitest';

import { startKafka } from '../service/kafka.ts';
import { uniqueName } from '../service/shared.ts';
import { waitUntil } from '../service/wait-until.ts';
import { openKafka, start } from './kafka-client.ts';

const service = await startKafka({ sasl: true, restricted: true });
afterAll(() => service.stop());
const { brokers, sasl = { brokers: [], username: '', password: '' } } = service;

describe('Kafka source: permissions', () => {
  it("says in Kafka's words that it may not join its group, and joins once it may", async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    const groupId = uniqueName('group');
    await kafka.send(topic, ['1']);
    await kafka.admin.createAcls({ acl: [permission('TOPIC', topic)] });
    const { username, password } = sasl;
    const login = { mechanism: 'plain', username, password } as const;
    await using run = start({ brokers: sasl.brokers, topics: [topic], groupId, sasl: login });
    await run.untilReason(/Group authorization failed/);
    expect(run.source.status().state).toBe('waiting');
    await kafka.admin.createAcls({ acl: [permission('GROUP', groupId)] });
    await run.untilReceived(1);
    expect(run.bodies()).toEqual(['1']);
  });

  it('does not bring back a topic that was deleted, although the broker creates topics that are asked for', async () => {
    await using kafka = await openKafka(brokers);
    const topic = await kafka.createTopic();
    await using run = start({ brokers, topics: [topic] });
    await kafka.send(topic, ['1']);
    await run.untilReceived(1);
    await kafka.admin.deleteTopics({ topics: [topic] });
    await run.untilReason(/no visible topic/);
    let looks = 0;
    await waitUntil('the source to have looked again', async () => {
      expect(await kafka.admin.listTopics()).not.toContain(topic);
      looks += 1;
      return looks > 20;
    });
    expect(run.source.status().state).toBe('waiting');
  });
});

function permission(resource: 'TOPIC' | 'GROUP', resourceName: string): AclEntry {
  return {
    resourceType: kafkajs.AclResourceTypes[resource],
    resourceName,
    resourcePatternType: kafkajs.ResourcePatternTypes.LITERAL,
    principal: `User:${sasl.username}`,
    host: '*',
    operation: kafkajs.AclOperationTypes.READ,
    permissionType: kafkajs.AclPermissionTypes.ALLOW,
  };
}
