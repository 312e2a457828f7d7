/**
 * I/O APIC with 24 redirection entries: index at 00H, data at 10H, EOI at 40H.
 * Source: [82093AA] Intel, "82093AA I/O Advanced Programmable Interrupt Controller (IOAPIC)", May 1996, "Register
 * Description"; the EOI register is that of later chipsets (version 20H): [ICH] "EOI Register".
 *
 * As the datasheet has it, an edge at a masked pin is lost.
 * Not modelled: SMI; messages take no time, so delivery status always reads as idle.
 */
import type { MemoryDevice } from '../memory/memory-bus.js';
import {
  DELIVERY_EXTINT,
  DELIVERY_LOWEST_PRIORITY,
  DELIVERY_NMI,
  type InterruptMessage,
} from './interrupt-message.js';

export const IO_APIC_PINS = 24;

const IOREGSEL = 0x00;
const IOWIN = 0x10;
const EOIR = 0x40;

const IOAPICID = 0x00;
const IOAPICVER = 0x01;
const IOAPICARB = 0x02;
const IOREDTBL = 0x10;

const ID_MASK = 0x0f00_0000;
const VERSION_VALUE = ((IO_APIC_PINS - 1) << 16) | 0x20;

// Redirection table entry, low doubleword; the high one has the destination in bits 31-24.
const ENTRY_LOGICAL = 1 << 11;
const ENTRY_ACTIVE_LOW = 1 << 13;
const ENTRY_REMOTE_IRR = 1 << 14;
const ENTRY_LEVEL = 1 << 15;
const ENTRY_MASKED = 1 << 16;
const ENTRY_WRITABLE = 0x1_afff;
const DESTINATION_MASK = 0xff00_0000;

export interface IoApicPorts {
  /** A message goes to the local APICs; whether one has accepted it. */
  send(message: InterruptMessage): boolean;
  /** A pin whose entry says ExtINT has changed the INTR that it passes on. */
  onExternal(level: boolean): void;
}

export interface IoApicState {
  readonly index: number;
  readonly id: number;
  readonly pins: number;
  readonly low: readonly number[];
  readonly high: readonly number[];
}

export class IoApic implements MemoryDevice<IoApicState> {
  private index = 0;
  private id = 0;
  /** Levels of the pins, as a mask. */
  private pins = 0;
  private readonly low = new Uint32Array(IO_APIC_PINS).fill(ENTRY_MASKED);
  private readonly high = new Uint32Array(IO_APIC_PINS);
  private external = false;

  constructor(private readonly ports: IoApicPorts) {}

  /** Some pin may send messages. */
  get listens(): boolean {
    return this.low.some((entry) => (entry & ENTRY_MASKED) === 0);
  }

  /** Some pin may send nonmaskable interrupts. */
  get sendsNmi(): boolean {
    return this.hasOpen(DELIVERY_NMI);
  }

  /** Some pin passes an 8259A's INTR on. */
  get passesExternal(): boolean {
    return this.hasOpen(DELIVERY_EXTINT);
  }

  setPin(pin: number, level: boolean): void {
    const bit = 1 << pin;
    if (((this.pins & bit) !== 0) === level) return;
    this.pins = level ? this.pins | bit : this.pins & ~bit;
    const entry = this.entry(pin);
    const rises = this.isActive(pin);
    if ((entry & ENTRY_MASKED) === 0 && rises && !isLevel(entry)) this.send(pin);
    this.settle(pin);
  }

  /** A local APIC has broadcast the end of a level-triggered interrupt. */
  endOfInterrupt(vector: number): void {
    for (let pin = 0; pin < IO_APIC_PINS; pin++) {
      const entry = this.entry(pin);
      if ((entry & 0xff) !== vector || !isLevel(entry)) continue;
      this.low[pin] = entry & ~ENTRY_REMOTE_IRR;
      this.settle(pin);
    }
  }

  readWord(offset: number): number {
    if (offset === IOREGSEL) return this.index;
    return offset === IOWIN ? this.readRegister() : 0;
  }

