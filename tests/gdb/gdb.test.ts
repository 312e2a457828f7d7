/** GDB itself on a machine: from the reset vector in real-address mode to the kernel in 64-bit mode, with the kernel's own lines. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { emptyFolder, projectRoot, runRecord, s7x } from '../cli/s7x.js';

const kernel = join(projectRoot, 'dist/kernel/kernel.elf');
const hasGdb = spawnSync('gdb', ['--version']).status === 0;
const title = hasGdb ? 'GDB' : 'GDB (skipped: gdb is not installed)';
const HOST_MS_MAX = 50_000;

/** What GDB prints when it is given these commands; the run that it debugs is over then. */
async function gdb(
  commands: readonly string[],
  image = kernel,
): Promise<{ text: string; record: object }> {
  const folder = emptyFolder();
  const socket = join(folder, 'gdb');
  const run = s7x(['run', image, '-m', '8M', '--gdb', `unix:${socket}`, '--pause'], { folder });
  while (!existsSync(socket)) await sleep(20);
  const words = ['set confirm off', 'set pagination off', `target remote ${socket}`, ...commands];
  const child = spawn('gdb', ['-nx', '-batch', image, ...words.flatMap((word) => ['-ex', word])]);
  const timer = setTimeout(() => child.kill('SIGKILL'), HOST_MS_MAX);
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  return { text, record: { ...runRecord(await run), host: undefined } };
}

/** A multiboot kernel of 32 bits, as tutorials have them, with a line table. */
function kernel32(): string {
  const folder = emptyFolder();
  const image = join(folder, 'kernel.elf');
  writeFileSync(
    join(folder, 'start.S'),
    '.text\n.align 4\n.long 0x1BADB002, 0, -0x1BADB002\n' +
      '.globl _start\n_start: mov $0x180000, %esp\ncall kmain\n',
  );
  writeFileSync(
    join(folder, 'kmain.c'),
    'volatile unsigned word;\nvoid kmain(void) {\n  word = 0x12345678;\n' +
      '  __asm__ volatile("outl %0, $0xf4" : : "a"(0));\n  for (;;) ;\n}\n',
  );
  const words = ['-m32', '-g', '-O1', '-ffreestanding', '-fno-pic', '-fno-pie', '-nostdlib'];
  const linking = ['-static', '-Wl,-N', '-Wl,-Ttext=0x100000', '-Wl,--build-id=none', '-o', image];
  const sources = ['start.S', 'kmain.c'].map((name) => join(folder, name));
  const { status, stderr } = spawnSync('gcc', [...words, ...linking, ...sources]);
  expect(status, String(stderr)).toBe(0);
  return image;
}

const hasGcc = spawnSync('gcc', ['--version']).status === 0;
const title32 =
  hasGcc && hasGdb ? 'GDB, 32 bits' : 'GDB, 32 bits (skipped: gdb or gcc is not installed)';

