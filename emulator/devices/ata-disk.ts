import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { Timer, type TimerState } from '../clock/timer.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';
import { defaultGeometry, geometryOf, identifyData, type AtaGeometry } from './ata-identify.js';
import * as ata from './ata-registers.js';
import { AtaTaskFile, type AtaTaskFileState } from './ata-task-file.js';
import { SECTOR_BYTES, type DiskMedium } from './disk-medium.js';
import type { InterruptLine } from './interrupt-line.js';

/**
 * An ATA channel with one disk, device 0: the command block at offset 0 (0x1F0), Device Control and Alternate Status at
 * offset 8 (0x3F6). Programmed input and output.
 *
 * Source: [ATA-6 "Protocol", "Command descriptions"].
 * Not modelled: DMA (which ATA-6 asks for; word 49 says that it is not there), S.M.A.R.T., security, host protected area: these
 * commands are aborted, as any that a device does not know.
 */

/** Estimates of a disk without moving parts: to the first block, between blocks, of other commands and of a reset. */
const ACCESS_NS = 100_000;
const BLOCK_NS = 10_000;
const COMMAND_NS = 10_000;
const RESET_NS = 2_000_000;

/** What ends the time in which the device is busy. */
type Pending =
  'reset' | 'diagnosed' | 'done' | 'verified' | 'block-read' | 'block-wanted' | 'block-written';

interface Transfer {
  readonly direction: ata.SectorCommand['direction'];
  readonly isExtended: boolean;
  /** Of a block, as one DRQ stands for it. */
  readonly blockSectors: number;
  /** Of the next block. */
  readonly sector: number;
  /** Sectors of the command that come in the next blocks. */
  readonly remaining: number;
}

export interface AtaDiskState {
  readonly taskFile: AtaTaskFileState;
  readonly status: number;
  readonly error: number;
  readonly control: number;
  readonly interruptPending: boolean;
  readonly heads: number;
  readonly trackSectors: number;
  readonly multipleSectors: number;
  readonly transfer: Transfer | null;
  /** The block that passes through the data register. */
  readonly block: readonly number[];
  readonly blockPosition: number;
  readonly pending: Pending | null;
  readonly busyTimer: TimerState;
}

export interface AtaDiskPorts {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  /** IRQ 14. */
  readonly interrupt: InterruptLine;
  readonly medium: DiskMedium;
}

const READY = ata.STATUS_DRDY | ata.STATUS_DSC;
const EMPTY_BLOCK = new Uint8Array(0);

export class AtaDisk implements PortDevice<AtaDiskState> {
  readonly widths = [2, 4] as const;
  private readonly taskFile = new AtaTaskFile();
  private status = READY;
  private error = ata.DIAGNOSTIC_PASSED;
  private control = 0;
  private interruptPending = false;
  private geometry: AtaGeometry;
  private multipleSectors = 0;
  private transfer: Transfer | null = null;
  private block: Uint8Array = EMPTY_BLOCK;
  private blockPosition = 0;
  private pending: Pending | null = null;
  private readonly busyTimer: Timer;

  constructor(private readonly ports: AtaDiskPorts) {
    this.geometry = defaultGeometry(ports.medium.sectors);
    this.busyTimer = new Timer(ports.events, () => this.busyEnds());
    this.taskFile.setSignature();
  }

  readPort(offset: number, widthBytes: PortWidthBytes): number {
    if (offset === ata.ATA_DATA) return this.readData(widthBytes);
    let value = 0;
    for (let index = 0; index < widthBytes; index++) {
      value |= this.readRegister(offset + index) << (8 * index);
    }
    return value >>> 0;
  }

  writePort(offset: number, widthBytes: PortWidthBytes, value: number): void {
    if (offset === ata.ATA_DATA) {
      this.writeData(widthBytes, value);
      return;
    }
    for (let index = 0; index < widthBytes; index++) {
      this.writeRegister(offset + index, (value >>> (8 * index)) & 0xff);
    }
  }

  readsAreSteady(offset: number): boolean {
    return offset !== ata.ATA_DATA;
  }

  isSettled(): boolean {
    return !this.busyTimer.armed;
  }

