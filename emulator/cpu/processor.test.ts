import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CpuMode } from '../isa/state-layout.js';
import { CPUID_TABLE } from './cpuid-table.js';
import { Processor } from './processor.js';
import type { ProcessorOptions } from './processor-options.js';
import type { GeneralRegister, SegmentName } from './register-slots.js';

const wasm = readFileSync(new URL('../../dist/emulator/cpu/core.wasm', import.meta.url));

function processor(options: Partial<ProcessorOptions> = {}): Processor {
  const nothing = (): void => undefined;
  const host = { portIn: () => 0xff, portOut: nothing, timeStamp: () => 0n, trace: nothing };
  const made = Processor.create({ wasm, host, ...options });
  made.setCpuid(CPUID_TABLE);
  made.setRamRanges([
    { base: 0n, end: 0x10_0000n, rom: false },
    { base: 0xffff_0000n, end: 0x1_0000_0000n, rom: true },
  ]);
  made.reset();
  return made;
}

describe('the state after RESET', () => {
  // Intel SDM Vol. 3A, table "IA-32 and Intel 64 Processor States Following Power-up, Reset, or INIT".
  it('RIP, RFLAGS and control registers', () => {
    const it = processor();
    expect(it.rip).toBe(0xfff0n);
    expect(it.rflags).toBe(2n);
    expect(it.controlRegister('cr0')).toBe(0x6000_0010n);
    for (const name of ['cr2', 'cr3', 'cr4', 'cr8', 'efer'] as const) {
      expect(it.controlRegister(name), name).toBe(0n);
    }
    expect(it.mode).toBe(CpuMode.Real);
    expect(it.cpl).toBe(0);
    expect(it.codeSizeBits).toBe(16);
  });

  it('EDX holds the signature of CPUID, the other registers are 0', () => {
    const it = processor();
    expect(it.register('rdx')).toBe(0x601n);
    const others: readonly GeneralRegister[] = ['rax', 'rcx', 'rbx', 'rsp', 'rbp', 'rsi', 'rdi'];
    expect(others.map((name) => it.register(name))).toEqual(others.map(() => 0n));
  });

  it('CS is at the top of 4 GiB, the other segments at 0', () => {
    const it = processor();
    expect(it.segment('cs')).toMatchObject({ selector: 0xf000, base: 0xffff_0000n, limit: 0xffff });
    const others: readonly SegmentName[] = ['ss', 'ds', 'es', 'fs', 'gs'];
    for (const name of others) {
      expect(it.segment(name), name).toMatchObject({ selector: 0, base: 0n, limit: 0xffff });
    }
    expect(it.descriptorTable('gdtr')).toEqual({ base: 0n, limit: 0xffff });
    expect(it.descriptorTable('idtr')).toEqual({ base: 0n, limit: 0xffff });
  });

  it('the first instruction is fetched from FFFFFFF0h', () => {
    const it = processor();
    it.loadRom(0xffff_fff0n, Uint8Array.of(0xb0, 0x42, 0xf4)); // MOV AL, 42h; HLT
    it.run(10);
    expect(it.register('rax')).toBe(0x42n);
  });

  it('memory and the count of retired instructions survive a reset', () => {
    const it = processor();
    it.write(0x500n, Uint8Array.of(7));
    it.loadRom(0xffff_fff0n, Uint8Array.of(0x90, 0xf4));
    it.run(10);
    it.reset();
    expect(it.retired).toBe(2);
    expect(it.read(0x500n, 1)).toEqual(Uint8Array.of(7));
  });
});

