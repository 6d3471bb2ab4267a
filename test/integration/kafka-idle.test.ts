/**
 * kafkajs 2.2.4 keeps a timer of a negative delay going on every connection, and Node warns of the first one of a
 * process: this file is a process of its own, in which a source comes before any other client.
 */
import { expect, it } from 'vitest';

import { captureLog } from '../conformance/source-log.ts';
import { runSource } from '../conformance/source-run.ts';
import { sharedService, uniqueName } from '../service/shared.ts';
import { createSource, openKafka } from './kafka-client.ts';

const { brokers } = await sharedService('kafka');

it('a Kafka source makes no timer that Node warns about', async () => {
  const warnings: Error[] = [];
  const keep = (warning: Error): void => void warnings.push(warning);
  process.on('warning', keep);
  const name = uniqueName('topic');
  const source = createSource({ brokers, topics: [name] });
  await using kafka = await openKafka(brokers);
  await kafka.createTopic({ name });
  await using run = runSource(source, captureLog());
  await kafka.send(name, ['1']);
  await run.untilReceived(1);
  await run.stop();
  process.off('warning', keep);
  expect(warnings).toEqual([]);
});
