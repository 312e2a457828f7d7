/** Bytes that a loader puts into the machine's RAM. */
export interface PlacedBytes {
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** Bytes in memory; those behind `bytes` are zero. */
  readonly memoryBytes: bigint;
  /** What it is, where it is no segment of the image. */
  readonly name?: string;
}
