import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourceFolder } from './frontend.js';
import { buildKernelElf, type KernelBuild } from './kernel-elf.js';

const ADDR2LINE = 'addr2line';
const QEMU = 'qemu-system-x86_64';

const hasTool = (name: string): boolean => spawnSync(name, ['--version']).status === 0;

/** A kernel that reports over COM1 and ends QEMU through isa-debug-exit with 2 * value + 1. */
const SOURCE = `
declare namespace x86 {
  function out8(port: u32, value: u32): void;
  function lidt(pointer: usize): void;
  function interruptStub(vector: u32): usize;
  function trapTable(): usize;
  function readCr0(): u64;
  function readRflags(): u64;
  function cpuid(leaf: u32, subleaf: u32, result: usize): void;
  function xchg64(pointer: usize, value: u64): u64;
  function lockCmpxchg64(pointer: usize, expected: u64, desired: u64): u64;
  function hlt(): void;
}
const idt: usize = memory.data(4096, 16);
const pointer: usize = memory.data(16);
const words: usize = memory.data(32);
let steps: u32 = 0;
function say(text: string): void {
  for (let i = 0; i < text.length; i++) x86.out8(0x3f8, text.charCodeAt(i));
}
function gate(vector: u32): void {
  const stub = x86.interruptStub(vector);
  const at = idt + ((<usize>vector) << 4);
  store<u64>(at, (stub & 0xffff) | (8 << 16) | (<u64>0x8e00 << 32) | ((stub >> 16) << 48));
  store<u64>(at, stub >> 32, 8);
}
function trapText(address: u64): void {
  for (let entry = x86.trapTable(); load<u64>(entry) != 0; entry += 16) {
    if (load<u64>(entry) != address) continue;
    for (let c = <usize>load<u64>(entry, 8); load<u8>(c) != 0; c++) x86.out8(0x3f8, load<u8>(c));
  }
}
export function interrupt_handler(frame: usize): void {
  const vector = load<u64>(frame + 15 * 8);
  steps += <u32>vector;
  if (vector == 6) { trapText(load<u64>(frame, 17 * 8)); say('\\n'); store<u8>(0x200000000000, 1); }
  if (vector == 14) say(load<u64>(frame, 16 * 8) == 2 ? 'page fault, write\\n' : 'page fault\\n');
  if (vector == 14) { x86.out8(0xf4, steps); while (true) x86.hlt(); }
}
function fail(a: u32): void { assert(a != 0, 'a must not be zero'); }
export function kernel_main(startInfo: usize): void {
  say(load<u32>(startInfo) == 0x336ec578 ? 'start info\\n' : 'no start info\\n');
  gate(6); gate(14);
  store<u16>(pointer, 4095); store<u64>(pointer, idt, 2);
  x86.lidt(pointer);
  if ((x86.readCr0() & 0x80010001) == 0x80010001 && (x86.readRflags() & 0x602) == 2) say('long mode\\n');
  x86.cpuid(0, 0, words);
  if (load<u32>(words) >= 1 && load<u32>(words, 4) != 0) say('cpuid\\n');
  store<u64>(words, 7);
  if (x86.xchg64(words, 9) == 7 && x86.lockCmpxchg64(words, 9, 11) == 9 && load<u64>(words) == 11) say('exchange\\n');
  fail(load<u32>(words, 8) & 0x8000_0000);
  say('not reached\\n');
}
`;

let build: KernelBuild | undefined;
let folder = '';

function built(): KernelBuild {
  if (build === undefined) throw new Error('not built');
  return build;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kernel-elf-'));
  writeFileSync(join(folder, 'kmain.ts'), SOURCE);
  build = buildKernelElf(sourceFolder(folder), 'kmain.ts', 'kernel/src');
  writeFileSync(join(folder, 'kernel.elf'), build.elf);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the kernel ELF file', () => {
  it('is the same, byte for byte, when it is built again', () => {
    const again = buildKernelElf(sourceFolder(folder), 'kmain.ts', 'kernel/src');
    expect(Buffer.compare(again.elf, built().elf)).toBe(0);
    expect(again.listing).toBe(built().listing);
  });

  it('has a segment each for code, constants and data, and a note with the PVH entry', () => {
    const { elf } = built();
    const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
    const headers = Array.from({ length: view.getUint16(56, true) }, (_, index) => {
      const at = 64 + 56 * index;
      return {
        type: view.getUint32(at, true),
        flags: view.getUint32(at + 4, true),
        offset: Number(view.getBigUint64(at + 8, true)),
        address: Number(view.getBigUint64(at + 16, true)),
        physical: Number(view.getBigUint64(at + 24, true)),
      };
    });
    // System V ABI: PT_LOAD 1, PT_NOTE 4; PF_X 1, PF_W 2, PF_R 4.
    expect(headers.map(({ type, flags }) => [type, flags])).toEqual([
      [1, 5],
      [1, 4],
      [1, 6],
      [4, 4],
    ]);
    const loads = headers.slice(0, 3);
    expect(loads[0]?.address).toBe(0x100000);
    for (const { address, physical, offset } of loads) {
      expect([address % 4096, offset % 4096, physical]).toEqual([0, 0, address]);
    }
    const note = headers[3]?.offset ?? 0;
    // Xen elfnote.h: name size 4, descriptor size 8, XEN_ELFNOTE_PHYS32_ENTRY 18, "Xen".
    expect([0, 4, 8].map((at) => view.getUint32(note + at, true))).toEqual([4, 8, 18]);
    expect(String.fromCharCode(...elf.subarray(note + 12, note + 15))).toBe('Xen');
    expect(view.getBigUint64(note + 16, true)).toBe(view.getBigUint64(24, true));
  });

  it.skipIf(!hasTool(ADDR2LINE))('tells addr2line the source line of a function', () => {
    const main = built().symbols.find(({ name }) => name === 'kernel_main');
    const address = `0x${(main?.address ?? 0).toString(16)}`;
    const args = ['-f', '-e', join(folder, 'kernel.elf'), address];
    const [name, place] = execFileSync(ADDR2LINE, args, { encoding: 'utf8' }).split('\n');
    expect(name).toBe('kernel_main');
    expect(place).toMatch(/^kernel\/src\/(kmain\.ts|~lib\/\S+):\d+/);
  });

  it.skipIf(!hasTool(QEMU)).each(['max', 'qemu64'])(
    'boots on QEMU, processor %s, and takes traps and page faults through its interrupt stubs',
    (processor) => {
      const args = ['-cpu', processor, '-m', '64M', '-kernel', join(folder, 'kernel.elf')];
      const machine = ['-display', 'none', '-serial', 'stdio', '-no-reboot', '-net', 'none'];
      const exit = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'];
      const result = spawnSync(QEMU, [...args, ...machine, ...exit], {
        encoding: 'utf8',
        timeout: 40_000,
      });
      const line = SOURCE.split('\n').findIndex((text) => text.startsWith('function fail')) + 1;
      expect(result.stdout.split('\n')).toEqual([
        'start info',
        'long mode',
        'cpuid',
        'exchange',
        `kmain.ts:${line} a must not be zero`,
        'page fault, write',
        '',
      ]);
      // isa-debug-exit: status = 2 * value + 1; the value is the sum of the vectors taken.
      expect(result.status).toBe(2 * (6 + 14) + 1);
    },
    60_000,
  );
});
