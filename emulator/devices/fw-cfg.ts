import { ConfigurationError } from '../base/errors.js';
import type { PhysicalMemoryPort } from '../memory/physical-port.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

/**
 * QEMU's firmware configuration device: selector at 0x510, data at 0x511, DMA address at 0x514 (high) and 0x518 (low).
 *
 * Source: [fw_cfg] QEMU, docs/specs/fw_cfg.rst, "Guest-side Hardware Interface".
 * Departures: a DMA transfer takes no time; writes to the data register are ignored, as QEMU 2.4 to 2.8 did; a DMA write to
 * an item that is no store reports an error.
 */

const SELECTOR = 0;
const DATA = 1;
const DMA_ADDRESS_HIGH = 4;
const DMA_ADDRESS_LOW = 8;

const KEY_SIGNATURE = 0x0000;
const KEY_ID = 0x0001;
const KEY_FILE_DIRECTORY = 0x0019;
const KEY_FIRST_FILE = 0x0020;
/** Bit 14 asks for write access and does not belong to the key. */
const KEY_MASK = 0xbfff;

/** Bit 0: traditional interface, bit 1: DMA interface. */
const ID_TRADITIONAL_AND_DMA = 3;
/** Reading the DMA address register gives "QEMU CFG". */
const DMA_SIGNATURE_HIGH = 0x5145_4d55;
const DMA_SIGNATURE_LOW = 0x2043_4647;

const DMA_ERROR = 1 << 0;
const DMA_READ = 1 << 1;
const DMA_SKIP = 1 << 2;
const DMA_SELECT = 1 << 3;
const DMA_WRITE = 1 << 4;
/** FWCfgDmaAccess: u32 control, u32 length, u64 address, all big endian. */
const DMA_ACCESS_BYTES = 16;
const DMA_CHUNK_BYTES = 0x1_0000;

/** FWCfgFile: u32 size, u16 select, u16 reserved, big endian; char name[56]. */
const FILE_ENTRY_BYTES = 64;
const FILE_NAME_BYTES = 56;

/** An item that the guest may write, and whose bytes are looked up when they are read. */
export interface FwCfgStore {
  readonly sizeBytes: number;
  /** The bytes from `offset` on, as many as there are. */
  read(offset: number, lengthBytes: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
}

export type FwCfgItem = Uint8Array | FwCfgStore;

/** What the host offers besides signature, id and directory. */
export interface FwCfgItems {
  /** Items by key, as the table in [fw_cfg] numbers them. */
  readonly keys: ReadonlyMap<number, Uint8Array>;
  /** Files by name, up to 55 ASCII characters. */
  readonly files: ReadonlyMap<string, FwCfgItem>;
}

const EMPTY_ITEM = new Uint8Array(0);

export interface FwCfgState {
  readonly key: number;
  readonly offset: number;
  readonly dmaAddressHigh: number;
}

export class FwCfg implements PortDevice<FwCfgState> {
  readonly widths = [2, 4] as const;
  private readonly items: ReadonlyMap<number, FwCfgItem>;
  private key = 0;
  private item: FwCfgItem = EMPTY_ITEM;
  private offset = 0;
  private dmaAddressHigh = 0;

  /** Throws a ConfigurationError for a name that the directory cannot hold and for a key that is taken. */
  constructor(
    private readonly memory: PhysicalMemoryPort,
    offered: FwCfgItems,
  ) {
    this.items = itemTable(offered);
    this.select(KEY_SIGNATURE);
  }

  readPort(offset: number, widthBytes: PortWidthBytes): number {
    if (widthBytes === 1 && offset === DATA) return this.nextByte();
    if (widthBytes === 4 && offset === DMA_ADDRESS_HIGH) return swap32(DMA_SIGNATURE_HIGH);
    if (widthBytes === 4 && offset === DMA_ADDRESS_LOW) return swap32(DMA_SIGNATURE_LOW);
    return 0;
  }

  writePort(offset: number, widthBytes: PortWidthBytes, value: number): void {
    if (widthBytes === 2 && offset === SELECTOR) {
      this.select(value);
    } else if (widthBytes === 4 && offset === DMA_ADDRESS_HIGH) {
      this.dmaAddressHigh = swap32(value);
    } else if (widthBytes === 4 && offset === DMA_ADDRESS_LOW) {
      const address = (BigInt(this.dmaAddressHigh) << 32n) | BigInt(swap32(value));
      this.dmaAddressHigh = 0;
      this.transfer(address);
    }
  }

  reset(): void {
    this.select(KEY_SIGNATURE);
    this.dmaAddressHigh = 0;
  }

  snapshot(): FwCfgState {
    return { key: this.key, offset: this.offset, dmaAddressHigh: this.dmaAddressHigh };
  }

  restore(state: FwCfgState): void {
    this.select(state.key);
    this.offset = state.offset;
    this.dmaAddressHigh = state.dmaAddressHigh;
  }