  reset(): void {
    this.control = 0;
    this.multipleSectors = 0;
    this.geometry = defaultGeometry(this.ports.medium.sectors);
    this.stop();
    this.setSignature();
    this.setInterrupt(false);
  }

  snapshot(): AtaDiskState {
    return {
      taskFile: this.taskFile.snapshot(),
      status: this.status,
      error: this.error,
      control: this.control,
      interruptPending: this.interruptPending,
      heads: this.geometry.heads,
      trackSectors: this.geometry.trackSectors,
      multipleSectors: this.multipleSectors,
      transfer: this.transfer,
      block: [...this.block],
      blockPosition: this.blockPosition,
      pending: this.pending,
      busyTimer: this.busyTimer.snapshot(),
    };
  }

  restore(state: AtaDiskState): void {
    this.taskFile.restore(state.taskFile);
    this.status = state.status;
    this.error = state.error;
    this.control = state.control;
    this.interruptPending = state.interruptPending;
    this.geometry = geometryOf(this.ports.medium.sectors, state.heads, state.trackSectors);
    this.multipleSectors = state.multipleSectors;
    this.transfer = state.transfer;
    this.block = Uint8Array.from(state.block);
    this.blockPosition = state.blockPosition;
    this.pending = state.pending;
    this.busyTimer.restore(state.busyTimer);
  }

  private get isBusy(): boolean {
    return (this.status & ata.STATUS_BSY) !== 0;
  }

  private get wantsData(): boolean {
    return (this.status & ata.STATUS_DRQ) !== 0;
  }

  private readRegister(offset: number): number {
    // "Device 0 only configurations": device 0 answers for device 1, whose status is 0.
    const status = this.taskFile.selectsDevice1 ? 0 : this.status;
    if (offset === ata.ATA_ALTERNATE_STATUS) return status;
    if (offset === ata.ATA_STATUS) {
      if (!this.taskFile.selectsDevice1) this.setInterrupt(false);
      return status;
    }
    if (this.isBusy) return status;
    if (offset === ata.ATA_ERROR) return this.error;
    const value = this.taskFile.read(offset, (this.control & ata.CONTROL_HOB) !== 0);
    return offset === ata.ATA_DEVICE ? value | ata.DEVICE_OBSOLETE : value;
  }

  private writeRegister(offset: number, value: number): void {
    if (offset === ata.ATA_ALTERNATE_STATUS) {
      this.writeControl(value);
      return;
    }
    this.control &= ~ata.CONTROL_HOB;
    if (this.isBusy) return;
    if (offset === ata.ATA_STATUS) this.command(value);
    else if (!this.wantsData) this.taskFile.write(offset, value);
    this.updateInterrupt();
  }

  /** SRST resets for as long as it is set; the device is ready some time after it falls. */
  private writeControl(value: number): void {
    const before = this.control;
    this.control = value;
    if ((value & ata.CONTROL_SRST) !== 0) {
      this.stop();
      this.status = ata.STATUS_BSY;
      this.setInterrupt(false);
    } else if ((before & ata.CONTROL_SRST) !== 0) {
      this.busy('reset', RESET_NS);
    }
    this.updateInterrupt();
  }

  private readData(widthBytes: PortWidthBytes): number {
    if (!this.wantsData || this.transfer?.direction === 'out') return 0;
    // The data register has 16 bits; a host bus adapter makes two accesses of a doubleword.
    let value = this.nextWord();
    if (widthBytes === 4) value |= this.nextWord() << 16;
    return widthBytes === 1 ? value & 0xff : value >>> 0;
  }

  private nextWord(): number {
    const [low = 0, high = 0] = this.block.subarray(this.blockPosition, this.blockPosition + 2);
    this.blockPosition += 2;
    if (this.blockPosition === this.block.byteLength) this.blockRead();
    return low | (high << 8);
  }

  /** The host has taken a block. */
  private blockRead(): void {
    const { transfer } = this;
    this.block = EMPTY_BLOCK;
    this.blockPosition = 0;
    if (transfer !== null && transfer.remaining > 0) this.busy('block-read', BLOCK_NS);
    else this.finish();
  }

