/**
 * The ids that Kafka gives topics when they are created, which tell a topic from an earlier one of the same name.
 *
 * kafkajs 2.2.4 speaks Metadata up to version 6, and ids come with version 10. So this writes that request and reads
 * its answer, with kafkajs's own encoder and decoder, and sends it over kafkajs's connection.
 *
 * Source: KIP-516 (topic ids), KIP-482 (flexible versions: compact arrays and strings, tagged fields); Kafka's
 * `MetadataRequest.json` and `MetadataResponse.json`.
 */
import type { Broker, Cluster } from 'kafkajs';
import Decoder from 'kafkajs/src/protocol/decoder.js';
import Encoder from 'kafkajs/src/protocol/encoder.js';

import type { TopicPartition } from './kafka-offsets.ts';

export type TopicIds = ReadonlyMap<string, string>;

const apiKey = 3;
const apiVersion = 10;
const noTopicId = Buffer.alloc(16);

/** A request as kafkajs sends it, and how it reads the answer. */
interface WireRequest {
  readonly request: {
    readonly apiKey: number;
    readonly apiVersion: number;
    readonly apiName: string;
    encode(): Promise<Encoder>;
  };
  readonly response: {
    decode(answer: Buffer): Promise<TopicIds>;
    parse(decoded: TopicIds): Promise<TopicIds>;
  };
}

/** The part of kafkajs's brokers that its types do not show. */
interface Connected {
  readonly connectionPool: { send(request: WireRequest): Promise<TopicIds> };
}

/**
 * Fetches ids of 32 hexadecimal digits, by the name of the topic; none when the broker is older than Kafka 2.8.
 *
 * @param at the partition whose leader is asked; the controller by default.
 */
export async function fetchTopicIds(
  cluster: Cluster,
  topics: readonly string[],
  at?: TopicPartition,
): Promise<TopicIds> {
  const broker = await brokerFor(cluster, at);
  const { [apiKey]: supported } = await broker.apiVersions();
  if (supported === undefined || supported.maxVersion < apiVersion) return new Map();
  if (!isConnected(broker)) throw new RangeError('kafkajs has no connectionPool: not 2.2.4');
  return broker.connectionPool.send({
    request: { apiKey, apiVersion, apiName: 'Metadata', encode: async () => encode(topics) },
    response: { decode: async answer => decode(answer), parse: async ids => ids },
  });
}

async function brokerFor(cluster: Cluster, at: TopicPartition | undefined): Promise<Broker> {
  const leaders = at && cluster.findLeaderForPartitions(at.topic, [at.partition]);
  const [nodeId] = Object.keys(leaders ?? {});
  return nodeId === undefined ? cluster.findControllerBroker() : cluster.findBroker({ nodeId });
}

function isConnected(broker: Broker | Connected): broker is Connected {
  return 'connectionPool' in broker;
}

function encode(topics: readonly string[]): Encoder {
  return (
    new Encoder()
      // Tagged fields of the request's header, none.
      .writeUVarInt(0)
      .writeUVarIntArray(topics.map(encodeTopic))
      // Topics are not created by asking; authorized operations of cluster and topics are not wanted; no tagged fields.
      .writeBoolean(false)
      .writeBoolean(false)
      .writeBoolean(false)
      .writeUVarInt(0)
  );
}

function encodeTopic(name: string): Encoder {
  return new Encoder().writeBuffer(noTopicId).writeUVarIntString(name).writeUVarInt(0);
}

function decode(answer: Buffer): TopicIds {
  const decoder = new Decoder(answer);
  decoder.readTaggedFields();
  // Throttle time.
  decoder.readInt32();
  decoder.readUVarIntArray(skipBroker);
  // Cluster and controller.
  decoder.readUVarIntString();
  decoder.readInt32();
  const ids = new Map<string, string>();
  for (const { name, id } of decoder.readUVarIntArray(decodeTopic) ?? []) {
    if (name !== null && !id.equals(noTopicId)) ids.set(name, id.toString('hex'));
  }
  return ids;
}

function skipBroker(decoder: Decoder): void {
  // Node, host, port, rack.
  decoder.readInt32();
  decoder.readUVarIntString();
  decoder.readInt32();
  decoder.readUVarIntString();
  decoder.readTaggedFields();
}

function decodeTopic(decoder: Decoder): { name: string | null; id: Buffer } {
  // Error; one that is not there has no id.
  decoder.readInt16();
  const name = decoder.readUVarIntString();
  const id = decoder.readBytes(noTopicId.length);
  // Whether it is Kafka's own.
  decoder.readBoolean();
  decoder.readUVarIntArray(skipPartition);
  // Authorizations.
  decoder.readInt32();
  decoder.readTaggedFields();
  return { name, id };
}

function skipPartition(decoder: Decoder): void {
  // Error, partition, leader, leader's epoch; replicas, those in step, those away.
  decoder.readInt16();
  for (let field = 0; field < 3; field += 1) decoder.readInt32();
  for (let list = 0; list < 3; list += 1) decoder.readUVarIntArray(node => node.readInt32());
  decoder.readTaggedFields();
}
