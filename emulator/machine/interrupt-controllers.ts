/**
 * The interrupt controllers of a PC and the wires between them.
 *
 *     IRQ n ──┬──> 8259A pair ──INTR──┬──> LINT0 of the local APIC ──INTR, NMI──> processor
 *             │                       └──> pin 0 of the I/O APIC
 *             └──> pin n of the I/O APIC (IRQ 0: pin 2) ──messages──> local APIC
 *
 * Sources: [MP] Intel, "MultiProcessor Specification", version 1.4, "Virtual Wire Mode via Local APIC", "I/O Interrupt
 * Assignment Entries"; [SDM-3A "Local APIC Status and Location"]. LINT1 is wired to nothing: the board raises no NMI.
 */
import { IoApic, type IoApicState } from '../devices/io-apic.js';
import type { InterruptLine } from '../devices/interrupt-line.js';
import { LocalApic, type LocalApicPorts, type LocalApicState } from '../devices/local-apic.js';
import { Pic8259Pair, type Pic8259PairState } from '../devices/pic8259-pair.js';

const TIMER_IRQ = 0;
const TIMER_PIN = 2;
const PIC_PIN = 0;

const MSR_TIME_STAMP_COUNTER = 0x10;
const MSR_APIC_BASE = 0x1b;
const MSR_TSC_DEADLINE = 0x6e0;
const MSR_X2APIC = 0x800;

const BASE_EXTD = 1n << 10n;
const BASE_EN = 1n << 11n;
const BASE_ADDRESS = ~0xfffn;
const BASE_AT_RESET = 0xfee0_0900n;

export interface InterruptControllersState {
  readonly pic: Pic8259PairState;
  readonly localApic: LocalApicState;
  readonly ioApic: IoApicState;
  /** IA32_APIC_BASE, hexadecimal. */
  readonly apicBase: string;
}

export interface InterruptControllersPorts extends Omit<LocalApicPorts, 'onEndOfInterrupt'> {
  /** The local APIC's registers have moved in memory, come or gone. */
  onApicMoved(): void;
}

export class InterruptControllers {
  readonly pic: Pic8259Pair;
  readonly localApic: LocalApic;
  readonly ioApic: IoApic;
  private apicBase = BASE_AT_RESET;

  constructor(private readonly ports: InterruptControllersPorts) {
    const localApic = new LocalApic({
      ...ports,
      onEndOfInterrupt: (vector) => this.ioApic.endOfInterrupt(vector),
    });
    const ioApic = new IoApic({
      send: (message) => localApic.receive(message),
      onExternal: (level) => localApic.setIoApicExternal(level),
    });
    this.localApic = localApic;
    this.ioApic = ioApic;
    this.pic = new Pic8259Pair((level) => {
      localApic.setLint0(level);
      ioApic.setPin(PIC_PIN, level);
    });
  }

  /** Nothing can raise INTR before the guest writes to an interrupt controller. */
  get allMasked(): boolean {
    const { pic, localApic, ioApic } = this;
    if (localApic.listens || (localApic.accepts && ioApic.listens)) return false;
    return pic.allMasked || !(localApic.passesExternal || ioApic.passesExternal);
  }

  /** Some interrupt may come as a nonmaskable one. */
  get mayRaiseNmi(): boolean {
    return this.localApic.raisesNmi || this.ioApic.sendsNmi;
  }

  /** Where the local APIC's registers are in memory; null where they are not. */
  get localApicAddress(): bigint | null {
    const mode = this.apicBase & (BASE_EN | BASE_EXTD);
    return mode === BASE_EN ? this.apicBase & BASE_ADDRESS : null;
  }

  /** The wire of `irq`, 0 to 15 but for the cascade's 2. */
  line(irq: number): InterruptLine {
    const legacy = this.pic.line(irq);
    const pin = irq === TIMER_IRQ ? TIMER_PIN : irq;
    return {
      set: (level): void => {
        legacy.set(level);
        this.ioApic.setPin(pin, level);
      },
    };
  }

  /** An input of the I/O APIC that no IRQ has. */
  pin(input: number): InterruptLine {
    return { set: (level): void => this.ioApic.setPin(input, level) };
  }

  /** The processor's acknowledge: the vector. */
  acknowledge(): number {
    return this.localApic.acknowledge() ?? this.pic.acknowledge();
  }

  /** RDMSR of a register that the local APIC owns; null: #GP(0). */
  readMsr(msr: number): bigint | null {
    if (msr === MSR_TSC_DEADLINE) return this.localApic.tscDeadline;
    return this.localApic.readX2apic(msr - MSR_X2APIC);
  }

  /** WRMSR of one of these, or of a register that the processor has and that matters here; false: #GP(0). */
  writeMsr(msr: number, value: bigint): boolean {
    if (msr === MSR_TIME_STAMP_COUNTER) this.localApic.tscChanged();
    else if (msr === MSR_TSC_DEADLINE) this.localApic.tscDeadline = value;
    else if (msr === MSR_APIC_BASE) this.setApicBase(value);
    else return this.localApic.writeX2apic(msr - MSR_X2APIC, value);
    return true;
  }

  reset(): void {
    this.pic.reset();
    this.ioApic.reset();
    this.localApic.reset();
    this.apicBase = BASE_AT_RESET;
    this.ports.onApicMoved();
  }

  snapshot(): InterruptControllersState {
    return {
      pic: this.pic.snapshot(),
      localApic: this.localApic.snapshot(),
      ioApic: this.ioApic.snapshot(),
      apicBase: this.apicBase.toString(16),
    };
  }

  restore(state: InterruptControllersState): void {
    this.pic.restore(state.pic);
    this.localApic.restore(state.localApic);
    this.ioApic.restore(state.ioApic);
    this.apicBase = BigInt(`0x${state.apicBase}`);
    this.ports.onApicMoved();
  }

  /** The processor has checked the transition. */
  private setApicBase(value: bigint): void {
    this.apicBase = value;
    if ((value & BASE_EN) === 0n) this.localApic.setMode('disabled');
    else this.localApic.setMode((value & BASE_EXTD) === 0n ? 'xapic' : 'x2apic');
    this.ports.onApicMoved();
  }
}
