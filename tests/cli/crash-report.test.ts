/** What a crash report says, against what the guest was made to do (tests/guests). */
import { describe, expect, it } from 'vitest';
import { guest, guestOf, imageFile } from '../guests/guest.js';
import { runRecord, s7x } from './s7x.js';

async function reportOf(name: string): Promise<{ detail: string; report: string; stderr: string }> {
  const run = await s7x(['run', guest(name), '--log-format', 'pretty']);
  const { detail, report } = runRecord(run).outcome;
  return { detail, report: report.join('\n'), stderr: run.stderr };
}

describe('a page fault in 64-bit mode that nobody handles', async () => {
  const { detail, report, stderr } = await reportOf('bad-pointer');

  it('is one sentence: the chain and where it began', () => {
    expect(detail).toMatch(
      /^triple fault: #PF → #GP → #DF → #GP → shutdown, at 0x[0-9a-f]+ \(reader\+0xa\)/,
    );
  });

  it('begins with what it most likely comes from', () => {
    expect(report).toMatch(
      /^likely cause: no IDT is loaded \(its limit is 0\)\nchain of faults:\n/,
    );
  });

  it('names each fault of the chain, with error code and CR2', () => {
    expect(report).toMatch(/#PF error code 0x0 CR2 0x123456789abc at 0x[0-9a-f]+ \(reader\+0xa\)/);
    // Error codes of an IDT without entries: vector * 8, IDT, external event. [SDM-3A "Error Code"]
    expect(report).toMatch(/#GP error code 0x73 \(IDT entry 14\) while delivering #PF, at /);
    expect(report).toMatch(/#GP error code 0x43 \(IDT entry 8\) while delivering #DF, at /);
  });

  it('walks the page tables to where they end', () => {
    // Entry 0x24 of the PML4 at 0x200000: bits 47-39 of 0x123456789abc.
    expect(report).toContain('page walk of 0x123456789abc:');
    expect(report).toMatch(/entry at 0x200120 = 0x0\n.*not present/i);
  });

  it('shows registers, mode and tables', () => {
    expect(report).toContain('64-bit mode, CPL 0');
    expect(report).toMatch(/rbx 0000123456789abc/);
    expect(report).toMatch(/cr2 0000123456789abc {2}cr3 0000000000200000/);
    expect(report).toMatch(/cs 0008 {2}ss 0010 {2}ds 0010/);
    expect(report).toMatch(/idtr base 0000000000000000 limit 0000/);
  });

  it('disassembles the instruction', () => {
    expect(report).toMatch(/48 8b 03 {2}mov rax, .*\[rbx\]/i);
  });

  it('finds the callers on the stack', () => {
    expect(report).toMatch(
      /rsp\+0x0 +0x[0-9a-f]+ caller\+0x5\n.*rsp\+0x8 +0x[0-9a-f]+ in_long_mode\+0x5/,
    );
  });

  it('lists the last blocks, newest last', () => {
    const blocks = report.slice(report.indexOf('last blocks'));
    expect(blocks).toMatch(/enter_long_mode.*in_long_mode.*caller.*\(reader\)/s);
  });

  it('lists a block that goes round a thousand times once', () => {
    const blocks = report.slice(report.indexOf('last blocks')).split('\n').slice(1);
    expect(blocks.filter((line, place) => line === blocks[place + 1] && line !== '')).toEqual([]);
    expect(blocks.filter((line) => line.includes('enter_long_mode')).length).toBeGreaterThan(3);
  });

  it('is on standard error too', () => {
    for (const line of report.split('\n')) expect(stderr).toContain(line);
  });
});

it('an exception with an empty IDT in protected mode: #UD, and what became of it', async () => {
  const { detail, report } = await reportOf('triple-fault');
  expect(detail).toMatch(/^triple fault: #UD → #GP → .*shutdown, at 0x[0-9a-f]+ \(faulting\)/);
  expect(report).toContain('protected mode, CPL 0');
  expect(report).not.toContain('page walk');
});

it('a hang shows where, and how it came there', async () => {
  const { detail, report } = await reportOf('waits-masked');
  expect(detail).toMatch(/every interrupt masked at 0x[0-9a-f]+ \(waiting(\+0x2)?\)/);
  expect(report).toMatch(/registers, protected mode/);
  expect(report).toMatch(/instruction: .*(pause|jmp)/);
});

it('an instruction that is not there shows the state before it', async () => {
  const { report } = await reportOf('galois');
  expect(report).toMatch(/instruction: 66 0f 38 cf c1 {2}gf2p8mulb/i);
  expect(report).toMatch(/rip 0x[0-9a-f]+ \(galois_code\)/);
});

it('vector registers that are in use are shown', async () => {
  const { report } = await reportOf('vector-registers');
  expect(report).toMatch(/vector registers that are not zero, mxcsr 1fa0:/);
  expect(report).toMatch(/xmm1 {2}0{24}12345678\n/);
  expect(report).not.toMatch(/xmm0/);
});

describe('a boot sector that runs in segment 07C0h', () => {
  const sectorOf = (code: readonly number[]): string => {
    const sector = new Uint8Array(512);
    // JMP 07C0h:0005h; INT3 at 7C05h is where code begins.
    sector.set([0xea, 0x05, 0x00, 0xc0, 0x07, ...code]);
    sector.set([0x55, 0xaa], 510);
    return imageFile(sector, 'boot.img');
  };
  const outcomeOf = async (
    code: readonly number[],
  ): Promise<{ detail: string; report: string }> => {
    const run = await s7x(['run', sectorOf(code), '--cpu', 'unit']);
    const { detail, report } = runRecord(run).outcome;
    return { detail, report: report.join('\n') };
  };

  it('that halts has segment, offset and linear address', async () => {
    const { detail, report } = await outcomeOf([0xfa, 0xf4]); // CLI; HLT
    expect(detail).toMatch(/^halted with interrupts off at 07c0:0007 \(0x7c07\);/);
    expect(report).toMatch(/^ {2}rip 07c0:0007 \(0x7c07\) {2}rflags/m);
    expect(report).toMatch(/^ {2}cs:0x7c00, 1 instruction\n {2}cs:0x5, 1 instruction\n/m);
  });

  it('and so have the faults of its triple fault', async () => {
    // LIDT [CS:0010h], where there are zeros; INT3.
    const { detail, report } = await outcomeOf([0x2e, 0x0f, 0x01, 0x1e, 0x10, 0x00, 0xcc]);
    expect(detail).toContain('shutdown, at 07c0:000b (0x7c0b)');
    expect(report).toMatch(/#GP error code .* at 07c0:000b \(0x7c0b\)$/m);
  });
});

it('an instruction of AVX-512 is told with prefix, opcode and ModR/M', async () => {
  const run = await s7x(['run', guestOf('db 0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0'), '--cpu', 'unit']);
  expect(run.status).toBe(10);
  expect(runRecord(run).outcome.detail).toContain('(bytes 62 f1 7c 48 58 c0) at 0x');
});
