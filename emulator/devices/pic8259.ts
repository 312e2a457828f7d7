import { assert } from '../base/assert.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';

/**
 * Intel 8259A programmable interrupt controller, one chip. `pic8259-pair.ts` wires the two of a PC.
 *
 * Source: [8259A] Intel, "8259A Programmable Interrupt Controller", December 1988, "Programming the 8259A".
 * Not modelled: MCS-80/85 mode (ICW4 uPM=0 delivers vectors all the same), buffered mode's pin.
 */

const ICW1_IC4 = 1 << 0; // ICW4 follows
const ICW1_SNGL = 1 << 1; // no ICW3
const ICW1_LTIM = 1 << 3; // level triggered
const ICW1 = 1 << 4; // tells ICW1 from OCW2 and OCW3
const ICW4_AEOI = 1 << 1;
const ICW4_SFNM = 1 << 4; // special fully nested mode

const OCW3 = 1 << 3; // tells OCW3 from OCW2
const OCW3_RIS = 1 << 0;
const OCW3_RR = 1 << 1;
const OCW3_P = 1 << 2;
const OCW3_SMM = 1 << 5;
const OCW3_ESMM = 1 << 6;

/** OCW2 bits 7-5: R, SL, EOI. */
const OCW2_CLEAR_ROTATE_IN_AEOI = 0;
const OCW2_NON_SPECIFIC_EOI = 1;
const OCW2_SPECIFIC_EOI = 3;
const OCW2_SET_ROTATE_IN_AEOI = 4;
const OCW2_ROTATE_ON_NON_SPECIFIC_EOI = 5;
const OCW2_SET_PRIORITY = 6;
const OCW2_ROTATE_ON_SPECIFIC_EOI = 7;

const POLL_INTERRUPT = 1 << 7;
/** What an acknowledge yields when the request is gone [8259A "Interrupt Sequence"]. */
const DEFAULT_IR = 7;
const NONE = -1;

/** The initialisation word that the next write to A0=1 is. */
type InitialisationStep = 'ICW2' | 'ICW3' | 'ICW4' | 'done';

export interface Pic8259State {
  readonly inputs: number;
  readonly irr: number;
  readonly imr: number;
  readonly isr: number;
  readonly elcr: number;
  readonly vectorBase: number;
  readonly cascade: number;
  readonly levelTriggered: boolean;
  readonly single: boolean;
  readonly needsIcw4: boolean;
  readonly automaticEoi: boolean;
  readonly rotateInAutomaticEoi: boolean;
  readonly specialFullyNested: boolean;
  readonly specialMask: boolean;
  readonly readIsr: boolean;
  readonly pollNext: boolean;
  readonly lowestPriority: number;
  readonly initialisation: InitialisationStep;
  readonly int: boolean;
}

export interface Pic8259Ports {
  /** The INT output. */
  onInt(level: boolean): void;
  /** IR lines that a slave's INT drives, as a mask; 0 for a slave. */
  readonly slaveInputs: number;
  /** Lines that the edge/level control register may make level triggered. */
  readonly elcrMask: number;
}

export class Pic8259 implements PortDevice<Pic8259State> {
  private inputs = 0;
  private irr = 0;
  private imr = 0;
  private isr = 0;
  private elcr = 0;
  private vectorBase = 0;
  private cascade = 0;
  private levelTriggered = false;
  private single = false;
  private needsIcw4 = false;
  private automaticEoi = false;
  private rotateInAutomaticEoi = false;
  private specialFullyNested = false;
  private specialMask = false;
  private readIsr = false;
  private pollNext = false;
  private lowestPriority = 7;
  private initialisation: InitialisationStep = 'done';
  private intPin = false;

  constructor(private readonly ports: Pic8259Ports) {}

  /** The INT output. */
  get int(): boolean {
    return this.intPin;
  }

  /** The interrupt mask register. */
  get mask(): number {
    return this.imr;
  }

  /** Edge/level control register, bit n: IR n is level triggered. */
  get edgeLevelControl(): number {
    return this.elcr;
  }

  set edgeLevelControl(value: number) {
    this.elcr = value & this.ports.elcrMask;
    this.irr = (this.irr & ~this.levelMask) | (this.inputs & this.levelMask);
    this.update();
  }

