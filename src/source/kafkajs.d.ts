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