  private writeData(widthBytes: PortWidthBytes, value: number): void {
    for (let index = 0; index < widthBytes; index += 2) {
      if (!this.wantsData || this.transfer?.direction !== 'out') return;
      this.block[this.blockPosition] = value >>> (8 * index);
      this.block[this.blockPosition + 1] = value >>> (8 * index + 8);
      this.blockPosition += 2;
      if (this.blockPosition === this.block.byteLength) this.busy('block-written', BLOCK_NS);
    }
  }

  private command(code: number): void {
    if (this.taskFile.selectsDevice1 && code !== ata.EXECUTE_DEVICE_DIAGNOSTIC) return;
    this.stop();
    this.setInterrupt(false);
    this.error = 0;
    this.status = READY;
    const sectorCommand = ata.SECTOR_COMMANDS.get(code);
    if (sectorCommand !== undefined) this.startSectors(sectorCommand);
    else if (code === ata.IDENTIFY_DEVICE) this.busy('block-read', COMMAND_NS);
    else if (code === ata.EXECUTE_DEVICE_DIAGNOSTIC) this.busy('diagnosed', RESET_NS);
    else {
      if (!this.executed(code)) this.error = ata.ERROR_ABRT;
      this.busy('done', COMMAND_NS);
    }
  }

  /** Commands without data; false: not supported, or not with these parameters. */
  private executed(code: number): boolean {
    const { features, sectorCount } = this.taskFile;
    switch (code) {
      case ata.SEEK:
        return this.firstSector(false) !== null;
      case ata.INITIALIZE_DEVICE_PARAMETERS:
        if (sectorCount === 0) return false;
        this.geometry = geometryOf(this.ports.medium.sectors, this.taskFile.heads, sectorCount);
        return true;
      case ata.SET_MULTIPLE_MODE:
        if (sectorCount > ata.MULTIPLE_SECTORS_MAX || (sectorCount & (sectorCount - 1)) !== 0) {
          this.multipleSectors = 0; // READ and WRITE MULTIPLE are disabled
          return false;
        }
        this.multipleSectors = sectorCount;
        return true;
      case ata.SET_FEATURES:
        return features === ata.SET_TRANSFER_MODE && sectorCount <= ata.TRANSFER_MODE_PIO_MAX;
      case ata.CHECK_POWER_MODE:
        this.taskFile.sectorCount = ata.POWER_MODE_ACTIVE;
        return true;
      case ata.STANDBY_IMMEDIATE:
      case ata.IDLE_IMMEDIATE:
      case ata.STANDBY:
      case ata.IDLE:
      case ata.FLUSH_CACHE:
      case ata.FLUSH_CACHE_EXT:
        return true;
      default:
        return code >> 4 === ata.RECALIBRATE >> 4;
    }
  }

  private startSectors({ direction, isExtended, isMultiple }: ata.SectorCommand): void {
    if (isMultiple && this.multipleSectors === 0) {
      this.error = ata.ERROR_ABRT;
      this.busy('done', COMMAND_NS);
      return;
    }
    const sector = this.firstSector(isExtended);
    if (sector === null) {
      this.error = ata.ERROR_IDNF;
      this.busy('done', COMMAND_NS);
      return;
    }
    this.transfer = {
      direction,
      isExtended,
      blockSectors: isMultiple ? this.multipleSectors : 1,
      sector,
      remaining: this.taskFile.sectors(isExtended),
    };
    if (direction === 'in') this.busy('block-read', ACCESS_NS);
    else if (direction === 'out') this.busy('block-wanted', COMMAND_NS);
    else this.busy('verified', ACCESS_NS);
  }

  /** The sector in the registers; null where the disk has none of that address. */
  private firstSector(isExtended: boolean): number | null {
    const sector = this.taskFile.sector(isExtended, this.geometry);
    return sector === null || sector >= this.ports.medium.sectors ? null : sector;
  }

  private busy(pending: Pending, timeNs: number): void {
    this.status = ata.STATUS_BSY;
    this.pending = pending;
    this.busyTimer.armAfter(this.ports.domains.coreCyclesOfNs(timeNs));
  }