describe('registers by name', () => {
  it.each(['rax', 'rsp', 'r8', 'r15'] as const)('%s keeps 64 bits', (name) => {
    const it = processor();
    it.setRegister(name, 0xfedc_ba98_7654_3210n);
    expect(it.register(name)).toBe(0xfedc_ba98_7654_3210n);
  });

  it('RFLAGS keeps every combination of the status flags', () => {
    const it = processor();
    for (let combination = 0; combination < 64; combination++) {
      const spread = [0, 2, 4, 6, 7, 11];
      const image = spread.reduce(
        (flags, bit, index) => flags | (((combination >> index) & 1) << bit),
        0x202,
      );
      it.rflags = BigInt(image);
      expect(it.rflags).toBe(BigInt(image));
    }
  });

  it('a change of control registers changes the mode at once', () => {
    const it = processor();
    it.setControlRegister('efer', 0x500n);
    it.setControlRegister('cr4', 0x20n);
    it.setControlRegister('cr0', 0x8000_0011n);
    expect(it.mode).toBe(CpuMode.Compatibility);
    it.setSegment('cs', { ...it.segment('cs'), attributes: 0xa09b });
    expect(it.mode).toBe(CpuMode.Long);
    expect(it.codeSizeBits).toBe(64);
  });
});

describe('physical memory', () => {
  it('moves more than the scratch area holds', () => {
    const it = processor();
    const bytes = Uint8Array.from({ length: 0x3_0001 }, (_, at) => (at * 7) & 0xff);
    it.write(0x1_0ffdn, bytes);
    expect(Buffer.compare(it.read(0x1_0ffdn, bytes.length), bytes)).toBe(0);
  });

  it('where there is none reads as ones and takes no writes', () => {
    const it = processor();
    it.write(0x20_0000n, Uint8Array.of(1, 2));
    expect(it.read(0x20_0000n, 2)).toEqual(Uint8Array.of(0xff, 0xff));
  });

  it('ROM is written by loadRom alone', () => {
    const it = processor();
    it.loadRom(0xffff_0000n, Uint8Array.of(1));
    it.write(0xffff_0000n, Uint8Array.of(2));
    expect(it.read(0xffff_0000n, 1)).toEqual(Uint8Array.of(1));
  });

  it('a load that does not fit is the user’s mistake, in one sentence', () => {
    const it = processor({ residentMaxBytes: 0x1_0000 });
    const bytes = new Uint8Array(0x4_0000).fill(1);
    bytes.forEach((_, at) => (bytes[at] = at & 0xff));
    expect(() => it.write(0n, bytes)).toThrow(
      'the memory at 0x0 does not fit in the 65536 bytes that may be resident',
    );
  });

  it.each([
    ['not whole pages', [{ base: 0n, end: 0x1800n, rom: false }], 'is not whole pages'],
    [
      'overlapping',
      [
        { base: 0n, end: 0x2000n, rom: false },
        { base: 0x1000n, end: 0x3000n, rom: true },
      ],
      'overlaps the range before it',
    ],
  ])('ranges that are %s are refused', (_, ranges, message) => {
    expect(() => processor().setRamRanges(ranges)).toThrow(message);
  });

  it('with A20 masked, the second MiB is the first', () => {
    const it = processor();
    it.setRamRanges([{ base: 0n, end: 0x40_0000n, rom: false }]);
    it.write(0x500n, Uint8Array.of(0xa0, 0x00, 0x05, 0xf4)); // MOV AL, [0500h]; HLT
    it.write(0x10_0500n, Uint8Array.of(0x77));
    it.setSegment('ds', { ...it.segment('ds'), base: 0x10_0000n });
    const load = (): bigint => {
      it.setSegment('cs', { ...it.segment('cs'), base: 0n });
      it.rip = 0x500n;
      it.run(1);
      return it.register('rax') & 0xffn;
    };
    expect(load()).toBe(0x77n);
    it.setA20(false);
    expect(load()).toBe(0xa0n);
  });
});

