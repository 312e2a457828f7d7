/** Bad input: one clear sentence that names the value, the file and the place; the exit status of docs/cli.md. */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { guest } from '../guests/guest.js';
import { emptyFolder, projectRoot, s7x, type Finished } from './s7x.js';

const folder = emptyFolder();
const at = (name: string): string => join(folder, name);
const kernel = readFileSync(join(projectRoot, 'dist/kernel/kernel.elf'));

/** The bundled kernel with some bytes changed. */
function kernelWith(changes: readonly [offset: number, bytes: readonly number[]][]): Buffer {
  const copy = Buffer.from(kernel);
  for (const [offset, bytes] of changes) Buffer.from(bytes).copy(copy, offset);
  return copy;
}

/** Offset in the file of the program header number `index`. */
function programHeader(index: number): number {
  return Number(kernel.readBigUInt64LE(32)) + index * 56;
}

const map = (entries: readonly object[]): string => JSON.stringify({ name: 'test', entries });
const low = { base: '0x0', size: '0x9fc00', type: 'usable' };

beforeAll(() => {
  writeFileSync(at('empty.elf'), '');
  writeFileSync(at('bytes.bin'), Buffer.from([0xfa, 0x1b, 0x5b, 0x32, 0x4a, 0x00]));
  writeFileSync(at('truncated-header.elf'), kernel.subarray(0, 40));
  writeFileSync(at('truncated-table.elf'), kernel.subarray(0, 80));
  writeFileSync(at('truncated-segment.elf'), kernel.subarray(0, Math.floor(kernel.length / 3)));
  writeFileSync(
    at('elf32.elf'),
    kernelWith([
      [4, [1]],
      [18, [40, 0]],
    ]),
  );
  writeFileSync(at('arm.elf'), kernelWith([[18, [0xb7, 0]]]));
  writeFileSync(at('text.elf'), 'hello\n');
  const compressed = gzipSync(kernel);
  writeFileSync(at('cut.gz'), compressed.subarray(0, 2000));
  const damaged = Buffer.from(compressed);
  damaged[compressed.length - 6] = (damaged[compressed.length - 6] ?? 0) ^ 1; // in its CRC-32
  writeFileSync(at('damaged.gz'), damaged);
  writeFileSync(at('text.gz'), gzipSync('hello\n'));
  const address = (value: bigint): number[] => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(value);
    return [...bytes];
  };
  const loads = [...Array(kernel.readUInt16LE(56)).keys()].filter(
    (index) => kernel.readUInt32LE(programHeader(index)) === 1,
  );
  const [first = 0, second = 0] = loads;
  writeFileSync(
    at('outside.elf'),
    kernelWith([[programHeader(second) + 24, address(0x7000_0000n)]]),
  );
  const firstAddress = kernel.readBigUInt64LE(programHeader(first) + 24);
  writeFileSync(
    at('overlap.elf'),
    kernelWith([[programHeader(second) + 24, address(firstAddress)]]),
  );
  writeFileSync(at('entry.elf'), kernelWith([[programHeader(first) + 24, address(0x40_0000n)]]));
  writeFileSync(at('empty-map.json'), map([]));
  writeFileSync(
    at('no-ram-at-1m.json'),
    map([low, { base: '0x1000000', size: '0x1000000', type: 'usable' }]),
  );
  writeFileSync(
    at('5000.json'),
    map(
      Array.from({ length: 5000 }, (_, i) => ({
        base: `0x${(0x100000 + i * 0x2000).toString(16)}`,
        size: '0x1000',
        type: 'usable',
      })),
    ),
  );
  writeFileSync(at('hex.json'), map([low, { base: '100000', size: '0x1000000', type: 'usable' }]));
  writeFileSync(at('broken.json'), '{"entries": [');
  mkdirSync(at('readonly'));
  chmodSync(at('readonly'), 0o555);
  writeFileSync(at('a-file'), '');
});