  private busyEnds(): void {
    const { pending, transfer } = this;
    this.pending = null;
    switch (pending) {
      case 'reset': // no command, so no interrupt
        this.setSignature();
        break;
      case 'diagnosed':
        this.setSignature();
        this.setInterrupt(true);
        break;
      case 'block-read':
        if (transfer === null) this.offerBlock(this.identity());
        else this.readBlock(transfer);
        break;
      case 'block-wanted':
        if (transfer !== null) this.wantBlock(transfer);
        break;
      case 'block-written':
        if (transfer !== null) this.writeBlock(transfer);
        break;
      case 'verified':
        if (transfer !== null) this.verify(transfer);
        this.finish();
        this.setInterrupt(true);
        break;
      case 'done':
      case null:
        this.finish();
        this.setInterrupt(true);
    }
  }

  private identity(): Uint8Array {
    return identifyData(this.ports.medium.sectors, this.geometry, this.multipleSectors);
  }

  private readBlock(transfer: Transfer): void {
    const count = this.blockCount(transfer);
    if (count === 0) {
      this.failAt(transfer);
      return;
    }
    const { sector } = transfer;
    const bytes = this.ports.medium.read(sector * SECTOR_BYTES, count * SECTOR_BYTES);
    this.advance(transfer, count);
    this.offerBlock(bytes);
  }

  private offerBlock(bytes: Uint8Array): void {
    this.block = bytes;
    this.blockPosition = 0;
    this.status = READY | ata.STATUS_DRQ;
    this.setInterrupt(true);
  }

  private wantBlock(transfer: Transfer): void {
    const count = this.blockCount(transfer);
    if (count === 0) {
      this.failAt(transfer);
      return;
    }
    this.block = new Uint8Array(count * SECTOR_BYTES);
    this.blockPosition = 0;
    this.status = READY | ata.STATUS_DRQ;
  }

  private writeBlock(transfer: Transfer): void {
    this.ports.medium.write(transfer.sector * SECTOR_BYTES, this.block);
    const next = this.advance(transfer, this.block.byteLength / SECTOR_BYTES);
    this.block = EMPTY_BLOCK;
    if (next.remaining > 0) this.wantBlock(next);
    else this.finish();
    this.setInterrupt(true);
  }

  private verify(transfer: Transfer): void {
    const { sectors } = this.ports.medium;
    const count = Math.min(transfer.remaining, sectors - transfer.sector);
    const next = this.advance(transfer, count);
    if (next.remaining === 0) return;
    this.taskFile.setSector(sectors, next.isExtended, this.geometry);
    this.error = ata.ERROR_IDNF;
  }

  /** Sectors of the next block that the disk has. */
  private blockCount({ blockSectors, remaining, sector }: Transfer): number {
    return Math.max(0, Math.min(blockSectors, remaining, this.ports.medium.sectors - sector));
  }

  /** The registers name the last sector that was reached, and how many are left. */
  private advance(transfer: Transfer, count: number): Transfer {
    const sector = transfer.sector + count;
    const next = { ...transfer, sector, remaining: transfer.remaining - count };
    this.transfer = next;
    this.taskFile.setSector(sector - 1, next.isExtended, this.geometry);
    this.taskFile.setSectors(next.remaining, next.isExtended);
    return next;
  }

  /** The disk ends before the command does. */
  private failAt({ sector, isExtended }: Transfer): void {
    this.taskFile.setSector(sector, isExtended, this.geometry);
    this.error = ata.ERROR_IDNF;
    this.finish();
    this.setInterrupt(true);
  }

  private finish(): void {
    this.transfer = null;
    this.status = this.error === 0 ? READY : READY | ata.STATUS_ERR;
  }

  /** Nothing is under way any more. */
  private stop(): void {
    this.busyTimer.disarm();
    this.pending = null;
    this.transfer = null;
    this.block = EMPTY_BLOCK;
    this.blockPosition = 0;
  }

  private setSignature(): void {
    this.taskFile.setSignature();
    this.error = ata.DIAGNOSTIC_PASSED;
    this.status = READY;
  }

  private setInterrupt(isPending: boolean): void {
    this.interruptPending = isPending;
    this.updateInterrupt();
  }

  /** INTRQ is released while nIEN is set or device 1 is selected. */
  private updateInterrupt(): void {
    const enabled = (this.control & ata.CONTROL_NIEN) === 0 && !this.taskFile.selectsDevice1;
    this.ports.interrupt.set(enabled && this.interruptPending);
  }
}
