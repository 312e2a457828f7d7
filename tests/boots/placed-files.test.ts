/** `--load` and `--entry`: what lies where, how it is entered, and what is refused. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assemble } from '../../firmware/assembler/assemble.js';
import { emptyFolder, projectRoot, runRecord, s7x } from '../cli/s7x.js';
import { flatImage, guestOf } from '../guests/guest.js';

const folder = emptyFolder();
const file = (name: string, bytes: Uint8Array | string): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};
const run = (...words: string[]) =>
  s7x(['run', ...words, '-m', '64M', '--cpu', 'unit', '--uart', 'instant']);

/** A flat binary for this address. */
function binary(address: number, code: string): Uint8Array {
  const source = `bits 32\norg ${address}\n${code}\n%include "serial.asm"\n`;
  const read = (path: string): string | null =>
    path === 'tests/guests/flat.asm' ? source : readFileSync(join(projectRoot, path), 'utf8');
  return assemble('tests/guests/flat.asm', read).bytes;
}

const SAYS_ITS_STATE = `
  db 'F','L','A','T'
  mov ebp, eax
  or ebp, ebx
  or ebp, esi
  mov esp, 0x280000
  call com1_init
  mov eax, cs
  shl eax, 16
  mov ax, ds
  call put_hex
  mov eax, cr0
  and eax, 0x80000001
  call put_hex
  mov eax, ebp
  call put_hex
  mov esi, 0x300000
  call puts
  jmp power_off`;
/** At 3 MiB. */
const READS_3_MIB = `
  call com1_init
  mov esi, 0x300000
  call puts
  jmp power_off`;