describe('s7x run refuses', () => {
  it.each<[what: string, words: readonly string[], status: number, sentence: RegExp]>([
    ['RAM below 1 MiB', ['-m', '512K'], 2, /^s7x: --ram: RAM of 512 KiB/],
    ['RAM below 1 MiB, as nodes', ['--numa', '256K,256K'], 2, /^s7x: --numa: RAM of 512 KiB/],
    ['RAM above 4 PiB', ['-m', '5P'], 2, /5 ?P|4 ?P/],
    ['a size with an unknown unit', ['-m', '8X'], 2, /8X/],
    ['a negative size', ['-m=-8M'], 2, /-8M.*negative/],
    ['RAM given twice', ['-m', '8M', '-m', '16M'], 2, /twice|2 times/],
    [
      'an empty map',
      ['--memmap', at('empty-map.json')],
      2,
      /empty-map\.json|map.*(empty|no entries)/,
    ],
    ['a map without RAM at 1 MiB', ['--memmap', at('no-ram-at-1m.json')], 2, /1 MiB|0x100000/],
    ['a map of 5000 entries', ['--memmap', at('5000.json')], 2, /5000.*4096/],
    ['hexadecimal digits without 0x', ['--memmap', at('hex.json')], 2, /hex\.json.*100000/],
    ['a damaged JSON file', ['--memmap', at('broken.json')], 2, /broken\.json/],
    ['a map that is not there', ['--memmap', at('missing.json')], 10, /missing\.json/],
    ['an unknown map of the zoo', ['--memmap', 'zoo:bochs-521m'], 2, /bochs-521m.*bochs-512m/],
    ['a missing image', [at('missing.elf')], 10, /missing\.elf/],
    ['an image that never ends', ['/dev/zero'], 10, /\/dev\/zero.*no end within 1 GiB/],
    ['an option that makes sense once', ['-m', '8M', '-m', '9M'], 2, /^s7x: -m is given 2 times$/m],
    ['an image without a name', [''], 2, /^s7x: image: no file is named$/m],
    ['a folder without a name', ['-o', ''], 2, /^s7x: output folder: none is named$/m],
    [
      'a snapshot of another name',
      ['--save-at', '1ms=ready'],
      2,
      /^s7x: --save-at 1ms=ready: a snapshot's name ends in \.snap; write 1ms=ready\.snap$/m,
    ],
    [
      'names of functions out of a file of bytes',
      ['--symbols', at('bytes.bin')],
      2,
      /^s7x: --symbols \S+bytes\.bin: neither an ELF file nor lines of nm$/m,
    ],
    [
      'a socket in a folder that is not there',
      ['--serial', 'unix:none/com1'],
      10,
      /^s7x: --serial unix:none\/com1: cannot listen there: there is no such folder$/m,
    ],
    ['an empty image', [at('empty.elf')], 2, /empty\.elf.*empty/],
    ['a compressed image cut off', [at('cut.gz')], 2, /cut\.gz: compressed by gzip.*end of file/],
    ['a damaged compressed image', [at('damaged.gz')], 2, /damaged\.gz: .*gzip.*incorrect/],
    ['a compressed file that is no image', [at('text.gz')], 2, /text\.gz: not a boot image/],
    [
      'an image cut off inside its header',
      [at('truncated-header.elf')],
      2,
      /truncated-header\.elf.*header/,
    ],
    [
      'an image cut off inside its program headers',
      [at('truncated-table.elf')],
      2,
      /truncated-table\.elf.*program header/,
    ],
    [
      'an image cut off inside a segment',
      [at('truncated-segment.elf')],
      2,
      /truncated-segment\.elf.*segment/,
    ],
    ['a 32-bit image for another machine', [at('elf32.elf')], 2, /elf32\.elf.*80386/],
    ['an image for another machine', [at('arm.elf')], 2, /arm\.elf.*machine 183/],
    ['a file that is no image', [at('text.elf')], 2, /text\.elf.*not a boot image/],
    [
      'a segment outside the RAM',
      [at('outside.elf'), '-m', '128M'],
      2,
      /outside\.elf.*outside the RAM/,
    ],
    ['a segment over another', [at('overlap.elf')], 2, /overlap\.elf.*over segment/],
    ['an entry point outside the segments', [at('entry.elf')], 2, /entry\.elf.*entry point/],
    ['an output folder that is a file', ['-o', at('a-file')], 10, /a-file/],
    ['an unknown flag', ['--memmp', 'pc'], 2, /^s7x: .*--memmp; did you mean 'memmap'\?\n$/],
    ['an option without its value', ['--append'], 2, /^s7x: .*--append\n$/],
    ['a value that looks like an option', ['--expect', '-x'], 2, /^s7x: .*--expect=-x\n$/],
    ['a word that is no choice', ['--uart', 'fast'], 2, /^s7x: --uart fast: .*real, instant\n$/],
    ['an entry of no known type', ['--memmap-add', '4K@1M:x'], 2, /--memmap-add: '4K@1M:x'.*'x'/],
    ['an entry of no size', ['--memmap-add', 'x@1M:usable'], 2, /--memmap-add: 'x'/],
    ['a limit that is no size', ['--resident-max', 'x'], 2, /--resident-max x: 'x'/],
    ['half an instruction', ['--max-insns', '1.5'], 2, /--max-insns 1\.5: not a whole number/],
    ['a fifth serial port', Array<string>(5).fill('--serial=null'), 2, /--serial .*5 times.* 4 /],
    ['an unknown timing model', ['--cpu', 'zen9'], 2, /zen9.*unit/],
    ['a time without a unit', ['--timeout', '10'], 2, /--timeout 10/],
    ['a count that is none', ['--max-insns', 'many'], 2, /--max-insns many/],
    ['an expression that is none', ['--expect', '/(/'], 2, /--expect \/\(\//],
    ['an unknown set of texts', ['--fail', '@windows'], 2, /@windows.*@linux/],
    ['an unknown serial target', ['--serial', 'pty'], 2, /pty: there is stdio, null/],
    ['an unknown category', ['--debug', 'everything'], 2, /everything/],
    ['a QEMU word with one dash', ['-append', 'x'], 2, /--append/],
    ['a character outside ASCII in the command line', ['--append', 'ü'], 2, /--append/],
  ])('%s', async (_, words, status, sentence) => {
    const run = await s7x(['run', ...words]);
    expect(run.stderr).toMatch(sentence);
    expect(run.status).toBe(status);
    expect(run.stderr).not.toMatch(/\n\s+at /);
    expect(run.stdout).toBe('');
  });

  it('a variable of no option, and names it', async () => {
    const run = await s7x(['memmap'], { env: { S7X_RAMM: '8M' } });
    expect(run.stderr).toBe('s7x: S7X_RAMM: no command has such an option\n');
    expect([run.status, run.stdout]).toEqual([2, '']);
  });

  it('no variable that only another command has', async () => {
    const env = { S7X_LOG_FORMAT: 'json', S7X_CPU: 'unit', S7X_RAM: '8M', S7X_JOBS: '1' };
    const run = await s7x(['memmap'], { env });
    expect(run.stdout).toContain('[mem 0x0000000000100000-0x00000000007fffff] usable');
    expect([run.status, run.stderr]).toEqual([0, '']);
  });

  it('a variable whose value is none of its option, unless the command line has that', async () => {
    const words = ['run', guest('power-off')];
    const size = await s7x(words, { env: { S7X_RAM: '8Q' } });
    expect([size.status, size.stderr]).toEqual([
      2,
      expect.stringMatching(/^s7x: --ram 8Q: .* \(S7X_RAM\)\n$/),
    ]);
    const file = await s7x(words, { env: { S7X_INITRD: 'none.img' } });
    expect([file.status, file.stderr]).toEqual([
      10,
      's7x: module none.img cannot be read: no such file or directory (S7X_INITRD)\n',
    ]);
    const written = await s7x([...words, '-m', '9Q'], { env: { S7X_RAM: '8Q' } });
    expect(written.stderr).toMatch(/^s7x: --ram 9Q: .*4096B$/m);
  });

  // docs/cli.md: options are variables such as S7X_RAM.
  it('no variable that begins with S7X but not with S7X_, and does not take it for an option', async () => {
    const plain = await s7x(['memmap']);
    const run = await s7x(['memmap'], { env: { S7XROOT: '/opt', S7XRAM: '8M' } });
    expect([run.status, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toBe(plain.stdout);
  });

  it.each([
    [{ S7X_FUNCTIONAL: '1' }, 's7x: S7X_FUNCTIONAL=1: --functional is a flag: true or false\n'],
    [{ S7X_KEEP_GOING: 'yes' }, 's7x: S7X_KEEP_GOING=yes: --keep-going is a flag: true or false\n'],
    [{ S7X_S: 'on' }, 's7x: S7X_S=on: -s is a flag: true or false\n'],
  ])('a flag of the environment that is neither true nor false: %j', async (env, sentence) => {
    const run = await s7x(['run'], { env });
    expect([run.status, run.stderr, run.stdout]).toEqual([2, sentence, '']);
  });

  it('no flag of the environment that is empty, or names a file in another command', async () => {
    const run = await s7x(['memmap'], { env: { S7X_FUNCTIONAL: '', S7X_CHECK: 'wx' } });
    expect([run.status, run.stderr]).toEqual([0, '']);
    const words = ['run', '--print-qemu'];
    expect((await s7x(words, { env: { S7X_JSON: 'sweep.json', S7X_BAIL: '1' } })).status).toBe(0);
  });

  it('an unknown command, and names the nearest', async () => {
    const run = await s7x(['sweeep']);
    expect(run.stderr).toMatch(/sweep/);
    expect(run.status).toBe(2);
  });

  it('an entry that wraps past 2^64 is cut by the kernel, which boots', async () => {
    const path = at('wraps.json');
    writeFileSync(
      path,
      map([
        low,
        { base: '0x100000', size: '0x1f00000', type: 'usable' },
        { base: '0xfffffffffffff000', size: '0x2000', type: 'reserved' },
      ]),
    );
    const run = await s7x(['run', '--memmap', path, '--uart', 'instant']);
    expect(run.stdout).toContain('tests passed');
    expect(run.status).toBe(0);
  });
});

describe('an installation that is damaged', () => {
  /** The command line of a copy of the build in which one file is another. */
  async function runDamaged(path: string, contents: string | null): Promise<Finished> {
    const copy = emptyFolder();
    for (const name of [
      'package.json',
      'dist/bundle',
      'dist/emulator',
      'dist/firmware',
      'dist/kernel/kernel.elf',
    ]) {
      cpSync(join(projectRoot, name), join(copy, name), { recursive: true });
    }
    symlinkSync(join(projectRoot, 'node_modules'), join(copy, 'node_modules'));
    if (contents === null) rmSync(join(copy, path));
    else writeFileSync(join(copy, path), contents);
    return s7x(['run', '--functional'], { mainPath: join(copy, 'dist/bundle/s7x.js') });
  }

  it.each<[string, string, string | null, number, RegExp]>([
    [
      'without its core',
      'dist/emulator/cpu/core.wasm',
      null,
      10,
      /core\.wasm is missing: run npm run build/,
    ],
    ['without its kernel', 'dist/kernel/kernel.elf', null, 10, /kernel\.elf cannot be read/],
    [
      'with a core that is none',
      'dist/emulator/cpu/core.wasm',
      'junk',
      14,
      /internal error, please report it:\n.*WebAssembly/,
    ],
  ])('%s', async (_, path, contents, status, sentence) => {
    const run = await runDamaged(path, contents);
    expect(run.stderr).toMatch(sentence);
    expect([run.status, run.stdout]).toEqual([status, '']);
  });
});

describe('nothing is lost', () => {
  it('Ctrl-C during a run leaves complete files, and the process ends by the signal', async () => {
    const run = await s7x(['run', guest('prints-forever')], {
      onOutput: (text, kill) => {
        if (text.length > 200) kill('SIGINT');
      },
    });
    expect(run.signal).toBe('SIGINT');
    const record = JSON.parse(readFileSync(join(run.folder, '.s7x/last/run.json'), 'utf8')) as {
      outcome: { kind: string };
    };
    expect(record.outcome.kind).toBe('interrupted');
    const serial = readFileSync(join(run.folder, '.s7x/last/serial.log'), 'latin1');
    expect(serial.startsWith(run.stdout)).toBe(true);
    expect(existsSync(join(run.folder, '.s7x/last/log.ndjson'))).toBe(true);
  });
});
