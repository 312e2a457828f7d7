import { assert } from '../base/assert.js';
import { ConfigurationError } from '../base/errors.js';

/**
 * The I/O address space: 65536 byte ports, decoded to devices.
 * Source: [SDM-1 "Input/Output", "I/O Port Addressing"].
 *
 * A device knows offsets, never addresses. An access that is wider than its device takes is split into byte
 * accesses, low address first, as a bus bridge does for 8-bit devices. The first port decides: where that one is
 * not modelled the whole access is not modelled.
 */

export type PortWidthBytes = 1 | 2 | 4;

const PORTS = 0x1_0000;

/** What a chip offers to the bus. `State` is its snapshot: a plain record with named fields. */
export interface PortDevice<State = unknown> {
  /** Access widths that the device takes whole, besides bytes; without it every access comes as bytes. */
  readonly widths?: readonly PortWidthBytes[];
  /** The register at `offset`, an unsigned number of `widthBytes` bytes. */
  readPort(offset: number, widthBytes: PortWidthBytes): number;
  /** `value` is an unsigned number of `widthBytes` bytes. */
  writePort(offset: number, widthBytes: PortWidthBytes, value: number): void;
  /**
   * Whether reading the register at `offset` again gives the same and changes nothing more, until the next event or
   * write. A device without this method has no such register: its reads depend on the time or take something away.
   */
  readsAreSteady?(offset: number): boolean;
  /**
   * Whether none of the device's own timers is running: what a steady register reads as, only a write or somebody
   * outside the machine can change. A device without this method is never settled.
   */
  isSettled?(): boolean;
  /** Power-on state, every field. */
  reset(): void;
  snapshot(): State;
  restore(state: State): void;
}

export interface PortAttachment {
  readonly base: number;
  readonly sizePorts: number;
  readonly name: string;
  /** Time of one access on its bus, for the timing model. */
  readonly accessTimeNs: number;
  /** Null: nobody answers here, but the range has a name (for the log and for docs). */
  readonly device: PortDevice | null;
  /** The device's offset of port `base`; 0 unless a chip's registers are apart. */
  readonly firstOffset?: number;
  /**
   * An access that begins here is the device's as a whole, where it takes the width, although it ends in ports of others: the
   * doubleword at 0xCF8 lies over the reset register at 0xCF9.
   */
  readonly reachesBeyond?: boolean;
}

/** Called for every access to a port without a device. `value` is what is written; 0 on a read. */
export type UnmodelledPortAccess = (
  port: number,
  widthBytes: PortWidthBytes,
  isWrite: boolean,
  value: number,
) => void;

export interface PortBusOptions {
  readonly onUnmodelled: UnmodelledPortAccess;
  /** Time of an access that nobody answers. */
  readonly unmodelledAccessTimeNs: number;
}

class Slot {
  readonly device: PortDevice | null;
  readonly base: number;
  readonly endPort: number;
  /** Added to a port gives the device's offset. */
  readonly offsetBias: number;
  readonly takesWords: boolean;
  readonly takesDoublewords: boolean;

  constructor(readonly attachment: PortAttachment) {
    this.device = attachment.device;
    this.base = attachment.base;
    this.endPort = attachment.base + attachment.sizePorts;
    this.offsetBias = (attachment.firstOffset ?? 0) - attachment.base;
    this.takesWords = attachment.device?.widths?.includes(2) ?? false;
    this.takesDoublewords = attachment.device?.widths?.includes(4) ?? false;
  }

  /** Whether the device takes an access of this width at `port` whole. */
  takes(port: number, widthBytes: 2 | 4): boolean {
    if (!(widthBytes === 2 ? this.takesWords : this.takesDoublewords)) return false;
    return this.attachment.reachesBeyond === true || port + widthBytes <= this.endPort;
  }
}

export class PortBus {
  /** Per port: index into `slots`, 0 where nothing is attached. */
  private readonly slotOfPort = new Uint16Array(PORTS);
  private readonly slots: (Slot | null)[] = [null];
  private readonly onUnmodelled: UnmodelledPortAccess;
  private readonly unmodelledAccessTimeNs: number;

  constructor(options: PortBusOptions) {
    this.onUnmodelled = options.onUnmodelled;
    this.unmodelledAccessTimeNs = options.unmodelledAccessTimeNs;
  }

