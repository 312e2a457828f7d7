/**
 * The processor's side of its local APIC: MSRs, CR8, CPUID, and whole machines whose interrupts come through the APICs.
 * Expectations: SDM Vol. 3A, "x2APIC State Transitions", "Task Priority in IA-32e Mode", "Local APIC Status and Location".
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cpuidTable } from '../../emulator/cpu/cpuid-table.js';
import type { ProcessorHost } from '../../emulator/cpu/processor-options.js';
import { createTimingModel } from '../../emulator/timing/models.js';
import { projectRoot } from '../cli/s7x.js';
import { guestImage, guestImageOf } from '../guests/guest.js';
import { TestMachine } from '../guests/test-machine.js';
import { GuestMachine } from '../instructions/guest-machine.js';

const GENERAL_PROTECTION = 13;
const BASE = 0xfee0_0000;
const BSP = 0x100;
const EXTD = 0x400;
const EN = 0x800;

function guest(source: string, host: Partial<ProcessorHost> = {}, apic = true): GuestMachine {
  const machine = new GuestMachine(64, source, host);
  machine.processor.setCpuid(cpuidTable({ apic }));
  machine.processor.reset();
  machine.enter();
  machine.load(source);
  return machine;
}

const wrmsr = (msr: number, low: number, high = 0): string =>
  `mov ecx, ${msr}\nmov eax, ${low}\nmov edx, ${high}\nwrmsr\n`;

describe('IA32_APIC_BASE', () => {
  it('after a reset: FEE00000H, enabled, bootstrap processor', () => {
    const machine = guest('mov ecx, 0x1b\nrdmsr\nhlt');
    machine.runToHalt();
    expect([machine.register('rax'), machine.register('rdx')]).toEqual([
      BigInt(BASE + (BSP | EN)),
      0n,
    ]);
  });

  it.each([
    ['xAPIC to x2APIC', [EN | EXTD], true],
    ['xAPIC to disabled', [0], true],
    ['x2APIC to disabled', [EN | EXTD, 0], true],
    ['x2APIC to xAPIC', [EN | EXTD, EN], false],
    ['disabled to xAPIC', [0, EN], true],
    ['disabled to x2APIC', [0, EN | EXTD], false],
    ['x2APIC without being enabled', [EXTD], false],
    ['a reserved bit', [EN | 0x200], false],
    ['another reserved bit', [EN | 1], false],
  ])('%s is accepted: %s', (_, modes, accepted) => {
    const written: bigint[] = [];
    const machine = guest(`${modes.map((mode) => wrmsr(0x1b, BASE + mode)).join('')}hlt`, {
      platformWrite: (_msr, value) => {
        written.push(value);
        return true;
      },
    });
    machine.runToHalt();
    expect(machine.vector).toBe(accepted ? null : GENERAL_PROTECTION);
    const expected = accepted ? modes : modes.slice(0, -1);
    expect(written).toEqual(expected.map((mode) => BigInt(BASE + mode)));
  });

  it('an address beyond the physical address width is refused', () => {
    const machine = guest(`${wrmsr(0x1b, BASE + EN, 1 << 20)}hlt`);
    machine.runToHalt();
    expect(machine.vector).toBe(GENERAL_PROTECTION);
  });

  it('without a local APIC there is none', () => {
    const machine = guest('mov ecx, 0x1b\nrdmsr\nhlt', {}, false);
    machine.runToHalt();
    expect(machine.vector).toBe(GENERAL_PROTECTION);
  });
});

describe('registers of the local APIC by RDMSR and WRMSR', () => {
  it.each([
    ['that exist', 0x1234_5678_9abc_def0n, null],
    ['that do not', null, GENERAL_PROTECTION],
  ])('reading some %s', (_, value, vector) => {
    const machine = guest('mov ecx, 0x802\nrdmsr\nhlt', { platformRead: () => value });
    machine.runToHalt();
    expect(machine.vector).toBe(vector);
    if (value === null) return;
    expect([machine.register('rdx'), machine.register('rax')]).toEqual([
      value >> 32n,
      value & 0xffff_ffffn,
    ]);
  });

  it.each([
    ['x2APIC', 0x83f],
    ['TSC-deadline', 0x6e0],
  ])('%s: the host gets the value, at an exact time, and may refuse it', (_, msr) => {
    for (const accepted of [true, false]) {
      const seen: unknown[] = [];
      const machine = guest(`nop\n${wrmsr(msr, 0x41, 7)}hlt`, {
        platformWrite: (number, value) => {
          seen.push([machine.processor.retired, number, value]);
          return accepted;
        },
      });
      machine.runToHalt();
      expect(seen).toEqual([[4, msr, 0x7_0000_0041n]]);
      expect(machine.vector).toBe(accepted ? null : GENERAL_PROTECTION);
    }
  });

  it.each([0x6e0, 0x800, 0x8ff])('without a local APIC there is no MSR %i', (msr) => {
    const machine = guest(`${wrmsr(msr, 0)}hlt`, { platformWrite: () => true }, false);
    machine.runToHalt();
    expect(machine.vector).toBe(GENERAL_PROTECTION);
  });
});

describe('CR8', () => {
  // MOV CR8, RAX; MOV RBX, CR8
  const PROGRAM = 'db 0x44, 0x0F, 0x22, 0xC0\ndb 0x44, 0x0F, 0x20, 0xC3\nhlt';

  it.each([
    [0, true],
    [15, true],
    [16, false],
  ])('%i is accepted: %s', (value, accepted) => {
    const classes: number[] = [];
    const machine = guest(`mov eax, ${value}\n${PROGRAM}`, {
      writeTaskPriority: (taskPriorityClass) => classes.push(taskPriorityClass),
    });
    machine.runToHalt();
    expect(machine.vector).toBe(accepted ? null : GENERAL_PROTECTION);
    expect(classes).toEqual(accepted ? [value] : []);
    if (accepted) expect(machine.register('rbx')).toBe(BigInt(value));
  });
});

describe('CPUID', () => {
  const leaf = (number: number, subleaf: number, before = ''): bigint[] => {
    const machine = guest(`${before}mov eax, ${number}\nmov ecx, ${subleaf}\ncpuid\nhlt`, {
      platformWrite: () => true,
    });
    machine.runToHalt();
    return (['rax', 'rbx', 'rcx', 'rdx'] as const).map((name) => machine.register(name));
  };
  const bit = (word: bigint | undefined, number: number): bigint =>
    ((word ?? 0n) >> BigInt(number)) & 1n;

  it('leaf 1 offers APIC, x2APIC and TSC-deadline; APIC only while IA32_APIC_BASE enables it', () => {
    const [, ebx, ecx, edx] = leaf(1, 0);
    expect([bit(edx, 9), bit(ecx, 21), bit(ecx, 24), (ebx ?? 1n) >> 24n]).toEqual([1n, 1n, 1n, 0n]);
    const disabled = leaf(1, 0, wrmsr(0x1b, BASE + BSP));
    expect(bit(disabled[3], 9)).toBe(0n);
  });

  it('leaf 0BH: one thread, one core, x2APIC id 0; then levels that are not there', () => {
    expect(leaf(0xb, 0)).toEqual([0n, 1n, 0x100n, 0n]);
    expect(leaf(0xb, 1)).toEqual([0n, 1n, 0x201n, 0n]);
    expect(leaf(0xb, 2)).toEqual([0n, 0n, 2n, 0n]);
  });
});

describe('a machine', () => {
  it('has its HPET in the place of the 8254 in legacy replacement, also through the 8259A', () => {
    const host = new TestMachine(
      guestImageOf(`
        call com1_init
        call timer_init                 ; the 8254 at 100 Hz
        mov dword [0xFED00100], 0x14C   ; timer 0: enabled, periodic, VAL_SET, 32 bits
        mov dword [0xFED00108], 14318
        mov dword [0xFED00108], 14318
        mov dword [0xFED00010], 3
        sti
        mov ebp, 4
      next:
        hlt
        mov eax, edi
        call put_hex
        sub ebp, 1
        jnz next
        cli
        jmp power_off
        %include "timer.asm"`),
      { uartMode: 'instant' },
    );
    expect(host.run().kind).toBe('power-off');
    const times = host.serial
      .trim()
      .split('\n')
      .map((line) => Number.parseInt(line, 16));
    const PERIOD = (14_318 / 14_318_180) * 1e9;
    for (const [index, time] of times.slice(1).entries()) {
      expect(Math.abs(time - (times[index] ?? 0) - PERIOD)).toBeLessThan(3);
    }
  });

  const engine = readFileSync(join(projectRoot, 'dist/emulator/timing/engine.wasm'));
  const timed = {
    core: readFileSync(join(projectRoot, 'dist/emulator/cpu/core-timed.wasm')),
    engines: { zen1: engine, skylake: engine },
  };

  it('takes the interrupts of its APICs in the same order in every tier and with a core model', () => {
    const image = guestImage('apic');
    const run = (config: ConstructorParameters<typeof TestMachine>[1]): string => {
      const host = new TestMachine(image, config);
      expect(host.run().kind).toBe('power-off');
      return host.serial;
    };
    const expected = run({ translation: null });
    expect(expected).toContain('= 0000000e\n00000049\n');
    expect(run({})).toBe(expected);
    for (const model of ['zen1', 'skylake']) {
      expect(run({ timing: createTimingModel(model), timed })).toBe(expected);
    }
  });

  it('as an x2APIC: self IPI, the time-stamp counter at its deadline, and #GP for the registers in memory gone', () => {
    const host = new TestMachine(
      guestImageOf(`
        call com1_init
        lgdt [gdt_pointer]
        jmp 8:flat
      flat:
        mov eax, 16
        mov ds, eax
        mov es, eax
        mov ss, eax
        mov eax, handler
        mov edi, 0x200000 + 8 * 0x41
        mov [edi], ax
        mov dword [edi + 2], 0x8E000008
        shr eax, 16
        mov [edi + 6], ax
        mov word [edi + 4], 0x8E00
        lidt [idt_pointer]
        ${wrmsr(0x1b, BASE + (BSP | EN | EXTD))}
        mov eax, [0xFEE00030]          ; no registers in memory
        call put_hex
        ${wrmsr(0x80f, 0x1ff)}
        ${wrmsr(0x835, 0x1_0000)}
        ${wrmsr(0x83f, 0x41)}
        sti
        nop
        cli
        mov eax, [count]
        call put_hex
        ${wrmsr(0x832, 0x4_0041)}
        rdtsc
        add eax, 100000
        adc edx, 0
        mov [deadline], eax
        mov ecx, 0x6E0
        wrmsr
        sti
        hlt
        cli
        mov eax, [count]
        call put_hex
        mov eax, [taken]
        sub eax, [deadline]
        call put_hex
        jmp power_off
      handler:
        pushad
        rdtsc
        mov [taken], eax
        add dword [count], 1
        ${wrmsr(0x80b, 0)}
        popad
        iretd
      align 8
      gdt:
        dq 0
        dq 0x00CF9A000000FFFF
        dq 0x00CF92000000FFFF
      gdt_pointer:
        dw 23
        dd gdt
      idt_pointer:
        dw 2047
        dd 0x200000
      align 4
      count: dd 0
      deadline: dd 0
      taken: dd 0`),
    );
    expect(host.run().kind).toBe('power-off');
    const [memory, afterSelf, afterDeadline, late] = host.serial.trim().split('\n');
    expect([memory, afterSelf, afterDeadline]).toEqual(['ffffffff', '00000001', '00000002']);
    // PUSHAD, then RDTSC.
    expect(Number.parseInt(late ?? '', 16)).toBeLessThan(10);
  });
});