  writeWord(offset: number, value: number): void {
    if (offset === IOREGSEL) this.index = value & 0xff;
    else if (offset === IOWIN) this.writeRegister(value);
    else if (offset === EOIR) this.endOfInterrupt(value & 0xff);
  }

  reset(): void {
    this.index = 0;
    this.id = 0;
    this.pins = 0;
    this.low.fill(ENTRY_MASKED);
    this.high.fill(0);
    this.updateExternal();
  }

  snapshot(): IoApicState {
    return {
      index: this.index,
      id: this.id,
      pins: this.pins,
      low: [...this.low],
      high: [...this.high],
    };
  }

  restore(state: IoApicState): void {
    this.index = state.index;
    this.id = state.id;
    this.pins = state.pins;
    this.low.set(state.low);
    this.high.set(state.high);
    this.external = this.externalLevel();
  }

  private entry(pin: number): number {
    return this.low[pin] ?? ENTRY_MASKED;
  }

  private hasOpen(mode: number): boolean {
    return this.low.some((entry) => (entry & ENTRY_MASKED) === 0 && deliveryMode(entry) === mode);
  }

  private isActive(pin: number): boolean {
    const high = (this.pins & (1 << pin)) !== 0;
    return high !== ((this.entry(pin) & ENTRY_ACTIVE_LOW) !== 0);
  }

  private readRegister(): number {
    if (this.index === IOAPICID || this.index === IOAPICARB) return this.id;
    if (this.index === IOAPICVER) return VERSION_VALUE;
    const words = this.index & 1 ? this.high : this.low;
    return words[(this.index - IOREDTBL) >> 1] ?? 0;
  }

  private writeRegister(value: number): void {
    if (this.index === IOAPICID) this.id = value & ID_MASK;
    const pin = (this.index - IOREDTBL) >> 1;
    if (pin < 0 || pin >= IO_APIC_PINS) return;
    if ((this.index & 1) !== 0) {
      this.high[pin] = value & DESTINATION_MASK;
      return;
    }
    // Remote IRR is only read; an edge has none.
    const kept = (value & ENTRY_LEVEL) === 0 ? 0 : this.entry(pin) & ENTRY_REMOTE_IRR;
    this.low[pin] = (value & ENTRY_WRITABLE) | kept;
    this.settle(pin);
  }

  /** Sends what a level asks for, unless it was sent and not yet ended. */
  private settle(pin: number): void {
    const entry = this.entry(pin);
    this.updateExternal();
    if (!isLevel(entry) || (entry & (ENTRY_MASKED | ENTRY_REMOTE_IRR)) !== 0) return;
    if (!this.isActive(pin)) return;
    // Set first: the end of the interrupt may come within the call.
    this.low[pin] = entry | ENTRY_REMOTE_IRR;
    if (!this.send(pin)) this.low[pin] = entry;
  }

  private send(pin: number): boolean {
    const entry = this.entry(pin);
    const mode = deliveryMode(entry);
    if (mode === DELIVERY_EXTINT) return false;
    return this.ports.send({
      vector: entry & 0xff,
      deliveryMode: mode,
      logical: (entry & ENTRY_LOGICAL) !== 0,
      destination: (this.high[pin] ?? 0) >>> 24,
      levelTriggered: isLevel(entry),
    });
  }

  private externalLevel(): boolean {
    return this.low.some(
      (entry, pin) =>
        (entry & ENTRY_MASKED) === 0 &&
        deliveryMode(entry) === DELIVERY_EXTINT &&
        this.isActive(pin),
    );
  }

  private updateExternal(): void {
    const level = this.externalLevel();
    if (level === this.external) return;
    this.external = level;
    this.ports.onExternal(level);
  }
}

function deliveryMode(entry: number): number {
  return (entry >> 8) & 7;
}

/** Only fixed and lowest-priority interrupts are level-triggered; the other modes are edges whatever the entry says. */
function isLevel(entry: number): boolean {
  return (entry & ENTRY_LEVEL) !== 0 && deliveryMode(entry) <= DELIVERY_LOWEST_PRIORITY;
}
