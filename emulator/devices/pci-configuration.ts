/**
 * PCI configuration space by mechanism #1: CONFIG_ADDRESS, a doubleword at 0xCF8, and CONFIG_DATA at 0xCFC; bus 0 only.
 * Source: [PCI] PCI Local Bus Specification, revision 3.0, "Software Generation of Configuration Transactions",
 * "Configuration Space Organization".
 *
 *     CONFIG_ADDRESS: 31 enable | 23-16 bus | 15-11 device | 10-8 function | 7-2 register
 *
 * What no function answers reads as ones (master abort).
 */
import { assert } from '../base/assert.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

const ADDRESS_ENABLE = 0x8000_0000;
const ADDRESS_MASK = 0x80ff_fffc;
const BUS_AND_FUNCTION = 0x00ff_ff00;
const SPACE_BYTES = 256;
const HEADER_BYTES = 16;
/** In the header type of each function of a device that has more than one. */
const MULTIFUNCTION = 0x80;

/** One function: identity, reset values, and which bytes keep what is written to them. */
export interface PciFunctionDescription {
  readonly device: number;
  readonly function: number;
  readonly vendorId: number;
  readonly deviceId: number;
  readonly revision: number;
  /** Base class, subclass, programming interface. */
  readonly classCode: number;
  readonly command: number;
  readonly status: number;
  /** Registers of the device's own; what is not there reads as 0. */
  readonly registers: readonly PciRegisters[];
}

interface PciRegisters {
  /** Of the first byte. */
  readonly offset: number;
  /** At reset, byte by byte. */
  readonly values: readonly number[];
  /** The bits that can be written, byte by byte; all of them unless it says so. */
  readonly masks?: readonly number[];
}

class PciFunction {
  readonly space = new Uint8Array(SPACE_BYTES);
  /** Bits that can be written. */
  private readonly masks = new Uint8Array(SPACE_BYTES);
  /** Is shown the space after each change. */
  watcher: ((space: Uint8Array) => void) | null = null;

  constructor(
    private readonly description: PciFunctionDescription,
    private readonly headerType: number,
  ) {
    this.reset();
  }

  get address(): number {
    return (this.description.device << 11) | (this.description.function << 8);
  }

  write(offset: number, value: number): void {
    const mask = this.masks[offset] ?? 0;
    if (mask === 0) return;
    this.space[offset] = ((this.space[offset] ?? 0) & ~mask) | (value & mask);
    this.watcher?.(this.space);
  }

  reset(): void {
    const { vendorId, deviceId, command, status, revision, classCode, registers } =
      this.description;
    const words = [vendorId, deviceId, command, status];
    const header = words.flatMap((word) => [word & 0xff, word >> 8]);
    const identity = [revision, classCode & 0xff, (classCode >> 8) & 0xff, classCode >> 16];
    this.space.fill(0);
    const bytes = [...header, ...identity, 0, 0, this.headerType, 0];
    this.space.set(bytes.slice(0, HEADER_BYTES));
    for (const { offset, values, masks } of registers) {
      this.space.set(values, offset);
      this.masks.fill(0xff, offset, offset + values.length);
      this.masks.set(masks ?? [], offset);
    }
    this.watcher?.(this.space);
  }
}

export interface PciConfigurationState {
  readonly address: number;
  /** Configuration spaces, in hexadecimal. */
  readonly spaces: readonly string[];
}

export class PciConfiguration {
  /** CONFIG_ADDRESS, which only doublewords reach. */
  readonly addressPort: PortDevice<null>;
  readonly dataPort: PortDevice<PciConfigurationState>;
  private address = 0;
  private readonly functions: readonly PciFunction[];

  constructor(descriptions: readonly PciFunctionDescription[]) {
    this.functions = descriptions.map((description) => {
      const beside = descriptions.filter(({ device }) => device === description.device);
      return new PciFunction(description, beside.length > 1 ? MULTIFUNCTION : 0);
    });
    this.addressPort = {
      widths: [4],
      readPort: (_offset, widthBytes) => (widthBytes === 4 ? this.address >>> 0 : 0xff),
      writePort: (_offset, widthBytes, value): void => {
        if (widthBytes === 4) this.address = value & ADDRESS_MASK;
      },
      readsAreSteady: () => true,
      reset: (): void => undefined,
      snapshot: () => null,
      restore: (): void => undefined,
    };
    this.dataPort = {
      widths: [2, 4],
      readPort: (offset, widthBytes) => this.read(offset, widthBytes),
      writePort: (offset, widthBytes, value): void => this.write(offset, widthBytes, value),
      readsAreSteady: () => true,
      reset: (): void => this.reset(),
      snapshot: () => this.snapshot(),
      restore: (state): void => this.restore(state),
    };
  }

  snapshot(): PciConfigurationState {
    const hexadecimal = (space: Uint8Array): string =>
      [...space].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return {
      address: this.address >>> 0,
      spaces: this.functions.map(({ space }) => hexadecimal(space)),
    };
  }

  restore(state: PciConfigurationState): void {
    this.address = state.address;
    this.functions.forEach(({ space }, number) => {
      const text = state.spaces[number] ?? '';
      space.forEach((_, at) => (space[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16)));
    });
    for (const { watcher, space } of this.functions) watcher?.(space);
  }

  /** Calls `watcher` with a function's configuration space after each change: a write, a reset, a restored state. */
  watch(device: number, number: number, watcher: (space: Uint8Array) => void): void {
    const address = (device << 11) | (number << 8);
    const watched = this.functions.find((candidate) => candidate.address === address);
    assert(watched !== undefined, `no function ${number} of device ${device}`);
    watched.watcher = watcher;
  }

  private reset(): void {
    this.address = 0;
    for (const pciFunction of this.functions) pciFunction.reset();
  }

  private get selected(): PciFunction | undefined {
    if ((this.address & ADDRESS_ENABLE) === 0) return undefined;
    const wanted = this.address & BUS_AND_FUNCTION;
    return this.functions.find(({ address }) => address === wanted);
  }

  private read(offset: number, widthBytes: PortWidthBytes): number {
    const space = this.selected?.space;
    const first = (this.address & 0xfc) + offset;
    let value = 0;
    for (let index = 0; index < widthBytes; index++) {
      value |= (space?.[first + index] ?? 0xff) << (8 * index);
    }
    return value >>> 0;
  }

  private write(offset: number, widthBytes: PortWidthBytes, value: number): void {
    const first = (this.address & 0xfc) + offset;
    for (let index = 0; index < widthBytes; index++) {
      this.selected?.write(first + index, (value >>> (8 * index)) & 0xff);
    }
  }
}
