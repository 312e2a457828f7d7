/** Expectations: PC16550D, June 1995: "FIFO Interrupt Mode Operation", registers RBR and LSR. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  CHARACTER_8N1,
  FCR,
  IIR,
  LSR,
  RBR,
  arrive,
  build,
  irq,
  pass,
  read,
  ready,
  setUp,
  uart,
  write,
} from '../../tests/guests/uart16550-bench.js';

beforeEach(() => build('real'));

describe('PC16550D receiver', () => {
  it('has a character one character time after it began to arrive', () => {
    setUp();
    uart.receive(0x5a);
    pass(CHARACTER_8N1 - 1);
    expect(read(LSR)).toBe(0x60);
    pass(1);
    expect(read(LSR)).toBe(0x61);
    expect(read(RBR)).toBe(0x5a);
    expect(read(LSR)).toBe(0x60);
  });

  it('overruns without FIFO: the new character destroys the old one; OE lasts until LSR is read', () => {
    setUp();
    arrive(0x41);
    arrive(0x42);
    expect(read(LSR)).toBe(0x63);
    expect(read(LSR)).toBe(0x61);
    expect(read(RBR)).toBe(0x42);
  });

  it('overruns a full FIFO: the FIFO stays as it is', () => {
    setUp({ fcr: 0x01 });
    for (let byte = 0; byte < 17; byte++) arrive(byte);
    expect(read(LSR) & 0x02).toBe(0x02);
    const bytes: number[] = [];
    while ((read(LSR) & 0x01) !== 0) bytes.push(read(RBR));
    expect(bytes).toEqual(Array.from({ length: 16 }, (_, byte) => byte));
  });

  it.each([
    [0x01, 1],
    [0x41, 4],
    [0x81, 8],
    [0xc1, 14],
  ])('interrupts with FCR %i at %i bytes and stops below', (fcr, trigger) => {
    setUp({ fcr, ier: 0x01 });
    for (let count = 1; count < trigger; count++) {
      arrive(count);
      expect(irq).toBe(false);
    }
    arrive(trigger);
    expect(irq).toBe(true);
    expect(read(IIR)).toBe(0xc4);
    read(RBR);
    expect(irq).toBe(false);
  });

  it('times out four character times after the last character', () => {
    setUp({ fcr: 0xc1, ier: 0x01 });
    arrive(0x41);
    arrive(0x42);
    pass(4 * CHARACTER_8N1 - 1);
    expect(irq).toBe(false);
    pass(1);
    expect(irq).toBe(true);
    expect(read(IIR)).toBe(0xcc);
    expect(read(IIR)).toBe(0xcc); // only reading a character clears it
    expect(read(RBR)).toBe(0x41);
    expect(irq).toBe(false);
    pass(4 * CHARACTER_8N1); // one is left, and the timer was reset by the read
    expect(read(IIR)).toBe(0xcc);
    read(RBR);
    pass(100 * CHARACTER_8N1);
    expect(read(IIR)).toBe(0xc1);
  });

  it('restarts the time-out with every read and every character', () => {
    setUp({ fcr: 0xc1, ier: 0x01 });
    arrive(1);
    arrive(2);
    pass(3 * CHARACTER_8N1);
    read(RBR);
    pass(2 * CHARACTER_8N1);
    arrive(3);
    pass(4 * CHARACTER_8N1 - 1);
    expect(irq).toBe(false);
    pass(1);
    expect(irq).toBe(true);
  });

  it('shows the errors of a FIFO character when it is on top, and LSR7 while any are inside', () => {
    setUp({ fcr: 0x01 });
    arrive(0x41);
    arrive(0x42, 0x04); // parity
    arrive(0x43, 0x18); // break, framing
    expect(read(LSR)).toBe(0xe1);
    read(RBR);
    expect(read(LSR)).toBe(0xe5);
    expect(read(LSR)).toBe(0xe1); // the top's error is gone, the next one's is still inside
    read(RBR);
    expect(read(LSR)).toBe(0xf9);
    expect(read(LSR)).toBe(0x61);
  });

  it('empties the FIFO by FCR bit 1', () => {
    setUp({ fcr: 0x01 });
    arrive(0x41);
    write(FCR, 0x03);
    expect(read(LSR)).toBe(0x60);
  });

  it('says when it can receive, and asks for more when it can again', () => {
    setUp();
    expect(uart.canReceive).toBe(true);
    uart.receive(0x41);
    expect([uart.canReceive, uart.lineIdle]).toEqual([false, false]);
    pass(CHARACTER_8N1);
    expect([uart.canReceive, uart.lineIdle]).toEqual([false, true]);
    expect(ready).toBe(0);
    read(RBR);
    expect([uart.canReceive, ready]).toEqual([true, 1]);
  });
});