  /** Sets the item and the offset within it to 0. An unknown key selects an item of no bytes. */
  private select(key: number): void {
    this.key = key & KEY_MASK;
    this.item = this.items.get(this.key) ?? EMPTY_ITEM;
    this.offset = 0;
  }

  /** Past the end of an item there are zeros. */
  private nextByte(): number {
    const [byte] = contentOf(this.item, this.offset, 1);
    if (byte === undefined) return 0;
    this.offset++;
    return byte;
  }

  private transfer(accessAddress: bigint): void {
    const access = this.memory.read(accessAddress, DMA_ACCESS_BYTES);
    const view = new DataView(access.buffer, access.byteOffset, DMA_ACCESS_BYTES);
    const control = view.getUint32(0);
    const lengthBytes = view.getUint32(4);
    const address = view.getBigUint64(8);
    if ((control & DMA_SELECT) !== 0) this.select(control >>> 16);
    let result = 0;
    if ((control & DMA_READ) !== 0) this.copyToMemory(address, lengthBytes);
    else if ((control & DMA_WRITE) !== 0) result = this.copyFromMemory(address, lengthBytes);
    else if ((control & DMA_SKIP) !== 0) this.skip(lengthBytes);
    const answer = new Uint8Array(4);
    new DataView(answer.buffer).setUint32(0, result);
    this.memory.write(accessAddress, answer);
  }

  private copyToMemory(address: bigint, lengthBytes: number): void {
    for (let done = 0; done < lengthBytes; done += DMA_CHUNK_BYTES) {
      const chunk = new Uint8Array(Math.min(DMA_CHUNK_BYTES, lengthBytes - done));
      chunk.set(contentOf(this.item, this.offset + done, chunk.byteLength));
      this.memory.write(address + BigInt(done), chunk);
    }
    this.skip(lengthBytes);
  }

  /** DMA_ERROR where that cannot be. */
  private copyFromMemory(address: bigint, lengthBytes: number): number {
    const { item } = this;
    if (item instanceof Uint8Array || this.offset + lengthBytes > item.sizeBytes) return DMA_ERROR;
    for (let done = 0; done < lengthBytes; done += DMA_CHUNK_BYTES) {
      const chunk = Math.min(DMA_CHUNK_BYTES, lengthBytes - done);
      item.write(this.offset + done, this.memory.read(address + BigInt(done), chunk));
    }
    this.skip(lengthBytes);
    return 0;
  }

  private skip(lengthBytes: number): void {
    this.offset = Math.min(this.offset + lengthBytes, sizeOf(this.item));
  }
}

function contentOf(item: FwCfgItem, offset: number, lengthBytes: number): Uint8Array {
  return item instanceof Uint8Array
    ? item.subarray(offset, offset + lengthBytes)
    : item.read(offset, lengthBytes);
}

function sizeOf(item: FwCfgItem): number {
  return item instanceof Uint8Array ? item.byteLength : item.sizeBytes;
}

function itemTable(offered: FwCfgItems): Map<number, FwCfgItem> {
  const id = new Uint8Array([ID_TRADITIONAL_AND_DMA, 0, 0, 0]);
  const items = new Map<number, FwCfgItem>([
    [KEY_SIGNATURE, asciiBytes('QEMU')],
    [KEY_ID, id],
  ]);
  const names = [...offered.files.keys()].sort((a, b) => (a < b ? -1 : 1));
  const directory = new Uint8Array(4 + FILE_ENTRY_BYTES * names.length);
  const view = new DataView(directory.buffer);
  view.setUint32(0, names.length);
  names.forEach((name, index) => {
    const content = offered.files.get(name) ?? EMPTY_ITEM;
    const key = KEY_FIRST_FILE + index;
    const entry = 4 + FILE_ENTRY_BYTES * index;
    view.setUint32(entry, sizeOf(content));
    view.setUint16(entry + 4, key);
    directory.set(fileName(name), entry + 8);
    items.set(key, content);
  });
  items.set(KEY_FILE_DIRECTORY, directory);
  for (const [key, content] of offered.keys) {
    if (items.has(key)) {
      throw new ConfigurationError(
        `fw_cfg key 0x${key.toString(16)} is taken by the device itself`,
      );
    }
    items.set(key, content);
  }
  return items;
}

function fileName(name: string): Uint8Array {
  if (name.length === 0 || name.length >= FILE_NAME_BYTES || !/^[ -~]*$/.test(name)) {
    throw new ConfigurationError(
      `fw_cfg file name "${name}" is not 1 to ${FILE_NAME_BYTES - 1} ASCII characters`,
    );
  }
  return asciiBytes(name);
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function swap32(value: number): number {
  return (
    (((value & 0xff) << 24) |
      ((value & 0xff00) << 8) |
      ((value >>> 8) & 0xff00) |
      (value >>> 24)) >>>
    0
  );
}
