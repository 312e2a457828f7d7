import { beforeEach, describe, expect, it } from 'vitest';
import { InvariantViolation } from '../base/errors.js';
import { Pic8259Pair } from './pic8259-pair.js';

/** Expectations: Intel 8259A data sheet, December 1988, "Programming the 8259A", "Interrupt Sequence". */

let pic: Pic8259Pair;
let intr: boolean[];

const master = (offset: number, value: number): void => pic.master.writePort(offset, 1, value);
const slave = (offset: number, value: number): void => pic.slave.writePort(offset, 1, value);
const raise = (irq: number): void => pic.line(irq).set(true);
const lower = (irq: number): void => pic.line(irq).set(false);
const pulse = (irq: number): void => {
  lower(irq);
  raise(irq);
};
const readIsr = (chip: 'master' | 'slave' = 'master'): number => {
  pic[chip].writePort(0, 1, 0x0b);
  return pic[chip].readPort(0);
};
const readIrr = (chip: 'master' | 'slave' = 'master'): number => {
  pic[chip].writePort(0, 1, 0x0a);
  return pic[chip].readPort(0);
};

/** As every PC operating system does: vectors 0x20 and 0x28. */
function initialise(icw4Master = 0x01, icw1 = 0x11): void {
  master(0, icw1);
  master(1, 0x20);
  master(1, 0x04);
  master(1, icw4Master);
  slave(0, icw1);
  slave(1, 0x28);
  slave(1, 0x02);
  slave(1, 0x01);
}

beforeEach(() => {
  intr = [];
  pic = new Pic8259Pair((level) => intr.push(level));
  initialise();
});

describe('8259A initialisation', () => {
  it('clears the mask and needs a new edge on a line that is high', () => {
    master(1, 0xff);
    raise(4);
    initialise();
    expect(pic.master.readPort(1)).toBe(0);
    expect(pic.intr).toBe(false);
    pulse(4);
    expect(pic.acknowledge()).toBe(0x24);
  });

  it('takes no ICW4 without IC4, and no ICW3 with SNGL', () => {
    master(0, 0x12);
    master(1, 0x40);
    master(1, 0xfe); // already OCW1
    expect(pic.master.readPort(1)).toBe(0xfe);
    raise(0);
    expect(pic.acknowledge()).toBe(0x40);
  });

  it('ignores the low three bits of ICW2', () => {
    master(0, 0x11);
    for (const word of [0x2f, 0x04, 0x01]) master(1, word);
    raise(1);
    expect(pic.acknowledge()).toBe(0x29);
  });
});

