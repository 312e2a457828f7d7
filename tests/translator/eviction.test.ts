/** Translated code is bounded and forgotten: regions that die with their code, that are too many, that are made again. */
import { describe, expect, it } from 'vitest';
import {
  FRAME_INFO,
  FRAME_INFO_BYTES,
  FRAME_REGIONS_LOST,
  TRANSLATION_FORCED,
} from '../../emulator/isa/state-layout.js';
import { CODE } from '../instructions/guest-machine.js';
import { TierMachine } from './tier-comparison.js';

const PAGE_BYTES = 0x1000n;
const FIRST_PAGE = 0x20_0000n;

/** MOV ECX, passes; ADD EAX, ECX; DEC ECX; JNZ; HLT */
function summing(passes: number): Uint8Array {
  const count = new Uint8Array(Uint32Array.of(passes).buffer);
  return Uint8Array.from([0xb9, ...count, 0x01, 0xc8, 0xff, 0xc9, 0x75, 0xfa, 0xf4]);
}

function sum(passes: number): bigint {
  return BigInt((passes * (passes + 1)) / 2);
}

describe('regions', () => {
  it('never exceed their number, and loops that come back are translated again', () => {
    const tier = new TierMachine(10, { regionsMax: 8 });
    for (let round = 0; round < 3; round++) {
      for (let page = 0n; page < 20n; page++) {
        tier.load(FIRST_PAGE + page * PAGE_BYTES, summing(50), { rax: 0n });
        tier.machine.runToHalt();
        expect(tier.machine.register('rax')).toBe(sum(50));
        expect(tier.translator?.count).toBeLessThanOrEqual(8);
      }
    }
    expect(tier.translator?.made).toBeGreaterThan(20);
  });

  it('never exceed their bytes', () => {
    const tier = new TierMachine(10, { bytesMax: 2000 });
    for (let page = 0n; page < 20n; page++) {
      tier.load(FIRST_PAGE + page * PAGE_BYTES, summing(50), {});
      tier.machine.runToHalt();
      expect(tier.translator?.bytes).toBeLessThanOrEqual(2000);
    }
    expect(tier.translator?.made).toBe(20);
  });

  it('die with their code, and what is written there next is executed', () => {
    const tier = new TierMachine(10);
    tier.load(CODE, summing(100), { rax: 0n });
    tier.machine.runToHalt();
    expect(tier.translator?.count).toBe(1);
    tier.machine.processor.write(CODE + 6n, Uint8Array.of(0xd0)); // ADD EAX, EDX
    expect(tier.translator?.count).toBe(0);
    tier.machine.processor.rip = CODE;
    tier.machine.setRegisters({ rax: 0n, rdx: 3n });
    tier.machine.runToHalt();
    expect(tier.machine.register('rax')).toBe(300n);
  });

  it('of code that is rewritten for ever are made less and less often', () => {
    const tier = new TierMachine(10);
    const rewrites = 2000;
    for (let round = 1; round <= rewrites; round++) {
      tier.load(CODE, summing(100 + (round % 7)), { rax: 0n });
      tier.machine.runToHalt();
      expect(tier.machine.register('rax')).toBe(sum(100 + (round % 7)));
      expect(tier.translator?.count).toBeLessThanOrEqual(1);
    }
    expect(tier.translator?.made).toBeGreaterThan(1);
    expect(tier.translator?.made).toBeLessThan(20);
  });

  it('of code that is patched once or twice come back as soon as before', () => {
    const tier = new TierMachine(40);
    for (let patches = 0; patches < 3; patches++) {
      tier.load(CODE, summing(50 + patches), { rax: 0n });
      tier.machine.runToHalt();
      expect(tier.translator?.made).toBe(patches + 1);
    }
  });

  it('leave nothing behind when code is rewritten and translated again for ever', () => {
    const tier = new TierMachine(TRANSLATION_FORCED);
    const round = (number: number): void => {
      tier.load(CODE, summing(100 + (number % 7)), { rax: 0n });
      tier.machine.runToHalt();
    };
    round(1);
    round(2);
    const places = tier.places();
    const bytes = tier.translator?.bytes ?? 0;
    for (let number = 3; number <= 300; number++) round(number);
    expect(tier.translator?.made).toBeGreaterThan(300);
    expect(tier.places()).toBe(places);
    expect(tier.translator?.bytes).toBe(bytes);
  });

  it('live through a flush of translations, and end with the decoded code', () => {
    const tier = new TierMachine(10);
    tier.load(CODE, summing(100), { rax: 0n });
    tier.machine.runToHalt();
    tier.machine.processor.setControlRegister('cr3', 0x1000n);
    tier.machine.processor.rip = CODE;
    tier.machine.setRegisters({ rax: 0n });
    tier.machine.runToHalt();
    expect(tier.machine.register('rax')).toBe(sum(100));
    expect(tier.translator?.made).toBe(1);
  });
});