  /** The IR input `line` (0 to 7) goes high or low. A request that is taken away before its acknowledge is gone. */
  setInput(line: number, level: boolean): void {
    const bit = 1 << line;
    if (((this.inputs & bit) !== 0) === level) return;
    if (level) {
      this.inputs |= bit;
      this.irr |= bit;
    } else {
      this.inputs &= ~bit;
      this.irr &= ~bit;
    }
    this.update();
  }

  /**
   * The INTA sequence: the requested line goes into service. Without a request the answer is IR 7 with nothing in
   * service (a spurious interrupt).
   * @returns the line, 0 to 7; the chip's vector is `vectorOf(line)`.
   */
  acknowledge(): number {
    const line = this.requestedLine();
    if (line === NONE) return DEFAULT_IR;
    const bit = 1 << line;
    if ((this.levelMask & bit) === 0) this.irr &= ~bit;
    if (this.automaticEoi) {
      if (this.rotateInAutomaticEoi) this.lowestPriority = line;
    } else {
      this.isr |= bit;
    }
    this.update();
    return line;
  }

  /** ICW2 gives bits 7-3, the line bits 2-0. */
  vectorOf(line: number): number {
    return this.vectorBase | line;
  }

  readPort(offset: number): number {
    if (this.pollNext) {
      this.pollNext = false;
      if (this.requestedLine() === NONE) return 0;
      return POLL_INTERRUPT | this.acknowledge();
    }
    if (offset === 1) return this.imr;
    return this.readIsr ? this.isr : this.irr;
  }

  writePort(offset: number, _widthBytes: PortWidthBytes, value: number): void {
    if (offset === 0) {
      if ((value & ICW1) !== 0) this.writeIcw1(value);
      else if ((value & OCW3) !== 0) this.writeOcw3(value);
      else this.writeOcw2(value);
    } else if (this.initialisation === 'done') {
      this.imr = value; // OCW1
    } else {
      this.writeNextIcw(value);
    }
    this.update();
  }

  readsAreSteady(): boolean {
    return true;
  }

  reset(): void {
    this.restore({
      inputs: 0,
      irr: 0,
      imr: 0,
      isr: 0,
      elcr: 0,
      vectorBase: 0,
      cascade: 0,
      levelTriggered: false,
      single: false,
      needsIcw4: false,
      automaticEoi: false,
      rotateInAutomaticEoi: false,
      specialFullyNested: false,
      specialMask: false,
      readIsr: false,
      pollNext: false,
      lowestPriority: 7,
      initialisation: 'done',
      int: this.intPin,
    });
    this.update();
  }

  snapshot(): Pic8259State {
    return {
      inputs: this.inputs,
      irr: this.irr,
      imr: this.imr,
      isr: this.isr,
      elcr: this.elcr,
      vectorBase: this.vectorBase,
      cascade: this.cascade,
      levelTriggered: this.levelTriggered,
      single: this.single,
      needsIcw4: this.needsIcw4,
      automaticEoi: this.automaticEoi,
      rotateInAutomaticEoi: this.rotateInAutomaticEoi,
      specialFullyNested: this.specialFullyNested,
      specialMask: this.specialMask,
      readIsr: this.readIsr,
      pollNext: this.pollNext,
      lowestPriority: this.lowestPriority,
      initialisation: this.initialisation,
      int: this.intPin,
    };
  }

  restore(state: Pic8259State): void {
    this.inputs = state.inputs;
    this.irr = state.irr;
    this.imr = state.imr;
    this.isr = state.isr;
    this.elcr = state.elcr;
    this.vectorBase = state.vectorBase;
    this.cascade = state.cascade;
    this.levelTriggered = state.levelTriggered;
    this.single = state.single;
    this.needsIcw4 = state.needsIcw4;
    this.automaticEoi = state.automaticEoi;
    this.rotateInAutomaticEoi = state.rotateInAutomaticEoi;
    this.specialFullyNested = state.specialFullyNested;
    this.specialMask = state.specialMask;
    this.readIsr = state.readIsr;
    this.pollNext = state.pollNext;
    this.lowestPriority = state.lowestPriority;
    this.initialisation = state.initialisation;
    this.intPin = state.int;
  }

  /** Lines whose request is their level. */
  private get levelMask(): number {
    return this.levelTriggered ? 0xff : this.elcr;
  }

