/**
 * The registers of an ATA device in which the host leaves the parameters of a command, and the address in them.
 * Source: [ATA-6 "Device/Head register", "48-bit Address feature set"]; cylinders,
 * heads and sectors, and the sectors left: ATA-3, "Logical sector addressing", "Sector Count register".
 */
import type { AtaGeometry } from './ata-identify.js';
import {
  ATA_DEVICE,
  ATA_ERROR,
  ATA_LBA_HIGH,
  ATA_LBA_LOW,
  ATA_LBA_MID,
  ATA_SECTOR_COUNT,
  DEVICE_DEV,
  DEVICE_HEAD,
  DEVICE_LBA,
} from './ata-registers.js';

/** Features to LBA High have a second byte behind them: the one that was written before. */
const FIRST_TWO_BYTE_REGISTER = ATA_ERROR;
const LAST_TWO_BYTE_REGISTER = ATA_LBA_HIGH;

const SECTORS_28 = 256;
const SECTORS_48 = 65_536;

export interface AtaTaskFileState {
  /** By offset. */
  readonly registers: readonly number[];
  readonly previous: readonly number[];
}

export class AtaTaskFile {
  private readonly registers = new Uint8Array(ATA_DEVICE + 1);
  private readonly previous = new Uint8Array(ATA_DEVICE + 1);

  get selectsDevice1(): boolean {
    return (this.register(ATA_DEVICE) & DEVICE_DEV) !== 0;
  }

  get features(): number {
    return this.register(ATA_ERROR);
  }

  get heads(): number {
    return (this.register(ATA_DEVICE) & DEVICE_HEAD) + 1;
  }

  get sectorCount(): number {
    return this.register(ATA_SECTOR_COUNT);
  }

  set sectorCount(value: number) {
    this.registers[ATA_SECTOR_COUNT] = value;
  }

  /** @param previous the byte written before (HOB) */
  read(offset: number, previous: boolean): number {
    const twoBytes = offset >= FIRST_TWO_BYTE_REGISTER && offset <= LAST_TWO_BYTE_REGISTER;
    return (previous && twoBytes ? this.previous[offset] : this.registers[offset]) ?? 0;
  }

  write(offset: number, value: number): void {
    this.previous[offset] = this.register(offset);
    this.registers[offset] = value;
  }

  /** How many sectors a command is about; 0 stands for the most. */
  sectors(isExtended: boolean): number {
    if (!isExtended) return this.sectorCount || SECTORS_28;
    return ((this.previous[ATA_SECTOR_COUNT] ?? 0) << 8) | this.sectorCount || SECTORS_48;
  }

  /** Says how many sectors of the command are left to transfer. */
  setSectors(count: number, isExtended: boolean): void {
    this.registers[ATA_SECTOR_COUNT] = count;
    if (isExtended) this.previous[ATA_SECTOR_COUNT] = count >>> 8;
  }

  /** The sector that the registers name; null where no track has it. */
  sector(isExtended: boolean, geometry: AtaGeometry): number | null {
    const low = this.register(ATA_LBA_LOW);
    const mid = this.register(ATA_LBA_MID);
    const high = this.register(ATA_LBA_HIGH);
    const device = this.register(ATA_DEVICE);
    if (isExtended) {
      const [, , , before0 = 0, before1 = 0, before2 = 0] = this.previous;
      const upper = before0 | (before1 << 8) | (before2 << 16);
      return upper * 2 ** 24 + (low | (mid << 8) | (high << 16));
    }
    if ((device & DEVICE_LBA) !== 0) {
      return (device & DEVICE_HEAD) * 2 ** 24 + (low | (mid << 8) | (high << 16));
    }
    const { heads, trackSectors } = geometry;
    const head = device & DEVICE_HEAD;
    if (low === 0 || low > trackSectors || head >= heads) return null;
    return (((high << 8) | mid) * heads + head) * trackSectors + low - 1;
  }

  /** Names `sector` in the registers, the way the last command did. */
  setSector(sector: number, isExtended: boolean, geometry: AtaGeometry): void {
    const device = this.register(ATA_DEVICE);
    if (!isExtended && (device & DEVICE_LBA) === 0) {
      const track = Math.floor(sector / geometry.trackSectors);
      const cylinder = Math.floor(track / geometry.heads);
      this.registers[ATA_LBA_LOW] = (sector % geometry.trackSectors) + 1;
      this.registers[ATA_LBA_MID] = cylinder;
      this.registers[ATA_LBA_HIGH] = cylinder >>> 8;
      this.registers[ATA_DEVICE] = (device & ~DEVICE_HEAD) | (track % geometry.heads);
      return;
    }
    this.registers[ATA_LBA_LOW] = sector;
    this.registers[ATA_LBA_MID] = sector >>> 8;
    this.registers[ATA_LBA_HIGH] = sector >>> 16;
    const upper = Math.floor(sector / 2 ** 24);
    if (!isExtended) {
      this.registers[ATA_DEVICE] = (device & ~DEVICE_HEAD) | (upper & DEVICE_HEAD);
      return;
    }
    this.previous[ATA_LBA_LOW] = upper;
    this.previous[ATA_LBA_MID] = upper >>> 8;
    this.previous[ATA_LBA_HIGH] = upper >>> 16;
  }

  /** "Device signatures for normal output": no packet commands, device 0. */
  setSignature(): void {
    this.registers.fill(0);
    this.previous.fill(0);
    this.registers[ATA_SECTOR_COUNT] = 1;
    this.registers[ATA_LBA_LOW] = 1;
  }

  snapshot(): AtaTaskFileState {
    return { registers: [...this.registers], previous: [...this.previous] };
  }

  restore({ registers, previous }: AtaTaskFileState): void {
    this.registers.set(registers);
    this.previous.set(previous);
  }

  private register(offset: number): number {
    return this.registers[offset] ?? 0;
  }
}
