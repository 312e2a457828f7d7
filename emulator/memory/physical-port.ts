/** What a bus master (fw_cfg DMA) and a loader may do with physical memory. */
export interface PhysicalMemoryPort {
  /** Copies `lengthBytes` bytes from physical `address` on; addresses without RAM read as 0xFF. */
  read(address: bigint, lengthBytes: number): Uint8Array;
  /** Writes `bytes` from physical `address` on; addresses without RAM and ROM ignore the write. */
  write(address: bigint, bytes: Uint8Array): void;
}
