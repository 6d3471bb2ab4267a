declare module 'kafkajs-snappy' {
  /** A codec for `CompressionCodecs` of kafkajs. */
  const snappy: () => unknown;
  export default snappy;
}

declare module 'kafkajs/src/network/requestQueue/index.js' {
  /** The requests of one connection that wait for their turn; not part of kafkajs's public interface. */
  export default class RequestQueue {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests: (this: RequestQueue) => void;
  }
}

declare module 'kafkajs/src/protocol/encoder.js' {
  export default class Encoder {
    writeBuffer(value: Buffer): this;
    writeBoolean(value: boolean): this;
    writeEncoder(value: Encoder): this;
    writeUVarInt(value: number): this;
    writeUVarIntString(value: string): this;
    writeUVarIntArray(value: readonly Encoder[]): this;
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(buffer: Buffer);
    readInt16(): number;
    readInt32(): number;
    readBoolean(): boolean;
    readBytes(length: number): Buffer;
    readTaggedFields(): unknown;
    readUVarIntString(): string | null;
    readUVarIntArray<T>(read: (decoder: Decoder) => T): T[] | null;
  }
}

declare module 'kafkajs/src/protocol/recordBatch/record/v0/decoder.js' {
  import type { KafkaMessage } from 'kafkajs';
  import type Decoder from 'kafkajs/src/protocol/decoder.js';
  /** Decodes one record of a batch, from behind its length. */
  export default function decodeRecord(decoder: Decoder, batch: object): KafkaMessage;
}

declare module 'kafkajs/src/consumer/offsetManager/index.js' {
  import type { Broker, Cluster } from 'kafkajs';
  /** The offsets of one member's partitions, from one joining of the group to the next. */
  export default class OffsetManager {
    readonly cluster: Cluster;
    readonly groupId: string;
    readonly generationId: number;
    readonly memberId: string;
    readonly memberAssignment: Readonly<Record<string, readonly number[]>>;
    getCoordinator(): Promise<Broker>;
    /** Where reading begins, by topic and partition; shared by all that one client makes for a group. */
    committedOffsets(): Record<string, Record<number, string>>;
    clearOffsets(place: { topic: string; partition: number }): void;
    resolveOffsets: (this: OffsetManager) => Promise<void>;
    setDefaultOffset: (
      this: OffsetManager,
      place: { topic: string; partition: number },
    ) => Promise<void>;
  }
}