describe('an instruction that crosses a page', () => {
  const secondPage = 0xa000n;
  const at = secondPage - 8n;
  /** MOV ECX, 100; NOP; ADD EAX, 5, of which three bytes lie in the second page; DEC ECX; JNZ to the NOP; HLT */
  const code = Uint8Array.from([
    ...[0xb9, 100, 0, 0, 0, 0x90, 0x05, 5, 0, 0, 0, 0xff, 0xc9, 0x75, 0xf6, 0xf4],
  ]);

  it.each([
    ['first', secondPage - 1n, 7n],
    ['second', secondPage, 0x705n],
  ] as const)('is translated, and a store to its %s page ends that', (_, byte, addend) => {
    const tier = new TierMachine(10);
    tier.load(at, code, { rax: 0n });
    tier.machine.runToHalt();
    expect(tier.machine.register('rax')).toBe(500n);
    expect(tier.translator?.count).toBeGreaterThan(0);
    tier.machine.processor.write(byte, Uint8Array.of(7));
    expect(tier.translator?.count).toBe(0);
    tier.machine.processor.rip = at;
    tier.machine.setRegisters({ rax: 0n });
    tier.machine.runToHalt();
    expect(tier.machine.register('rax')).toBe(100n * addend);
  });

  it('changes itself', () => {
    for (const threshold of [null, 1, 3, TRANSLATION_FORCED]) {
      const tier = new TierMachine(threshold);
      // ADD BYTE [RBX], 1 in place of the NOP: its address is that of the constant's second byte
      const changing = Uint8Array.from([
        ...[0xb9, 100, 0, 0, 0, 0x80, 0x03, 1, 0x05, 5, 0, 0, 0, 0xff, 0xc9, 0x75, 0xf4, 0xf4],
      ]);
      tier.load(at - 2n, changing, { rax: 0n, rbx: secondPage });
      tier.machine.runToHalt();
      expect(tier.machine.register('rax'), `threshold ${threshold}`).toBe(500n + 0x100n * sum(100));
    }
  });
});

describe('stores of translated code', () => {
  it('to the region itself take effect with the next instruction', () => {
    // inc byte [rbx]; add eax, 1 (its immediate is what is incremented); dec ecx; jnz
    const code = Uint8Array.from([0xfe, 0x03, 0x83, 0xc0, 0x01, 0xff, 0xc9, 0x75, 0xf7, 0xf4]);
    for (const threshold of [null, 1, 3]) {
      const tier = new TierMachine(threshold);
      tier.load(CODE, code, { rax: 0n, rbx: CODE + 4n, rcx: 20n });
      tier.machine.runToHalt();
      expect(tier.machine.register('rax'), `threshold ${threshold}`).toBe(sum(21) - 1n);
    }
  });

  it('count the regions that they undo in the frame that they are made to', () => {
    const tier = new TierMachine(10);
    tier.load(CODE, summing(100), {});
    tier.machine.runToHalt();
    tier.machine.processor.write(CODE + 6n, Uint8Array.of(0xd0));
    const { memory } = tier.machine.processor;
    let lost = 0;
    for (let frame = 0; frame < 0x10_0000; frame++) {
      lost += memory.u32(FRAME_INFO + frame * FRAME_INFO_BYTES + FRAME_REGIONS_LOST);
    }
    expect(lost).toBe(1);
  });
});
