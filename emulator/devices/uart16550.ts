import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';
import type { InterruptLine } from './interrupt-line.js';
import type { SerialPeer } from './serial-peer.js';
import * as reg from './uart16550-registers.js';
import { UartReceiver, type ReceiverState } from './uart16550-receiver.js';
import { UartTransmitter, type TransmitterState, type UartMode } from './uart16550-transmitter.js';

/**
 * PC16550D UART on a PC's serial port: registers, interrupt priorities, modem signals, loop-back.
 *
 * Sources: [PC16550D] National Semiconductor, June 1995, "Registers", "FIFO Interrupt Mode Operation";
 * [IBM PC Technical Reference "Asynchronous Communications Adapter"] for OUT2, which gates the interrupt onto the bus.
 *
 * Not modelled: parity and framing are not on the line, only their time is (the host may hand in a character
 * with errors); a change of the divisor or of LCR takes effect with the next character; the DMA pins.
 */

export type { UartMode } from './uart16550-transmitter.js';

export interface UartState {
  readonly divisorLatch: number;
  readonly ier: number;
  readonly dmaModeSelect: boolean;
  readonly fifoEnabled: boolean;
  readonly lcr: number;
  readonly mcr: number;
  readonly msr: number;
  readonly modemInputs: number;
  readonly scr: number;
  readonly interruptPin: boolean;
  readonly transmitter: TransmitterState;
  readonly receiver: ReceiverState;
}

export interface UartPorts {
  readonly events: EventQueue;
  readonly domains: ClockDomains;
  readonly mode: UartMode;
  /** INTR, gated by OUT2. */
  readonly interrupt: InterruptLine;
  /** A character has left on the line; `cycle` is the end of its stop bit. */
  onTransmit(byte: number, cycle: number): void;
  /** A byte never left: written to a full transmitter, or sent during a break. */
  onTransmitLost(byte: number, cycle: number): void;
  /** The other end of the cable, where somebody may send. */
  readonly peer?: SerialPeer;
}

/** Divisor latch at power-on (the data sheet leaves it undefined): 9600 baud. */
const DIVISOR_LATCH_AT_POWER_ON = 12;

/** The other end of the cable is there and ready, nobody rings. */
const MODEM_INPUTS_AT_POWER_ON = reg.MSR_CTS | reg.MSR_DSR | reg.MSR_DCD;

export class Uart16550 implements PortDevice<UartState> {
  private divisorLatch = DIVISOR_LATCH_AT_POWER_ON;
  private ier = 0;
  private dmaModeSelect = false;
  private fifoEnabled = false;
  private lcr = 0;
  private mcr = 0;
  private msr = MODEM_INPUTS_AT_POWER_ON;
  private modemInputs = MODEM_INPUTS_AT_POWER_ON;
  private scr = 0;
  private interruptPin = false;
  private couldReceive = true;
  private readonly format = {
    divisor: reg.effectiveDivisor(DIVISOR_LATCH_AT_POWER_ON),
    lcr: 0,
  };
  private readonly transmitter: UartTransmitter;
  private readonly receiver: UartReceiver;

  constructor(private readonly ports: UartPorts) {
    const onChange = (): void => this.update();
    const { events, domains, mode } = ports;
    this.transmitter = new UartTransmitter(events, domains, mode, {
      format: this.format,
      onCharacter: (byte) => this.onCharacterSent(byte),
      onLost: (byte) => ports.onTransmitLost(byte, events.nowCycles),
      onChange,
    });
    this.receiver = new UartReceiver(events, domains, mode, { format: this.format, onChange });
  }

  /** Whether `receive` may be called now without loss: the line is idle, the receiver has room. */
  get canReceive(): boolean {
    return this.receiver.lineIdle && this.receiver.hasRoom && !this.looped;
  }

  /** IER bit 0: a received character raises the interrupt. */
  get receivedDataInterruptEnabled(): boolean {
    return (this.ier & reg.IER_ERBFI) !== 0;
  }

  /** Whether a character may begin to arrive: `receive` on an idle line, which overruns a full receiver. */
  get lineIdle(): boolean {
    return this.receiver.lineIdle;
  }

  /**
   * A character begins to arrive from the other end; it is in the receiver one character time later.
   * `errors`: LSR bits PE, FE, BI that the receiver will find. Nothing is heard during loop-back.
   */
  receive(byte: number, errors = 0): void {
    if (this.looped) return;
    this.receiver.receive(byte & reg.wordMask(this.lcr), errors);
    this.update();
  }

  /** The other end's modem lines, as MSR bits CTS, DSR, RI, DCD. */
  setModemInputs(inputs: number): void {
    this.modemInputs = inputs & reg.MSR_INPUTS;
    this.updateModemStatus();
  }