describe('--load and --entry', () => {
  it('without an image: files at their addresses, entered in flat protected mode with nothing in hand', async () => {
    const code = file('code.bin', binary(0x200000, SAYS_ITS_STATE));
    const text = file('text', 'loaded\0');
    const words = [
      '--load',
      `${code}@0x200000`,
      '--load',
      `${text}@3145728`,
      '--entry',
      '0x200004',
    ];
    const { stdout, status, stderr } = await run(...words);
    expect({ stdout, stderr: status === 0 ? '' : stderr }).toEqual({
      stdout: '00100018\n00000001\n00000000\nloaded',
      stderr: '',
    });
    expect(stderr).toContain('code.bin (files at addresses)');
  });

  it('stand in run.json with their contents, as modules and the memory map do', async () => {
    const text = file('text', 'beside\0');
    const memory = '64M@1M:usable';
    const map = await s7x(['memmap', 'zoo:bochs-512m', '--memmap-add', memory, '--json']);
    const finished = await s7x([
      ...['run', file('kernel', flatImage('multiboot')), '--load', `${text}@3145728`],
      ...['--entry', '0x300000', '--initrd', text, '--module', `${text}=some words`],
      ...['--memmap', 'zoo:bochs-512m', '--memmap-add', memory, '--max-insns', '1000'],
    ]);
    expect(finished.stderr).toMatch(/1000 instructions are retired/);
    const sha256 = (data: string): string => createHash('sha256').update(data).digest('hex');
    expect(runRecord(finished).config).toMatchObject({
      load: [`${text}@0x300000`],
      loadSha256: [sha256('beside\0')],
      entry: '0x300000',
      modules: [text, `${text}=some words`],
      moduleSha256: [sha256('beside\0'), sha256('beside\0')],
      memmapSha256: sha256(map.stdout),
    });
  });

  it('beside an image: it finds them there', async () => {
    const text = file('text', 'beside\0');
    const { stdout, status } = await run(guestOf(READS_3_MIB), '--load', `${text}@0x300000`);
    expect([stdout, status]).toEqual(['beside', 0]);
  });

  it('beside an image, --entry begins in what was loaded, with what the protocol hands over', async () => {
    const code = file(
      'other.bin',
      binary(
        0x200000,
        'mov ebp, [ebx + 4]\nmov esp, 0x280000\ncall com1_init\nmov eax, ebp\ncall put_hex\njmp power_off',
      ),
    );
    const kernel = file('kernel', flatImage('multiboot'));
    const { stdout, status } = await run(
      kernel,
      '--load',
      `${code}@0x200000`,
      '--entry',
      '0x200000',
    );
    expect([stdout, status]).toEqual(['0000027f\n', 0]); // mem_lower: 639 KiB
  });

  it.each<[string, () => string[], RegExp]>([
    ['no address', () => ['--load', file('f', 'x')], /--load .*f: it is FILE@ADDRESS, such as/],
    ['no file', () => ['--load', '@0x100000'], /--load @0x100000: it is FILE@ADDRESS/],
    [
      'an address that is none',
      () => ['--load', `${file('f', 'x')}@1M`],
      /--load .*f@1M: 1M is no physical address: a number below 2\^52/,
    ],
    [
      'no entry and no image',
      () => ['--load', `${file('f', 'x')}@0x100000`],
      /--load .*f: without an image, --entry ADDRESS must say where to begin/,
    ],
    [
      'an entry where nothing is',
      () => ['--load', `${file('f', 'xyz')}@0x100000`, '--entry', '0x100003'],
      /--entry 0x100003: nothing that is loaded lies there/,
    ],
    [
      'an entry beyond 4 GiB',
      () => ['--load', `${file('f', 'xyz')}@0x100000000`, '--entry', '0x100000000'],
      /--entry 0x100000000: beyond what 32-bit code can reach/,
    ],
    [
      'a file outside the RAM',
      () => ['--load', `${file('f', 'xyz')}@0x8000000`, '--entry', '0x8000000'],
      /--load .*f at 0x8000000–0x8000002 lies outside the RAM/,
    ],
    [
      'a file over another',
      () => {
        const load = [
          '--load',
          `${file('f', 'xyz')}@0x200000`,
          '--load',
          `${file('g', 'xyz')}@0x200002`,
        ];
        return [...load, '--entry', '0x200000'];
      },
      /--load .*g at 0x200002 lies over --load .*f/,
    ],
    [
      'a file over the image',
      () => [guestOf(READS_3_MIB), '--load', `${file('f', 'xyz')}@0x100002`],
      /--load .*f at 0x100002 lies over segment 0/,
    ],
    [
      'a file over the firmware',
      () => ['--load', `${file('f', 'xyz')}@0xf0000`, '--entry', '0xf0000'],
      /--load .*f lies over 0xe0000–0xfffff, the firmware/,
    ],
    [
      'a file over what is handed over',
      () => [guestOf(READS_3_MIB), '--load', `${file('f', 'xyz')}@0x20000`],
      /--load .*f lies over 0x10000–0x7ffff, where the memory map/,
    ],
    [
      'another entry of a boot sector',
      () => {
        const sector = new Uint8Array(512);
        sector.set([0x55, 0xaa], 510);
        return [file('sector', sector), '--entry', '0x7c10'];
      },
      /--entry 0x7c10: a boot sector is entered in real mode at 0x7c00/,
    ],
    [
      'a command line for nobody',
      () => ['--load', `${file('f', 'xyz')}@0x200000`, '--entry', '0x200000', '--append', 'x'],
      /f: files that are loaded without an image take no command line/,
    ],
  ])('refuses %s', async (_, words, sentence) => {
    const { status, stderr } = await run(...words());
    expect(stderr).toMatch(sentence);
    expect(status).toBe(2);
  });

  it('a file that cannot be read has exit status 10', async () => {
    const { status, stderr } = await run('--load', '/nowhere@0x200000', '--entry', '0x200000');
    expect([status, stderr]).toEqual([10, expect.stringMatching(/file \/nowhere cannot be read/)]);
  });

  it('a sweep loads them for each row', async () => {
    const code = file('code.bin', binary(0x200000, SAYS_ITS_STATE));
    const { status, stdout } = await s7x([
      ...['sweep', '--ram', '8M,16M', '--load', `${code}@0x200000`, '--entry', '0x200004'],
      ...['--cpu', 'unit', '--expect', '00100018'],
    ]);
    expect(stdout).toMatch(/2 pass/);
    expect(status).toBe(0);
  });
});
