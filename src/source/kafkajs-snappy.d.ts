declare module 'kafkajs-snappy' {
  /** A codec for `CompressionCodecs` of kafkajs. */
  const snappy: () => unknown;
  export default snappy;
}