  readPort(offset: number): number {
    switch (offset) {
      case reg.LSR: {
        const status = this.receiver.lineStatus | this.transmitter.lineStatus;
        this.receiver.clearErrors();
        this.ports.peer?.onLineStatusRead();
        return status;
      }
      case reg.RBR_THR_DLL:
        return this.dlab ? this.divisorLatch & 0xff : this.receiver.read();
      case reg.IER_DLM:
        return this.dlab ? this.divisorLatch >> 8 : this.ier;
      case reg.IIR_FCR:
        return this.readInterruptIdentification();
      case reg.LCR:
        return this.lcr;
      case reg.MCR:
        return this.mcr;
      case reg.MSR: {
        const status = this.msr;
        this.msr &= ~reg.MSR_DELTAS;
        this.update();
        return status;
      }
      default:
        return this.scr;
    }
  }

  writePort(offset: number, _widthBytes: PortWidthBytes, value: number): void {
    this.writeRegister(offset, value);
    this.ports.peer?.onRegisterWrite();
  }

  private writeRegister(offset: number, value: number): void {
    switch (offset) {
      case reg.RBR_THR_DLL:
        if (this.dlab) this.setDivisorLatch((this.divisorLatch & 0xff00) | value);
        else this.transmitter.write(value);
        break;
      case reg.IER_DLM:
        if (this.dlab) this.setDivisorLatch((this.divisorLatch & 0x00ff) | (value << 8));
        else this.writeInterruptEnable(value & reg.IER_MASK);
        break;
      case reg.IIR_FCR:
        this.writeFifoControl(value);
        break;
      case reg.LCR:
        this.writeLineControl(value);
        break;
      case reg.MCR:
        this.mcr = value & reg.MCR_MASK;
        this.updateModemStatus();
        break;
      case reg.SCR:
        this.scr = value;
        break;
      default: // LSR and MSR: "intended for read operations only"
        break;
    }
  }

  /**
   * All but RBR: errors, deltas and the THRE interrupt are gone after the first read. The other end takes reads of LSR for a
   * wish to receive.
   */
  readsAreSteady(offset: number): boolean {
    if (offset === reg.LSR && this.ports.peer?.pending === true && this.canReceive) return false;
    return offset !== reg.RBR_THR_DLL;
  }

  /** A character is on its way out. */
  get isTransmitting(): boolean {
    return this.transmitter.isBusy;
  }

  isSettled(): boolean {
    if (this.ports.peer?.open === true) return false;
    return !this.transmitter.isBusy && !this.receiver.isBusy;
  }

  reset(): void {
    this.setDivisorLatch(DIVISOR_LATCH_AT_POWER_ON);
    this.ier = 0;
    this.dmaModeSelect = false;
    this.fifoEnabled = false;
    this.lcr = 0;
    this.format.lcr = 0;
    this.mcr = 0;
    this.modemInputs = MODEM_INPUTS_AT_POWER_ON;
    this.msr = MODEM_INPUTS_AT_POWER_ON;
    this.scr = 0;
    this.couldReceive = false;
    this.transmitter.reset();
    this.receiver.reset();
    this.update();
  }

  snapshot(): UartState {
    return {
      divisorLatch: this.divisorLatch,
      ier: this.ier,
      dmaModeSelect: this.dmaModeSelect,
      fifoEnabled: this.fifoEnabled,
      lcr: this.lcr,
      mcr: this.mcr,
      msr: this.msr,
      modemInputs: this.modemInputs,
      scr: this.scr,
      interruptPin: this.interruptPin,
      transmitter: this.transmitter.snapshot(),
      receiver: this.receiver.snapshot(),
    };
  }

  restore(state: UartState): void {
    this.setDivisorLatch(state.divisorLatch);
    this.ier = state.ier;
    this.dmaModeSelect = state.dmaModeSelect;
    this.fifoEnabled = state.fifoEnabled;
    this.lcr = state.lcr;
    this.format.lcr = state.lcr;
    this.mcr = state.mcr;
    this.msr = state.msr;
    this.modemInputs = state.modemInputs;
    this.scr = state.scr;
    this.interruptPin = state.interruptPin;
    this.transmitter.restore(state.transmitter);
    this.receiver.restore(state.receiver);
    this.couldReceive = this.canReceive;
  }

  private get dlab(): boolean {
    return (this.lcr & reg.LCR_DLAB) !== 0;
  }

  private get looped(): boolean {
    return (this.mcr & reg.MCR_LOOP) !== 0;
  }

  private setDivisorLatch(divisorLatch: number): void {
    this.divisorLatch = divisorLatch;
    this.format.divisor = reg.effectiveDivisor(divisorLatch);
  }

  private writeInterruptEnable(value: number): void {
    const newlyEnabled = value & ~this.ier;
    this.ier = value;
    if ((newlyEnabled & reg.IER_ETBEI) !== 0) this.transmitter.onInterruptEnabled();
    this.update();
  }