  /** Throws a ConfigurationError where the range leaves the address space or overlaps another. */
  attach(attachment: PortAttachment): void {
    const { base, sizePorts, name } = attachment;
    if (!Number.isInteger(base) || !Number.isInteger(sizePorts) || base < 0 || sizePorts < 1) {
      throw new ConfigurationError(`${name} has no valid port range: ${sizePorts} at ${base}`);
    }
    if (base + sizePorts > PORTS) {
      throw new ConfigurationError(
        `${name} at ${portText(base)} ends above port 0xffff: it has ${sizePorts} ports`,
      );
    }
    for (let port = base; port < base + sizePorts; port++) {
      const other = this.slotAt(port);
      if (other === null) continue;
      throw new ConfigurationError(
        `${name} at ${portText(base)} overlaps ${other.attachment.name} at ${portText(port)}`,
      );
    }
    this.slots.push(new Slot(attachment));
    this.slotOfPort.fill(this.slots.length - 1, base, base + sizePorts);
  }

  /** Moves a device that the guest can place. Where others are, they stay, and the device is not seen. */
  relocate(device: PortDevice, base: number): void {
    const index = this.slots.findIndex((slot) => slot !== null && slot.device === device);
    const slot = this.slots[index];
    assert(slot !== null && slot !== undefined, 'a device that is not attached');
    if (slot.base === base) return;
    const { sizePorts } = slot.attachment;
    const replace = (first: number, from: number, to: number): void => {
      for (let port = first; port < first + sizePorts && port < PORTS; port++) {
        if (this.slotOfPort[port] === from) this.slotOfPort[port] = to;
      }
    };
    replace(slot.base, index, 0);
    this.slots[index] = new Slot({ ...slot.attachment, base });
    replace(base, 0, index);
  }

  /** IN: an unsigned number of `widthBytes` bytes; all ones where no device answers. */
  read(port: number, widthBytes: PortWidthBytes): number {
    const slot = this.slotAt(port);
    if (slot === null || slot.device === null) {
      this.onUnmodelled(port, widthBytes, false, 0);
      return allOnes(widthBytes);
    }
    if (widthBytes === 1 || slot.takes(port, widthBytes)) {
      return slot.device.readPort(port + slot.offsetBias, widthBytes);
    }
    let value = 0;
    for (let index = 0; index < widthBytes; index++) {
      value |= this.read((port + index) & 0xffff, 1) << (8 * index);
    }
    return value >>> 0;
  }

  /** OUT: `value` is an unsigned number of `widthBytes` bytes. */
  write(port: number, widthBytes: PortWidthBytes, value: number): void {
    const slot = this.slotAt(port);
    if (slot === null || slot.device === null) {
      this.onUnmodelled(port, widthBytes, true, value);
      return;
    }
    if (widthBytes === 1 || slot.takes(port, widthBytes)) {
      slot.device.writePort(port + slot.offsetBias, widthBytes, value);
      return;
    }
    for (let index = 0; index < widthBytes; index++) {
      this.write((port + index) & 0xffff, 1, (value >>> (8 * index)) & 0xff);
    }
  }

  /** Time of one access to `port` on its bus. */
  accessTimeNs(port: number): number {
    return this.slotAt(port)?.attachment.accessTimeNs ?? this.unmodelledAccessTimeNs;
  }

  /** See `PortDevice.readsAreSteady`; a port without a device always reads as all ones. */
  readsAreSteady(port: number): boolean {
    const slot = this.slotAt(port);
    if (slot === null || slot.device === null) return true;
    return slot.device.readsAreSteady?.(port + slot.offsetBias) ?? false;
  }

  /** Reads of `port` are steady, and no event will change what they give. */
  readsAreSettled(port: number): boolean {
    if (!this.readsAreSteady(port)) return false;
    const device = this.slotAt(port)?.device ?? null;
    return device === null || (device.isSettled?.() ?? false);
  }

  /** The name under which `port` is in the board's table, null where it is not. */
  nameOf(port: number): string | null {
    return this.slotAt(port)?.attachment.name ?? null;
  }

  /** The table of ports, in Markdown, by address. */
  describe(): string {
    const rows = this.slots
      .filter((slot) => slot !== null)
      .map((slot) => slot.attachment)
      .sort((a, b) => a.base - b.base)
      .map(({ base, sizePorts, name, device, accessTimeNs }) => {
        const ports =
          sizePorts === 1 ? portText(base) : `${portText(base)}–${portText(base + sizePorts - 1)}`;
        return `| ${ports} | ${name} | ${device === null ? 'no' : 'yes'} | ${accessTimeNs} |`;
      });
    return ['| ports | device | modelled | access (ns) |', '|---|---|---|---:|', ...rows, ''].join(
      '\n',
    );
  }

  private slotAt(port: number): Slot | null {
    const slot = this.slots[this.slotOfPort[port] ?? 0];
    if (slot === undefined) assert(false, `port ${port} is decoded to a slot that does not exist`);
    return slot;
  }
}

function allOnes(widthBytes: PortWidthBytes): number {
  return widthBytes === 4 ? 0xffff_ffff : widthBytes === 2 ? 0xffff : 0xff;
}

function portText(port: number): string {
  return `0x${port.toString(16).padStart(3, '0')}`;
}
