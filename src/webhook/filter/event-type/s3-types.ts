/**
 * Event types of buckets: Amazon's, of which Ceph's gateway sends some, and those that MinIO has beside them.
 *
 * Source: Amazon S3 User Guide, "Event notification types and destinations"; MinIO, "Bucket Notifications"; Ceph, "S3 Bucket
 * Notifications Compatibility".
 */
const table: Readonly<Record<string, string>> = {
  ObjectCreated:
    'Put Post Copy CompleteMultipartUpload PutRetention PutLegalHold PutTagging DeleteTagging',
  ObjectRemoved: 'Delete DeleteMarkerCreated NoOP DeleteAllVersions',
  ObjectAccessed: 'Get Head GetRetention GetLegalHold Attributes',
  ObjectRestore: 'Post Completed Delete',
  ObjectTransition: 'Complete Failed',
  ObjectTagging: 'Put Delete',
  ObjectAcl: 'Put',
  ObjectLifecycle:
    'Expiration:Current Expiration:NonCurrent Expiration:DeleteMarker Expiration:AbortMultipartUpload Transition:Current Transition:NonCurrent',
  ObjectSynced: 'Create Delete DeletionMarkerCreated',
  LifecycleExpiration: 'Delete DeleteMarkerCreated',
  Replication:
    'OperationFailedReplication OperationMissedThreshold OperationReplicatedAfterThreshold OperationNotTracked OperationCompletedReplication',
  Scanner: 'ManyVersions LargeVersions BigPrefix',
};

export const s3Types: readonly string[] = [
  ...Object.entries(table).flatMap(([kind, words]) =>
    words.split(' ').map(word => `s3:${kind}:${word}`),
  ),
  's3:BucketCreated',
  's3:BucketRemoved',
  's3:LifecycleTransition',
  's3:IntelligentTiering',
  's3:ReducedRedundancyLostObject',
];
