import { describe, expect, it } from 'vitest';

import { normalizeCloudStack } from '../../src/normalize/cloud/cloudstack.ts';
import { createCloud } from '../demo/cloud.ts';
import { writeBody } from '../demo/cloudstack-body.ts';
import {
  actionMessage,
  alertMessage,
  jobMessage,
  stateMessage,
  usageMessage,
} from '../demo/cloudstack-message.ts';
import { account, messageOf, samples } from '../fixtures/cloudstack.ts';

const at = new Date('2024-07-10T08:05:07Z');
const user = '7f4ef0fb-0f20-4ec9-a9be-bc02a64f46d7';
const zone = '1746ef10-8fa6-40c1-9c82-c3956bf75db8';
const vm = { kind: 'VirtualMachine', uuid: 'b4e21db8-0fd2-4122-b604-5626bcfbd0ed' };
const volume = { kind: 'Volume', uuid: '9ce31d1b-6b1d-43b2-a7e3-8b4829fb065e' };

describe('the messages of the demo', () => {
  it.each([
    [
      'action',
      samples.volumeAttached,
      actionMessage({
        at,
        user,
        account,
        event: 'VOLUME.ATTACH',
        status: 'Completed',
        description: `Successfully completed attaching volume. Volume Id: ${volume.uuid} VmId: ${vm.uuid}`,
        entity: volume,
        touched: [vm],
      }),
    ],
    [
      'action without a resource',
      samples.userLoggedIn,
      actionMessage({
        at,
        user,
        account,
        event: 'USER.LOGIN',
        status: 'Completed',
        description: 'user has logged in from IP Address 10.0.0.8',
      }),
    ],
    [
      'alert',
      samples.memoryAlert,
      alertMessage({
        at,
        event: 'ALERT.MEMORY',
        zone,
        pod: '65d5d4f5-8a1e-4d3c-a1a2-5b7a3a7d2f10',
        subject: 'System Alert: Low Available Memory in cluster c1 pod p1 of availability zone z1',
        text: 'System memory is low, total: 32768 MB, used: 29491 MB (90%)',
      }),
    ],
    [
      'usage',
      samples.vmUsage,
      usageMessage({
        at,
        event: 'VM.START',
        account,
        zone,
        resource: { ...vm, kind: 'com.cloud.vm.VirtualMachine' },
      }),
    ],
    [
      'state of a machine',
      samples.vmRunning,
      stateMessage({
        at,
        resource: vm,
        trigger: 'OperationSucceeded',
        from: 'Starting',
        to: 'Running',
        when: 'post',
      }),
    ],
    [
      'state of a volume',
      samples.volumeAttaching,
      stateMessage({
        at,
        resource: volume,
        trigger: 'AttachRequested',
        from: 'Ready',
        to: 'Attaching',
        when: 'pre',
      }),
    ],
    [
      'job',
      samples.jobCompleted,
      jobMessage({
        step: 'complete',
        failed: false,
        event: 'VM.START',
        user,
        account,
        resource: vm,
        jobId: '0c8a3f55-54a3-4b0d-9d4e-2f3c9a6c5b17',
        command: 'org.apache.cloudstack.api.command.admin.vm.StartVMCmdByAdmin',
      }),
    ],
  ])('write the %s as CloudStack does, byte for byte', (_kind, sample, message) => {
    expect(message.body).toBe(sample.body);
    expect(message.routingKey).toBe(sample.routingKey);
  });

  it('escape what CloudStack escapes', () => {
    expect(writeBody({ text: `<a href='b'> & "c" = \u2028` })).toBe(
      String.raw`{"text":"\u003ca href\u003d\u0027b\u0027\u003e \u0026 \"c\" \u003d \u2028"}`,
    );
  });
});

describe('the cloud of the demo', () => {
  it('says the same for the same seed, and other things for another', () => {
    expect(tell(1)).toEqual(tell(1));
    expect(tell(1)).not.toEqual(tell(2));
  });

  it('says everything CloudStack can say, and Hookline understands it', () => {
    const cloud = createCloud(1);
    const messages = Array.from({ length: 2_000 }, () => cloud.next(at));
    const categories = new Set(messages.map(({ category }) => category));
    expect(categories).toHaveLength(5);
    expect(messages.some(({ body }) => body.includes('Error while starting Vm'))).toBe(true);
    for (const { body, routingKey, category, account: owner } of messages) {
      const { envelope } = normalizeCloudStack(messageOf(body, routingKey));
      expect(envelope).toMatchObject({
        category,
        ...(owner === undefined ? {} : { account: owner }),
      });
    }
  });

  it('tells one machine after the other in the order things happen', () => {
    const cloud = createCloud(3);
    const statuses = new Map<string, string[]>();
    for (let count = 0; count < 2_000; count += 1) {
      const { category, key, body } = cloud.next(at);
      if (category !== 'ActionEvent' || key === null) continue;
      const { event, status }: { event: string; status: string } = JSON.parse(body);
      if (event === 'VM.STOP') statuses.set(key, [...(statuses.get(key) ?? []), status]);
    }
    expect(statuses.size).toBeGreaterThan(10);
    for (const told of statuses.values()) {
      expect(told.join().replaceAll('Scheduled,Started,Completed', '.')).toMatch(
        /^[.,]*(Scheduled(,Started)?)?$/,
      );
    }
  });
});

function tell(seed: number): string[] {
  const cloud = createCloud(seed);
  return Array.from({ length: 50 }, () => cloud.next(at).body);
}