  /** [8259A "Initialization Command Words 1 and 2"] a. to f. of what ICW1 does. */
  private writeIcw1(value: number): void {
    this.levelTriggered = (value & ICW1_LTIM) !== 0;
    this.single = (value & ICW1_SNGL) !== 0;
    this.needsIcw4 = (value & ICW1_IC4) !== 0;
    this.irr = this.inputs & this.levelMask; // an edge is needed again
    this.imr = 0;
    this.isr = 0;
    this.lowestPriority = 7;
    this.specialMask = false;
    this.readIsr = false;
    this.pollNext = false;
    this.automaticEoi = false;
    this.rotateInAutomaticEoi = false;
    this.specialFullyNested = false;
    this.initialisation = 'ICW2';
  }

  private writeNextIcw(value: number): void {
    switch (this.initialisation) {
      case 'ICW2':
        this.vectorBase = value & 0xf8;
        this.initialisation = this.single ? this.afterIcw3() : 'ICW3';
        break;
      case 'ICW3':
        this.cascade = value;
        this.initialisation = this.afterIcw3();
        break;
      case 'ICW4':
        this.automaticEoi = (value & ICW4_AEOI) !== 0;
        this.specialFullyNested = (value & ICW4_SFNM) !== 0;
        this.initialisation = 'done';
        break;
      case 'done':
        assert(false, 'an initialisation word after the last one');
    }
  }

  private afterIcw3(): InitialisationStep {
    return this.needsIcw4 ? 'ICW4' : 'done';
  }

  private writeOcw2(value: number): void {
    const line = value & 7;
    switch (value >> 5) {
      case OCW2_NON_SPECIFIC_EOI:
        this.nonSpecificEoi();
        break;
      case OCW2_ROTATE_ON_NON_SPECIFIC_EOI: {
        const ended = this.nonSpecificEoi();
        if (ended !== NONE) this.lowestPriority = ended;
        break;
      }
      case OCW2_SPECIFIC_EOI:
        this.isr &= ~(1 << line);
        break;
      case OCW2_ROTATE_ON_SPECIFIC_EOI:
        this.isr &= ~(1 << line);
        this.lowestPriority = line;
        break;
      case OCW2_SET_PRIORITY:
        this.lowestPriority = line;
        break;
      case OCW2_SET_ROTATE_IN_AEOI:
        this.rotateInAutomaticEoi = true;
        break;
      case OCW2_CLEAR_ROTATE_IN_AEOI:
        this.rotateInAutomaticEoi = false;
        break;
      default: // no operation
        break;
    }
  }

  /** Ends the service of the highest priority; in special mask mode a masked one is left in service. */
  private nonSpecificEoi(): number {
    const line = this.highest(this.specialMask ? this.isr & ~this.imr : this.isr);
    if (line !== NONE) this.isr &= ~(1 << line);
    return line;
  }

  private writeOcw3(value: number): void {
    if ((value & OCW3_ESMM) !== 0) this.specialMask = (value & OCW3_SMM) !== 0;
    if ((value & OCW3_P) !== 0) this.pollNext = true;
    if ((value & OCW3_RR) !== 0) this.readIsr = (value & OCW3_RIS) !== 0;
  }

  /** The line that an acknowledge would take, NONE when INT is low. */
  private requestedLine(): number {
    const requests = this.irr & ~this.imr;
    if (requests === 0) return NONE;
    const line = this.highest(requests);
    // In special mask mode a masked level in service inhibits nobody.
    const inhibiting = this.specialMask ? this.isr & ~this.imr : this.isr;
    const inService = this.highest(inhibiting);
    if (inService === NONE) return line;
    const nested = this.priorityOf(line) - this.priorityOf(inService);
    if (nested < 0) return line;
    // Special fully nested mode: a slave in service does not lock out further requests of the same slave.
    const fromSlave = ((1 << line) & this.ports.slaveInputs) !== 0;
    return nested === 0 && this.specialFullyNested && fromSlave ? line : NONE;
  }

  /** 0 is the highest priority: the line after the lowest one. */
  private priorityOf(line: number): number {
    return (line - this.lowestPriority - 1) & 7;
  }

  /** The line of the highest priority in `mask`, NONE where that is empty. */
  private highest(mask: number): number {
    if (mask === 0) return NONE;
    for (let priority = 0; priority < 8; priority++) {
      const line = (this.lowestPriority + 1 + priority) & 7;
      if ((mask & (1 << line)) !== 0) return line;
    }
    return NONE;
  }

  private update(): void {
    const level = this.requestedLine() !== NONE;
    if (level === this.intPin) return;
    this.intPin = level;
    this.ports.onInt(level);
  }
}