describe('8259A requests', () => {
  it.each([0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])(
    'IRQ %i yields its vector, once for an edge',
    (irq) => {
      raise(irq);
      expect(pic.intr).toBe(true);
      expect(pic.acknowledge()).toBe(0x20 + irq);
      expect(pic.intr).toBe(false);
      slave(0, 0x20);
      master(0, 0x20);
      expect(pic.intr).toBe(false);
    },
  );

  it('has no line for the cascade', () => {
    expect(() => pic.line(2)).toThrow(InvariantViolation);
  });

  it('serves the highest priority first, and lower ones after EOI', () => {
    for (const irq of [4, 1, 6]) raise(irq);
    const served: number[] = [];
    for (let count = 0; count < 3; count++) {
      served.push(pic.acknowledge());
      expect(pic.intr).toBe(false);
      master(0, 0x20);
    }
    expect(served).toEqual([0x21, 0x24, 0x26]);
  });

  it('nests: a higher priority interrupts a lower one in service, not the other way', () => {
    raise(4);
    pic.acknowledge();
    raise(5);
    expect(pic.intr).toBe(false);
    raise(0);
    expect(pic.acknowledge()).toBe(0x20);
    expect(readIsr()).toBe(0x11);
    master(0, 0x20);
    expect(readIsr()).toBe(0x10);
  });

  it('keeps a masked request pending and delivers it when unmasked', () => {
    master(1, 0x10);
    raise(4);
    expect(pic.intr).toBe(false);
    expect(readIrr()).toBe(0x10);
    master(1, 0x00);
    expect(pic.intr).toBe(true);
    master(1, 0x10);
    expect(pic.intr).toBe(false);
    expect(intr).toEqual([true, false]);
  });

  it('yields a spurious IRQ 7 with nothing in service when the request is gone', () => {
    raise(4);
    lower(4);
    expect(pic.acknowledge()).toBe(0x27);
    expect(readIsr()).toBe(0);
  });

  it('yields a spurious IRQ 15 with the cascade in service when the slave has lost its request', () => {
    raise(12);
    slave(1, 0xff); // INT of the slave falls, so the master's request goes too
    expect(pic.acknowledge()).toBe(0x27);
    slave(1, 0x00);
    pic.master.setInput(2, false);
    lower(12);
    pic.master.setInput(2, true);
    expect(pic.acknowledge()).toBe(0x2f);
    expect(readIsr('slave')).toBe(0);
    expect(readIsr('master')).toBe(0x04);
  });

  it('knows when every line is masked', () => {
    expect(pic.allMasked).toBe(false);
    master(1, 0xfb);
    expect(pic.allMasked).toBe(false);
    slave(1, 0xff);
    expect(pic.allMasked).toBe(true);
    slave(1, 0xfe);
    expect(pic.allMasked).toBe(false);
    master(1, 0xff);
    expect(pic.allMasked).toBe(true);
  });
});

describe('8259A cascade', () => {
  it('delivers two requests of the slave one after the other', () => {
    raise(12);
    raise(9);
    expect(pic.acknowledge()).toBe(0x29);
    expect(readIsr('master')).toBe(0x04);
    slave(0, 0x20);
    master(0, 0x20);
    expect(pic.acknowledge()).toBe(0x2c);
  });

  it('holds back a higher request of the same slave in fully nested mode', () => {
    raise(12);
    pic.acknowledge();
    raise(8);
    expect(pic.intr).toBe(false);
    master(0, 0x20);
    expect(pic.acknowledge()).toBe(0x28);
  });

  it('lets it through in special fully nested mode', () => {
    initialise(0x11);
    raise(12);
    pic.acknowledge();
    raise(8);
    expect(pic.intr).toBe(true);
    expect(pic.acknowledge()).toBe(0x28);
  });
});

describe('8259A end of interrupt and rotation', () => {
  it('ends a specific level', () => {
    raise(5);
    pic.acknowledge();
    raise(1);
    pic.acknowledge();
    master(0, 0x65);
    expect(readIsr()).toBe(0x02);
  });

  it('automatic EOI leaves nothing in service', () => {
    initialise(0x03);
    raise(3);
    expect(pic.acknowledge()).toBe(0x23);
    expect(readIsr()).toBe(0);
    pulse(3);
    expect(pic.intr).toBe(true);
  });

  it('rotates on non-specific EOI: the served line becomes the lowest', () => {
    raise(4);
    pic.acknowledge();
    master(0, 0xa0);
    raise(3);
    raise(5);
    pulse(4);
    const served: number[] = [];
    for (let count = 0; count < 3; count++) {
      served.push(pic.acknowledge());
      master(0, 0x20);
    }
    expect(served).toEqual([0x25, 0x23, 0x24]);
  });

  it('rotates on specific EOI to the given line', () => {
    raise(6);
    pic.acknowledge();
    master(0, 0xe6);
    expect(readIsr()).toBe(0);
    raise(0);
    raise(7);
    expect(pic.acknowledge()).toBe(0x27);
  });

  it('sets the lowest priority by command', () => {
    master(0, 0xc5);
    raise(5);
    raise(6);
    expect(pic.acknowledge()).toBe(0x26);
  });

  it('rotates in automatic EOI mode while that is set', () => {
    initialise(0x03);
    master(0, 0x80);
    raise(0);
    expect(pic.acknowledge()).toBe(0x20);
    pulse(0);
    raise(1);
    expect(pic.acknowledge()).toBe(0x21);
    master(0, 0x00);
    expect(pic.acknowledge()).toBe(0x20);
    pulse(0);
    pulse(3);
    expect(pic.acknowledge()).toBe(0x23); // line 1 is still the lowest
  });
});

