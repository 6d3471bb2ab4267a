/** The events that are published: CloudStack's own, about 0.4 kB each, numbered so that each arrival can be told. */
import { actionMessage, type CloudMessage } from '../demo/cloudstack-message.ts';

/** Of the webhook, and of the peers. */
export const secret = 'webhook-secret';

const user = '7f4ef0fb-0f20-4ec9-a9be-bc02a64f46d7';
const vm = { kind: 'VirtualMachine', uuid: 'b4e21db8-0fd2-4122-b604-5626bcfbd0ed' };
const mark = '#';
const digits = 8;

/** @param number from 0, below 10^8. */
export function numberedEvent(number: number, account: string): CloudMessage {
  // Another volume each, so that Kafka's keys spread over the partitions as they do in a cloud.
  const volume = `9ce31d1b-6b1d-43b2-a7e3-${number.toString(16).padStart(12, '0')}`;
  return actionMessage({
    at: new Date(Date.UTC(2024, 6, 10, 8, 5, 7)),
    event: 'VOLUME.ATTACH',
    status: 'Completed',
    description:
      `Successfully completed attaching volume. Volume Id: ${volume} VmId: ${vm.uuid} ` +
      `${mark}${String(number).padStart(digits, '0')}`,
    user,
    account,
    entity: { kind: 'Volume', uuid: volume },
    touched: [vm],
  });
}

/** @throws {RangeError} when the body is not one of ours. */
export function numberOf(body: Buffer): number {
  const at = body.indexOf(mark) + 1;
  const number = Number(body.toString('latin1', at, at + digits));
  if (at === 0 || !Number.isInteger(number)) throw new RangeError('the body has no number');
  return number;
}

/** UUIDs of made-up accounts, the same ones every time. */
export function accountsOf(count: number): readonly string[] {
  return Array.from(
    { length: count },
    (_, at) => `7ae7c033-4cf3-49bf-ae0a-${String(at).padStart(12, '0')}`,
  );
}