describe('hash', () => {
  it('depends on registers, memory and the text, and on nothing else', () => {
    const it = processor();
    const first = it.hash('');
    expect(it.hash('')).toBe(first);
    expect(it.hash('x')).not.toBe(first);
    it.write(0x700n, Uint8Array.of(1));
    const written = it.hash('');
    expect(written).not.toBe(first);
    it.write(0x700n, Uint8Array.of(0));
    expect(it.hash('')).toBe(first); // storage that has become zero again counts as never touched
    it.setRegister('r9', 1n);
    expect(it.hash('')).not.toBe(first);
  });

  it('flags that are equal hash alike, whatever computed them', () => {
    const [one, other] = [processor(), processor()];
    one.loadRom(0xffff_fff0n, Uint8Array.of(0x31, 0xc0)); // XOR AX, AX
    one.run(1);
    other.loadRom(0xffff_fff0n, Uint8Array.of(0x31, 0xc0));
    other.rip = 0xfff2n;
    other.rflags = 0x46n;
    expect(one.rflags).toBe(other.rflags);
    expect(one.hash('')).toBe(other.hash(''));
  });
});

describe('CPUID', () => {
  function cpuid(leaf: number, subleaf = 0): bigint[] {
    const it = processor();
    it.setRegister('rax', BigInt(leaf));
    it.setRegister('rcx', BigInt(subleaf));
    it.loadRom(0xffff_fff0n, Uint8Array.of(0x0f, 0xa2));
    it.run(1);
    return (['rax', 'rbx', 'rcx', 'rdx'] as const).map((name) => it.register(name));
  }

  it('names its vendor', () => {
    const [max = 0n, ebx = 0n, ecx = 0n, edx = 0n] = cpuid(0);
    const words = Uint32Array.from([ebx, edx, ecx].map(Number));
    expect(Buffer.from(words.buffer).toString('latin1')).toBe('S7X-Emulator');
    expect(max).toBe(13n);
  });

  it('has long mode, NX, 1-GiB pages and 5-level paging; x87, MMX and SSE to SSE4.2, AES, SHA, XSAVE, AVX, AVX2, FMA; no APIC', () => {
    const [, , ecx1 = 0n, edx1 = 0n] = cpuid(1);
    for (const absent of [9]) expect((edx1 >> BigInt(absent)) & 1n).toBe(0n);
    for (const present of [0, 3, 17, 23, 24, 25, 26])
      expect((edx1 >> BigInt(present)) & 1n).toBe(1n);
    for (const present of [0, 1, 9, 12, 19, 20, 23, 25, 26, 28, 29])
      expect((ecx1 >> BigInt(present)) & 1n).toBe(1n);
    const [, , , edx = 0n] = cpuid(0x8000_0001);
    for (const present of [11, 20, 26, 27, 29]) expect((edx >> BigInt(present)) & 1n).toBe(1n);
    const [, ebx7 = 0n, ecx7 = 0n] = cpuid(7);
    for (const absent of [16]) expect((ebx7 >> BigInt(absent)) & 1n).toBe(0n); // AVX-512
    expect((ebx7 >> 29n) & 1n).toBe(1n);
    expect((ecx7 >> 16n) & 1n).toBe(1n);
    expect(cpuid(0x8000_0008)[0]).toBe(0x3934n); // 57 linear, 52 physical address bits
  });
});

describe('trace events', () => {
  it('arrive by category with their values, and only those that are wanted', () => {
    const events: unknown[] = [];
    const host = {
      portIn: () => 0,
      portOut: () => undefined,
      timeStamp: () => 0n,
      trace: (...event: unknown[]) => void events.push(event),
    };
    const it = processor({ host, traceCategories: new Set(['exc']) });
    it.write(24n, Uint8Array.of(0, 6, 0, 0)); // vector 6: 0000:0600
    it.write(0x600n, Uint8Array.of(0x0f, 0xa2, 0xf4)); // CPUID; HLT
    it.loadRom(0xffff_fff0n, Uint8Array.of(0x0f, 0x0b)); // UD2
    it.run(10);
    expect(events).toEqual([['exc', 'exception', { exception: '#UD', at: '0xfff0' }]]);
  });
});
