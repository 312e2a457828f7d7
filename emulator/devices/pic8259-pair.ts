import { assert } from '../base/assert.js';
import type { PortDevice, PortWidthBytes } from '../memory/port-bus.js';
import type { InterruptLine } from './interrupt-line.js';
import { Pic8259, type Pic8259State } from './pic8259.js';

/**
 * The two cascaded 8259A of a PC/AT and the edge/level control registers.
 *
 *     IRQ 0, 1, 3-7 ──> master ──> INTR        IRQ 8-15 ──> slave ──> master IR 2
 *
 * Sources: [8259A "Cascade Mode"]; [82371SB] Intel, "82371SB PCI ISA IDE Xcelerator (PIIX3)", April 1997,
 * "ELCR1, ELCR2: Edge/Level Control Registers".
 */

const CASCADE_LINE = 2;
/** IRQ 0, 1, 2, 8 and 13 are always edge triggered. */
const ELCR1_MASK = 0xf8;
const ELCR2_MASK = 0xde;

export interface Pic8259PairState {
  readonly master: Pic8259State;
  readonly slave: Pic8259State;
}

export class Pic8259Pair {
  readonly master: Pic8259;
  readonly slave: Pic8259;
  /** Offset 0: ELCR1 for IRQ 0-7; offset 1: ELCR2 for IRQ 8-15. */
  readonly edgeLevelControl: PortDevice<null>;

  /** @param onIntr the INTR pin of the processor changes */
  constructor(onIntr: (level: boolean) => void) {
    const master = new Pic8259({
      onInt: onIntr,
      slaveInputs: 1 << CASCADE_LINE,
      elcrMask: ELCR1_MASK,
    });
    const slave = new Pic8259({
      onInt: (level) => master.setInput(CASCADE_LINE, level),
      slaveInputs: 0,
      elcrMask: ELCR2_MASK,
    });
    this.master = master;
    this.slave = slave;
    this.edgeLevelControl = edgeLevelControlRegisters(master, slave);
  }

  /** The INTR pin: an interrupt is requested. */
  get intr(): boolean {
    return this.master.int;
  }

  /** Every line is masked: INTR cannot rise before a register is written. */
  get allMasked(): boolean {
    const open = ~this.master.mask & 0xff;
    return open === 0 || (open === 1 << CASCADE_LINE && this.slave.mask === 0xff);
  }

  /** The wire of `irq`, 0 to 15 but for the cascade's 2. */
  line(irq: number): InterruptLine {
    assert(irq >= 0 && irq <= 15 && irq !== CASCADE_LINE, `no device has IRQ ${irq}`);
    const chip = irq < 8 ? this.master : this.slave;
    return { set: (level): void => chip.setInput(irq & 7, level) };
  }

  /** The processor's interrupt acknowledge cycles: the vector, 0 to 255. */
  acknowledge(): number {
    const line = this.master.acknowledge();
    if (line !== CASCADE_LINE) return this.master.vectorOf(line);
    const slaveLine = this.slave.acknowledge();
    // The slave's INT may stay high for its next request: the master needs a new edge for it.
    if (this.slave.int) {
      this.master.setInput(CASCADE_LINE, false);
      this.master.setInput(CASCADE_LINE, true);
    }
    return this.slave.vectorOf(slaveLine);
  }

  reset(): void {
    this.slave.reset();
    this.master.reset();
  }

  snapshot(): Pic8259PairState {
    return { master: this.master.snapshot(), slave: this.slave.snapshot() };
  }

  restore(state: Pic8259PairState): void {
    this.master.restore(state.master);
    this.slave.restore(state.slave);
  }
}

/** Their contents are part of the chips' states. */
function edgeLevelControlRegisters(master: Pic8259, slave: Pic8259): PortDevice<null> {
  return {
    readPort: (offset) => (offset === 0 ? master : slave).edgeLevelControl,
    writePort: (offset: number, _widthBytes: PortWidthBytes, value: number): void => {
      (offset === 0 ? master : slave).edgeLevelControl = value;
    },
    readsAreSteady: () => true,
    reset: (): void => undefined,
    snapshot: () => null,
    restore: (): void => undefined,
  };
}