describe('8259A special mask mode', () => {
  it('lets lower priorities through while a masked level is in service, and EOI spares that level', () => {
    raise(3);
    pic.acknowledge();
    raise(6);
    expect(pic.intr).toBe(false);
    master(1, 0x08);
    expect(pic.intr).toBe(false);
    master(0, 0x68);
    expect(pic.intr).toBe(true);
    expect(pic.acknowledge()).toBe(0x26);
    expect(readIsr()).toBe(0x48);
    master(0, 0x20);
    expect(readIsr()).toBe(0x08);
    master(0, 0x48);
    pulse(6);
    expect(pic.intr).toBe(false);
  });
});

describe('8259A poll and status', () => {
  it('acknowledges by a poll: bit 7 and the level, then normal reads again', () => {
    raise(5);
    raise(6);
    master(0, 0x0c);
    expect(pic.master.readPort(0)).toBe(0x85);
    expect(readIsr()).toBe(0x20);
    master(0, 0x20);
    master(0, 0x0c);
    expect(pic.master.readPort(1)).toBe(0x86);
    master(0, 0x20);
    master(0, 0x0c);
    expect(pic.master.readPort(0)).toBe(0);
    expect(pic.master.readPort(1)).toBe(0);
  });

  it('reads IRR after initialisation and keeps what OCW3 selected', () => {
    raise(4);
    expect(pic.master.readPort(0)).toBe(0x10);
    pic.acknowledge();
    master(0, 0x0b);
    expect([pic.master.readPort(0), pic.master.readPort(0)]).toEqual([0x10, 0x10]);
    master(0, 0x08); // RR = 0: no change
    expect(pic.master.readPort(0)).toBe(0x10);
  });
});

describe('edge/level control', () => {
  it.each([
    [0, 0xff, 0xf8],
    [1, 0xff, 0xde],
  ])('register %i written with %i reads %i', (offset, value, expected) => {
    pic.edgeLevelControl.writePort(offset, 1, value);
    expect(pic.edgeLevelControl.readPort(offset, 1)).toBe(expected);
  });

  it('makes a line request as long as it is high', () => {
    pic.edgeLevelControl.writePort(0, 1, 0x20);
    raise(5);
    expect(pic.acknowledge()).toBe(0x25);
    master(0, 0x20);
    expect(pic.intr).toBe(true);
    lower(5);
    expect(pic.intr).toBe(false);
  });

  it('is what LTIM does to all lines', () => {
    initialise(0x01, 0x19);
    raise(1);
    pic.acknowledge();
    master(0, 0x20);
    expect(pic.acknowledge()).toBe(0x21);
  });
});

describe('8259A snapshot and reset', () => {
  it('restores requests, service and the output into another pair, which does not report a change', () => {
    raise(4);
    pic.acknowledge();
    raise(12);
    raise(1);
    const state = JSON.parse(JSON.stringify(pic.snapshot())) as ReturnType<Pic8259Pair['snapshot']>;
    const other = new Pic8259Pair((level) => intr.push(level));
    const reported = intr.length;
    other.restore(state);
    expect(intr.length).toBe(reported);
    expect(other.snapshot()).toEqual(state);
    expect(other.intr).toBe(true);
    expect(other.acknowledge()).toBe(0x21);
  });

  it('resets to the power-on state and takes INTR back', () => {
    const fresh = new Pic8259Pair(() => undefined).snapshot();
    raise(4);
    raise(12);
    expect(pic.intr).toBe(true);
    pic.reset();
    expect(pic.snapshot()).toEqual(fresh);
    expect(intr.at(-1)).toBe(false);
  });
});
