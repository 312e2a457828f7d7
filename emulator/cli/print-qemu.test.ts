/** The QEMU command, word by word; words with blanks survive a shell. */
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { qemuCommand } from './print-qemu.js';
import type { RunOptions } from './run-options.js';

const OPTIONS: RunOptions = {
  imagePath: 'k.elf',
  imageSha256: '',
  kind: 'pvh',
  isDiskette: false,
  modules: [],
  loads: [],
  entry: null,
  diskPath: null,
  symbolsPath: null,
  ramBytes: 128n << 20n,
  memoryMapSpec: 'pc',
  memoryMapAdditions: [],
  memoryMapDisorder: null,
  numaNodeBytes: [],
  cpu: 'unit',
  coreHz: 1e9,
  fillPattern: 0n,
  uart: 'real',
  residentMaxBytes: 2 ** 31,
  commandLine: '',
  expects: [],
  fails: [],
  records: [],
  parse: null,
  roi: null,
  magic: null,
  steps: [],
  until: [],
  timeoutNs: null,
  maxCycles: null,
  maxInstructions: null,
  wallNs: null,
  expectExit: null,
  keepGoing: false,
  onTripleFault: 'fail',
  traceCategories: [],
};

/** The words as /bin/sh would hand them to QEMU. */
function words(change: Partial<RunOptions>): string[] {
  const command = qemuCommand({ ...OPTIONS, ...change });
  expect(command).toMatch(/^qemu-system-x86_64 /);
  const script = command.replace('qemu-system-x86_64', "printf '%s\\n'");
  return execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' }).trimEnd().split('\n');
}

const after = (list: readonly string[], option: string): string | undefined =>
  list[list.indexOf(option) + 1];

describe('qemuCommand', () => {
  it('gives RAM, kernel, serial line and the exit device', () => {
    const list = words({});
    expect([after(list, '-m'), after(list, '-kernel'), after(list, '-serial')]).toEqual([
      '128M',
      'k.elf',
      'stdio',
    ]);
    expect(after(list, '-device')).toBe('isa-debug-exit,iobase=0xf4,iosize=0x04');
    expect(list).not.toContain('-append');
  });

  it.each([
    [8n << 20n, '8M', 'max'],
    [1n << 40n, '1048576M', 'max'],
    [1n << 52n, '4294967296M', 'max,phys-bits=52'],
    [(8n << 20n) + 512n, '8389120B', 'max'],
  ])('for %d bytes of RAM: -m %s, -cpu %s', (ramBytes, size, cpu) => {
    const list = words({ ramBytes });
    expect([after(list, '-m'), after(list, '-cpu')]).toEqual([size, cpu]);
  });

  it.each(['quiet park', "it's", '$HOME `x` "y" \\', 'a;b'])('quotes %j for the shell', (text) => {
    expect(after(words({ commandLine: text }), '-append')).toBe(text);
  });

  it.each([
    ['a raw disk', false, 'if=ide'],
    ['a diskette, where its size is one of a diskette', true, 'if=floppy'],
  ])('boots a boot sector as %s, and leaves the file', (_title, isDiskette, place) => {
    const drive = after(words({ kind: 'boot-sector', isDiskette }), '-drive');
    expect(drive).toBe(`file=k.elf,format=raw,${place},snapshot=on`);
  });

  it('gives each node its memory, and the processor to the first', () => {
    const list = words({ ramBytes: 3n << 30n, numaNodeBytes: [1n << 30n, 2n << 30n] });
    expect(list.filter((_, at) => ['-object', '-numa'].includes(list[at - 1] ?? ''))).toEqual([
      'memory-backend-ram,id=node0,size=1024M',
      'node,nodeid=0,memdev=node0,cpus=0',
      'memory-backend-ram,id=node1,size=2048M',
      'node,nodeid=1,memdev=node1',
    ]);
  });

  it('says in a comment that QEMU cannot have the map', () => {
    expect(qemuCommand({ ...OPTIONS, memoryMapSpec: 'zoo:x' })).toMatch(/ # .*zoo:x/);
    expect(words({ memoryMapSpec: 'zoo:x' }).join(' ')).not.toContain('zoo');
  });
});
