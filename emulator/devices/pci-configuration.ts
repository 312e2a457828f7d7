/**
 * PCI configuration space by mechanism #1: CONFIG_ADDRESS, a doubleword at 0xCF8, and CONFIG_DATA at 0xCFC; bus 0 only.
 * Source: [PCI] PCI Local Bus Specification, revision 3.0, "Software Generation of Configuration Transactions",
 * "Configuration Space Organization".
 *
 *     CONFIG_ADDRESS: 31 enable | 23-16 bus | 15-11 device | 10-8 function | 7-2 register
 *
 * What no function answers reads as ones (master abort).
 */
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

const ADDRESS_ENABLE = 0x8000_0000;
const ADDRESS_MASK = 0x80ff_fffc;
const BUS_AND_FUNCTION = 0x00ff_ff00;
const SPACE_BYTES = 256;
const HEADER_BYTES = 16;

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
  /** Registers of the device's own: first byte and reset values; they can be written. */
  readonly registers: readonly { readonly offset: number; readonly values: readonly number[] }[];
}

class PciFunction {
  readonly space = new Uint8Array(SPACE_BYTES);
  private readonly writable = new Uint8Array(SPACE_BYTES);

  constructor(private readonly description: PciFunctionDescription) {
    this.reset();
  }

  get address(): number {
    return (this.description.device << 11) | (this.description.function << 8);
  }

  write(offset: number, value: number): void {
    if (this.writable[offset] !== 0) this.space[offset] = value;
  }

  reset(): void {
    const { vendorId, deviceId, command, status, revision, classCode, registers } =
      this.description;
    const words = [vendorId, deviceId, command, status];
    const header = words.flatMap((word) => [word & 0xff, word >> 8]);
    const identity = [revision, classCode & 0xff, (classCode >> 8) & 0xff, classCode >> 16];
    this.space.fill(0);
    this.space.set([...header, ...identity, 0, 0, 0, 0].slice(0, HEADER_BYTES));
    for (const { offset, values } of registers) {
      this.space.set(values, offset);
      this.writable.fill(1, offset, offset + values.length);
    }
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
    this.functions = descriptions.map((description) => new PciFunction(description));
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