  /** The other bits are programmed only together with FCR0 [PC16550D "FIFO Control Register", bit 0]. */
  private writeFifoControl(value: number): void {
    this.fifoEnabled = (value & reg.FCR_FIFO_ENABLE) !== 0;
    this.transmitter.enableFifo(this.fifoEnabled);
    this.receiver.enableFifo(this.fifoEnabled);
    if (!this.fifoEnabled) return;
    if ((value & reg.FCR_RCVR_FIFO_RESET) !== 0) this.receiver.resetFifo();
    if ((value & reg.FCR_XMIT_FIFO_RESET) !== 0) this.transmitter.resetFifo();
    this.dmaModeSelect = (value & reg.FCR_DMA_MODE_SELECT) !== 0;
    this.receiver.setTrigger(reg.RCVR_TRIGGER_BYTES[value >> reg.FCR_TRIGGER_SHIFT] ?? 1);
  }

  private writeLineControl(value: number): void {
    const breakStarts = (value & ~this.lcr & reg.LCR_BREAK) !== 0;
    this.lcr = value;
    this.format.lcr = value;
    if (breakStarts && this.looped) this.receiver.deliver(0, reg.LSR_BI);
  }

  private readInterruptIdentification(): number {
    const identification = this.interruptIdentification();
    if (identification === reg.IIR_THRE) {
      this.transmitter.clearThreInterrupt();
      this.update();
    }
    return identification | (this.fifoEnabled ? reg.IIR_FIFOS_ENABLED : 0);
  }

  /** The pending interrupt of the highest priority [PC16550D Table IV "Interrupt Control Functions"]. */
  private interruptIdentification(): number {
    const { ier, receiver } = this;
    if (ier === 0) return reg.IIR_NONE;
    const lineErrors = receiver.lineStatus & (reg.LSR_OE | reg.LSR_CHARACTER_ERRORS);
    if ((ier & reg.IER_ELSI) !== 0 && lineErrors !== 0) return reg.IIR_LINE_STATUS;
    if ((ier & reg.IER_ERBFI) !== 0) {
      if (receiver.timeoutInterrupt) return reg.IIR_CHARACTER_TIMEOUT;
      if (receiver.dataInterrupt) return reg.IIR_RECEIVED_DATA;
    }
    if ((ier & reg.IER_ETBEI) !== 0 && this.transmitter.threInterrupt) return reg.IIR_THRE;
    if ((ier & reg.IER_EDSSI) !== 0 && (this.msr & reg.MSR_DELTAS) !== 0) {
      return reg.IIR_MODEM_STATUS;
    }
    return reg.IIR_NONE;
  }

  private onCharacterSent(byte: number): void {
    const cycle = this.ports.events.nowCycles;
    if (this.looped) this.receiver.deliver(byte, 0);
    else if ((this.lcr & reg.LCR_BREAK) !== 0) this.ports.onTransmitLost(byte, cycle);
    else this.ports.onTransmit(byte, cycle);
  }

  /** In loop-back the modem control outputs are the inputs [PC16550D "Modem Control Register", bit 4]. */
  private updateModemStatus(): void {
    const inputs = this.looped ? loopedModemInputs(this.mcr) : this.modemInputs;
    const before = this.msr & reg.MSR_INPUTS;
    const changed = before ^ inputs;
    let deltas = this.msr & reg.MSR_DELTAS;
    if ((changed & reg.MSR_CTS) !== 0) deltas |= reg.MSR_DCTS;
    if ((changed & reg.MSR_DSR) !== 0) deltas |= reg.MSR_DDSR;
    if ((changed & before & reg.MSR_RI) !== 0) deltas |= reg.MSR_TERI;
    if ((changed & reg.MSR_DCD) !== 0) deltas |= reg.MSR_DDCD;
    this.msr = inputs | deltas;
    this.update();
  }

  /** Drives the interrupt line and tells the host that it may send. OUT2's pin is inactive during loop-back. */
  private update(): void {
    const gate = (this.mcr & (reg.MCR_OUT2 | reg.MCR_LOOP)) === reg.MCR_OUT2;
    const level = gate && this.interruptIdentification() !== reg.IIR_NONE;
    if (level !== this.interruptPin) {
      this.interruptPin = level;
      this.ports.interrupt.set(level);
    }
    const canReceive = this.canReceive;
    const becameReady = canReceive && !this.couldReceive;
    this.couldReceive = canReceive;
    if (becameReady) this.ports.peer?.onReceiveReady();
  }
}

function loopedModemInputs(mcr: number): number {
  return (
    ((mcr & reg.MCR_RTS) !== 0 ? reg.MSR_CTS : 0) |
    ((mcr & reg.MCR_DTR) !== 0 ? reg.MSR_DSR : 0) |
    ((mcr & reg.MCR_OUT1) !== 0 ? reg.MSR_RI : 0) |
    ((mcr & reg.MCR_OUT2) !== 0 ? reg.MSR_DCD : 0)
  );
}