describe.skipIf(!hasGdb || !hasGcc)(title32, () => {
  it('takes the description for a kernel of 32 bits', async () => {
    const commands = ['break kmain', 'continue', 'info registers eip', 'watch word', 'continue'];
    const { text } = await gdb([...commands, 'print/x word', 'backtrace', 'continue'], kernel32());
    expect(text).toMatch(/Breakpoint 1, kmain \(\) at .*kmain\.c:3/);
    expect(text).toMatch(/^eip +0x10[0-9a-f]{4} +0x10[0-9a-f]{4} <kmain/m);
    expect(text).toContain('= 0x12345678');
    expect(text).toMatch(/^#1 .* in _start \(\)/m);
    expect(text).toContain('exited with code 01');
    expect(text).not.toMatch(/not compatible|too long|rejected/);
  });
});

describe.skipIf(!hasGdb)(title, () => {
  it('stops in every mode, with one set of registers, and the run is the same as without it', async () => {
    const { text, record } = await gdb([
      'info registers rip cs',
      'break kernel_main',
      'continue',
      'backtrace 1',
      'info registers cr0 efer cpl',
      'stepi',
      'print $xmm0.v2_int64',
      'print $st0',
      'finish',
      'continue',
    ]);
    expect(text).toMatch(/rip +0xfffffff0 /);
    expect(text).toMatch(/Breakpoint 1, kernel_main \(\) at /);
    expect(text).toMatch(/^#0 +kernel_main \(\)/m);
    expect(text).toMatch(/^cr0 +0x8001003[0-9a-f]|^cr0 +0x8001001[0-9a-f]/m); // PG, WP, ET, PE
    expect(text).toMatch(/^efer +0xd00 /m); // NXE, LMA, LME
    expect(text).toContain('exited normally');
    expect(text).not.toMatch(/too long|Truncated|Remote failure|warning: .*packet/);
    const alone = await s7x(['run', kernel, '-m', '8M']);
    expect(record).toEqual({ ...runRecord(alone), host: undefined });
  });

  it('watches a word, and steps over lines', async () => {
    const { text } = await gdb([
      'break kernel_main',
      'continue',
      'watch -l *(long *)($rsp - 8)',
      'continue',
      'delete',
      'next',
      'kill',
    ]);
    expect(text).toMatch(/Hardware watchpoint 2: .*\n[^]*Old value = /);
    expect(text).toMatch(/^\d+\t/m); // a line of the source
  });

  it('goes back to whoever wrote a word', async () => {
    const { text } = await gdb([
      'break nk_memory_example',
      'continue',
      'watch -l *(long *)$rsp',
      'reverse-continue',
      'delete',
      'reverse-stepi',
      'print $insns',
      'stepi',
      'print $insns',
      'reverse-continue',
      'continue',
    ]);
    const [before = 0, after = 0] = [...text.matchAll(/^\$\d = (\d+)$/gm)].map(([, n]) =>
      Number(n),
    );
    expect(text).toMatch(/Hardware watchpoint 2: .*\n[^]*Old value = [^]*New value = /);
    expect(after - before).toBe(1);
    expect(text).toContain('No more reverse-execution history.');
    expect(text).toContain('exited normally');
  });

  it("shows the machine's own view by monitor", async () => {
    const { text } = await gdb([
      'break kernel_main',
      'continue',
      'monitor',
      'monitor page 0x100000',
      'monitor xp 0xffff0 5',
      'monitor state',
      'monitor nothing',
      'monitor xp x',
      'monitor xp 0x10000000fffff0',
      'kill',
    ]);
    expect(text).toMatch(/^system_reset +resets the machine/m);
    expect(text).toMatch(/^ {2}PML4 entry at 0x[0-9a-f]+ = 0x[0-9a-f]+\n {2}PDPT entry/m);
    expect(text).toMatch(/^00000000000ffff0 {2}([0-9a-f]{2} ?){5}$/m);
    expect(text).toMatch(/^ {2}gdtr base [0-9a-f]{16} limit/m);
    expect(text).toContain('nothing: no such command (there are: help, state, regs, creg');
    expect(text).toContain('x: not an address such as 0x100000');
    expect(text).toContain('0x10000000fffff0: no physical address: they have 52 bits');
  });

  it('shows registers and tables by monitor, in 64-bit mode', async () => {
    const { text } = await gdb([
      'break kernel_main',
      'continue',
      ...['regs', 'creg', 'seg', 'gdt', 'info idt 14', 'tss', 'e820', 'stats'].map(
        (words) => `monitor ${words}`,
      ),
      'kill',
    ]);
    expect(text).toMatch(/^64-bit mode, CPL 0\nrax: [0-9a-f]{16}\n/m);
    expect(text).toMatch(/^rip: [0-9a-f]{16} {2}0x[0-9a-f]+ \(kernel_main\)?/m);
    expect(text).toMatch(/^CR0=0x8[0-9a-f]{7}: PG cd nw .* PE$/m);
    expect(text).toMatch(/^EFER=0x[0-9a-f]+: .*LMA LME/m);
    expect(text).toMatch(/^cs {3}0x[0-9a-f]{4}: base .*, Code, Execute\/Read.*, DPL 0, 64-bit$/m);
    expect(text).toMatch(/^GDT\[0x[0-9a-f]{4}\]: Code, .* 64-bit, base 0x0, limit 0x/m);
    expect(text).toMatch(/^IDT\[0x0e\] #PF: /m);
    expect(text).toMatch(/^tr 0x[0-9a-f]{4}: |^TR is null/m);
    expect(text).toContain('BIOS-e820: [mem 0x0000000000000000-');
    expect(text).toMatch(/^instructions {2}[\d ]+ {2}IPC \d\.\d\d$/m);
  });

  it('shows gates by the names of their handlers, and the stacks of the TSS', async () => {
    const { text } = await gdb([
      'break nk_memory_example',
      'continue',
      'monitor idt 14',
      'monitor gdt',
      'monitor tss',
      'monitor r',
      'kill',
    ]);
    expect(text).toMatch(/^IDT\[0x0e\] #PF: 64-bit Interrupt Gate, DPL 0, target 0x0008:0x/m);
    expect(text).toMatch(/^tr 0x[0-9a-f]{4}: 64-bit TSS \(Busy\), base 0x[0-9a-f]+, limit/m);
    expect(text).toMatch(/^ {2}IST1 +0x[0-9a-f]{16}$/m);
  });

  it('shows them in real-address mode, from which the machine begins', async () => {
    const words = ['regs', 'seg', 'gdt', 'idt 0', 'tss', 'gdt x'];
    const { text } = await gdb([...words.map((word) => `monitor ${word}`), 'kill']);
    expect(text).toMatch(/^real-address mode, CPL 0\neax: 0+\n/m);
    expect(text).toMatch(/^eip: 0000fff0 {2}0xfffffff0/m);
    expect(text).toMatch(/^cs {3}0xf000: base 0xffff0000, limit 0x0000ffff, /m);
    expect(text).toContain('real-address mode does not use it');
    expect(text).toContain('real-address mode has no TSS');
    expect(text).toContain('x: not the number of an entry, such as 14 or 0xe');
  });
});
