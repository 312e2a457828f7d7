import { ConfigurationError } from '../base/errors.js';
import { SCRATCH, SCRATCH_BYTES } from '../isa/state-layout.js';
import type { PhysicalMemoryPort } from '../memory/physical-port.js';
import type { CoreExports } from './core-module.js';
import type { LinearMemory } from './linear-memory.js';

/** Guest physical memory as the machine sees it: the bytes pass through the core's SCRATCH area. */
export class PhysicalMemory implements PhysicalMemoryPort {
  constructor(
    private readonly core: CoreExports,
    private readonly memory: LinearMemory,
    /** The limit that the core has been given, for messages. */
    private readonly residentMaxBytes: number,
  ) {}

  read(address: bigint, lengthBytes: number): Uint8Array {
    const bytes = new Uint8Array(lengthBytes);
    for (let done = 0; done < lengthBytes; done += SCRATCH_BYTES) {
      const count = Math.min(SCRATCH_BYTES, lengthBytes - done);
      this.core.physicalRead(address + BigInt(done), count);
      bytes.set(this.memory.bytes(SCRATCH, count), done);
    }
    return bytes;
  }

  write(address: bigint, bytes: Uint8Array): void {
    this.transfer(address, bytes, (at, count) => this.core.physicalWrite(at, count));
  }

  /** As write, into ROM too. */
  load(address: bigint, bytes: Uint8Array): void {
    this.transfer(address, bytes, (at, count) => this.core.physicalLoad(at, count));
  }

  /** Fills with `pattern` (lowest byte first); whole pages cost no storage. */
  fill(address: bigint, lengthBytes: bigint, pattern: bigint): void {
    if (lengthBytes === 0n) return;
    if (this.core.physicalFill(address, lengthBytes, pattern) === 0) this.refuse(address);
  }

  private transfer(
    address: bigint,
    bytes: Uint8Array,
    write: (address: bigint, lengthBytes: number) => number,
  ): void {
    for (let done = 0; done < bytes.length; done += SCRATCH_BYTES) {
      const part = bytes.subarray(done, done + SCRATCH_BYTES);
      this.memory.bytes(SCRATCH, part.length).set(part);
      if (write(address + BigInt(done), part.length) === 0) this.refuse(address);
    }
  }

  private refuse(address: bigint): never {
    throw new ConfigurationError(
      `the memory at 0x${address.toString(16)} does not fit in the ${this.residentMaxBytes} bytes that may be resident`,
    );
  }
}
