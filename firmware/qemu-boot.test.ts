/**
 * The ROM on QEMU's ISA machine, where 0xE0000-0xFFFFF is RAM, as on ours. Expectations come from the maps given to
 * QEMU and from the PVH and BIOS interface documents.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildFirmware } from '../scripts/build-firmware.js';
import { assemble } from './assembler/assemble.js';

const QEMU = 'qemu-system-x86_64';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RUN_MS_MAX = 20_000;
const hasQemu = spawnSync(QEMU, ['--version']).error === undefined;
const MIB = 0x100000n;
const GIB = 0x40000000n;

type Entry = readonly [base: bigint, length: bigint, type: number];

const BOOT_SECTOR = { version: 1, kind: 2, entry: 0n };
const PVH_ENTRY_SYMBOL = 'entry';

interface Run {
  readonly memoryMib?: number;
  /** Given in place of QEMU's own map. */
  readonly map?: readonly Entry[] | null;
  readonly bootFile?: Uint8Array;
  readonly bootSector?: Uint8Array;
  readonly kernel?: Uint8Array;
  readonly append?: string;
  readonly options?: readonly string[];
  /** Ends the run as soon as the debug port has shown this. */
  readonly stopAt?: string;
}

let folder = '';
let rom = new Uint8Array(0);

describe.skipIf(!hasQemu)(
  hasQemu ? 'the ROM on QEMU' : `the ROM on QEMU (skipped: ${QEMU} is not installed)`,
  () => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 's7x-rom-'));
      rom = Uint8Array.from((await buildFirmware(ROOT)).rom);
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    describe('a boot sector', () => {
      it('gets the services of a PC', async () => {
        const { serial, debug } = await boot({
          memoryMib: 20,
          bootFile: bootFile(BOOT_SECTOR),
          bootSector: testSector(),
        });
        const lines = serial.split('\n');
        expect(lines.filter((line) => /^[0-9a-z]+ \w{8}$/.test(line))).toEqual([
          'drive 00000080',
          'divisor 00000060', // 115200 / 1200 = 96
          'int11 00000822',
          'int12 0000027F', // 639 KiB
          '88 00004C00', // 19 MiB
          'e801 00003C00', // 15 MiB
          'e801b 00000040', // 4 MiB in 64 KiB blocks
          'a20 00000001',
          'c0 00008601', // AH=86h, CF=1
          'disk 00008001', // AH=80h, CF=1
          'year 00002026',
          'nokey 00000101',
          expect.stringMatching(/^end /), // behind a wait for a timer tick
        ]);
        expect(lines).toContain('00000001 00000000 01400000 00000000 00000000 ');
        expect(debug).toContain(' entries, 20480 KiB usable\nboot: boot sector\nhello, teletype\n');
      });

      it('can reboot through INT 19h', async () => {
        const { exited } = await boot({
          bootFile: bootFile(BOOT_SECTOR),
          bootSector: sector('int 0x19\njmp $'),
        });
        expect(exited).toBe(true); // -no-reboot
      });

      it('that gives up through INT 18h stops with a message', async () => {
        const stopAt = 'boot: no bootable image\n';
        const { debug } = await boot({
          bootFile: bootFile(BOOT_SECTOR),
          bootSector: sector('int 0x18'),
          stopAt,
        });
        expect(debug).toContain(stopAt);
      });
    });

    describe('the memory map', () => {
      const PC: readonly Entry[] = [
        [0n, 0x9fc00n, 1],
        [0x9fc00n, 0x400n, 2],
        [0xf0000n, 0x10000n, 2],
        [MIB, 3n * GIB - MIB, 1],
        [4n * GIB, 5n * GIB, 1],
      ];
      it.each<[string, readonly Entry[], Record<string, number>]>([
        //                                            KiB from 0      KiB from 1 MiB  … to 16 MiB   64 KiB from 16 MiB
        ['8 GiB with a hole', PC, { int12: 639, 88: 0xfc00, e801: 15 * 1024, e801b: 0xbf00 }],
        [
          'the same backwards',
          [...PC].reverse(),
          { int12: 639, 88: 0xfc00, e801: 15 * 1024, e801b: 0xbf00 },
        ],
        [
          'a hole at 15 MiB cut by an overlapping entry',
          [
            [0n, 0xa0000n, 1],
            [MIB, 63n * MIB, 1],
            [15n * MIB, MIB, 2],
          ],
          { int12: 639, 88: 14 * 1024, e801: 14 * 1024, e801b: 48 * 16 },
        ],
        [
          'pieces in disorder',
          [
            [8n * MIB, 24n * MIB, 1],
            [0x40000n, 0x40000n, 1],
            [MIB, 7n * MIB, 1],
            [0n, 0x40000n, 1],
          ],
          { int12: 512, 88: 31 * 1024, e801: 15 * 1024, e801b: 16 * 16 },
        ],
        [
          'the first page reserved',
          [
            [0n, 0x1000n, 2],
            [0x1000n, 0x9e000n, 1],
            [MIB, MIB, 1],
          ],
          { int12: 636, 88: 1024, e801: 1024, e801b: 0 },
        ],
        [
          'an empty reserved entry takes nothing',
          [
            [0n, 0xa0000n, 1],
            [4n * MIB, 0n, 2],
            [MIB, 7n * MIB, 1],
          ],
          { int12: 639, 88: 7 * 1024, e801: 7 * 1024, e801b: 0 },
        ],
        [
          'a length that wraps past 2^64',
          [
            [0n, 0xa0000n, 1],
            [MIB, (1n << 64n) - 1n, 1],
          ],
          { int12: 639, 88: 0xfc00, e801: 15 * 1024, e801b: 0xfeff },
        ],
        ['nothing at 1 MiB', [[0n, 0xa0000n, 1]], { int12: 639, 88: 0, e801: 0, e801b: 0 }],
        ['no usable entry', [[0n, 16n * GIB, 2]], { int12: 0, 88: 0, e801: 0, e801b: 0 }],
      ])(
        '%s: given back as it was, and digested for the old services',
        async (_title, map, sizes) => {
          const { serial } = await boot({
            map,
            bootFile: bootFile(BOOT_SECTOR),
            bootSector: testSector(),
          });
          expect(serial.match(/^(\w{8} ){5}$/gm) ?? []).toEqual(map.map(entryLine));
          for (const [name, value] of Object.entries(sizes)) {
            expect(serial).toContain(`\n${name} ${hex(value)}\n`);
          }
        },
      );

      it('of no file at all is empty, and a message says so', async () => {
        const { serial, debug } = await boot({
          map: null,
          bootFile: bootFile(BOOT_SECTOR),
          bootSector: testSector(),
        });
        expect(serial.match(/^(\w{8} ){5}$/gm)).toBeNull();
        expect(debug).toContain(
          'e820: fw_cfg has no file etc/e820\ne820: 0 entries, 0 KiB usable\n',
        );
      });

      it('of 4096 entries is read to the last one through INT 15h', async () => {
        const map = manyEntries(4096);
        const { serial } = await boot({
          map,
          bootFile: bootFile(BOOT_SECTOR),
          bootSector: testSector(),
        });
        expect(serial.match(/^(\w{8} ){5}$/gm)).toEqual(map.map(entryLine));
      });

      it('of 5000 entries is cut to 4096, which a PVH kernel gets in order', async () => {
        const map = manyEntries(5000);
        const { serial, debug } = await boot({ map, ...pvh([]) });
        expect(serial.match(/^M .*$/gm)).toEqual(map.slice(0, 4096).map(startInfoLine));
        expect(debug).toContain(
          'e820: more than 4096 entries, the rest is left out\ne820: 4096 entries, ',
        );
      });

      it('whose sum wraps is reported as all ones', async () => {
        const map: Entry[] = [
          [0n, (1n << 64n) - 1n, 1],
          [0n, 2n, 1],
        ];
        const { debug } = await boot({
          map,
          bootFile: bootFile(BOOT_SECTOR),
          bootSector: testSector(),
        });
        expect(debug).toContain(`2 entries, ${((1n << 64n) - 1n) >> 10n} KiB usable`);
      });
    });

    describe('a PVH kernel', () => {
      const MAP: readonly Entry[] = [
        [0n, 0xa0000n, 1],
        [MIB, 63n * MIB, 1],
        [1n << 40n, 1n << 41n, 7],
      ];
      const MODULES = [
        [0x200000n, 0x1234n, 0x300000n],
        [0x1_0000_0000n, 5n, 0n],
      ] as const;

      it.each([
        ['through DMA', []],
        ['through the data port', ['-global', 'fw_cfg_io.dma_enabled=off']],
      ])(
        'gets its start info %s, in the state that the PVH document asks for',
        async (_title, options) => {
          const { serial } = await boot({
            map: MAP,
            ...pvh(MODULES),
            append: 'console=ttyS0 x="y"',
            options,
          });
          // [Xen, docs/misc/pvh.pandoc; hvm_start_info in arch-x86/hvm/start_info.h]. CR0.ET reads as 1 on every processor.
          expect(serial.split('\n')).toEqual([
            'cr0 00000011',
            'eflags 00000000',
            'tr 00000018',
            ...Array<string>(4).fill('limit FFFFFFFF'),
            'info 00010000',
            ' 336EC578 00000001 00000000 00000002 00030000 00000000 00040000 00000000' +
              ' 89ABCDEF 01234567 00011000 00000000 00000003 00000000',
            ...MAP.map(startInfoLine),
            'I 00200000 00000000 00001234 00000000 00300000 00000000 00000000 00000000',
            'I 00000000 00000001 00000005 00000000 00000000 00000000 00000000 00000000',
            '"console=ttyS0 x="y""',
            expect.stringMatching(/^end /),
            '',
          ]);
        },
      );

      it('without modules gets a null module list', async () => {
        const { serial } = await boot({ map: MAP, ...pvh([]) });
        expect(serial).toContain('\n 336EC578 00000001 00000000 00000000 00000000 00000000 ');
      });

      it('gets a command line longer than one chunk of the data port whole', async () => {
        const append = Array.from({ length: 8000 }, (_, index) => String(index)).join(' ');
        expect(append.length).toBeGreaterThan(0x8000);
        const options = ['-global', 'fw_cfg_io.dma_enabled=off'];
        const { serial } = await boot({ map: MAP, ...pvh([]), append, options });
        expect(serial).toContain(`\n"${append}"\n`);
      });
    });

    describe('what cannot be started stops with one message', () => {
      const noImage = 'boot: no bootable image\n';
      const badFile = 'boot: opt/s7x/boot is not a boot file of version 1\n';
      it.each([
        ['no boot file', undefined, noImage],
        ['kind 0', bootFile({ version: 1, kind: 0, entry: 0n }), noImage],
        ['kind 3', bootFile({ version: 1, kind: 3, entry: 0n }), badFile],
        ['version 2', bootFile({ version: 2, kind: 2, entry: 0n }), badFile],
        ['an entry above 4 GiB', bootFile({ version: 1, kind: 1, entry: 4n * GIB }), badFile],
        ['a file of 31 bytes', bootFile(BOOT_SECTOR).subarray(0, 31), badFile],
        [
          'a missing module',
          bootFile({ version: 1, kind: 1, entry: MIB }, [[1n, 2n, 3n]]).subarray(0, 63),
          badFile,
        ],
      ])('%s', async (_title, file, message) => {
        const { debug, serial } = await boot({
          ...(file === undefined ? {} : { bootFile: file }),
          stopAt: message,
        });
        expect(debug.endsWith(message)).toBe(true);
        expect(serial).toBe('');
      });
    });
  },
);

function testSector(): Uint8Array {
  return assemble('firmware/testdata/boot-sector.asm', readSource).bytes;
}

function sector(code: string): Uint8Array {
  return assemble('sector.asm', () => `org 0x7C00\n${code}\ntimes 510-($-$$) db 0\ndw 0xAA55`)
    .bytes;
}

/** The PVH test payload with its boot file. */
function pvh(
  modules: readonly (readonly [bigint, bigint, bigint])[],
): Pick<Run, 'kernel' | 'bootFile'> {
  const program = assemble('firmware/testdata/pvh-payload.asm', readSource);
  const entry = program.symbols.get(PVH_ENTRY_SYMBOL) ?? 0n;
  return { kernel: program.bytes, bootFile: bootFile({ version: 1, kind: 1, entry }, modules) };
}

function readSource(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

function bootFile(
  header: { readonly version: number; readonly kind: number; readonly entry: bigint },
  modules: readonly (readonly [bigint, bigint, bigint])[] = [],
): Uint8Array {
  const view = new DataView(new ArrayBuffer(32 + 32 * modules.length));
  view.setUint32(0, header.version, true);
  view.setUint32(4, header.kind, true);
  view.setBigUint64(8, header.entry, true);
  view.setBigUint64(16, 0x0123456789abcdefn, true);
  view.setUint32(24, modules.length, true);
  for (const [index, fields] of modules.entries()) {
    for (const [field, value] of fields.entries())
      view.setBigUint64(32 + 32 * index + 8 * field, value, true);
  }
  return new Uint8Array(view.buffer);
}

function manyEntries(count: number): Entry[] {
  return Array.from({ length: count }, (_, index) => [
    BigInt(index) << 33n,
    BigInt(index * 4096),
    1 + (index % 7),
  ]);
}

function hex(value: bigint | number): string {
  return value.toString(16).toUpperCase().padStart(8, '0');
}

/** As the boot sector prints an entry: type, length, base, high halves first. */
function entryLine([base, length, type]: Entry): string {
  const words = [BigInt(type), length >> 32n, length, base >> 32n, base];
  return words.map((word) => `${hex(BigInt.asUintN(32, word))} `).join('');
}

/** As the PVH payload prints an entry: the six dwords of hvm_memmap_table_entry. */
function startInfoLine([base, length, type]: Entry): string {
  const words = [base, base >> 32n, length, length >> 32n, BigInt(type), 0n];
  return `M ${words.map((word) => hex(BigInt.asUintN(32, word))).join(' ')}`;
}

function packedMap(map: readonly Entry[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(20 * map.length));
  for (const [index, [base, length, type]] of map.entries()) {
    view.setBigUint64(20 * index, base, true);
    view.setBigUint64(20 * index + 8, length, true);
    view.setUint32(20 * index + 16, type, true);
  }
  return new Uint8Array(view.buffer);
}

/** QEMU keeps etc/e820 to itself; a ROM that looks for opt/e820 instead can be given any map. */
function romWithOwnMap(): Uint8Array {
  const image = Buffer.from(rom);
  const at = image.indexOf('etc/e820\0');
  image.write('opt/e820', at, 'latin1');
  return image;
}

async function boot(run: Run): Promise<{ serial: string; debug: string; exited: boolean }> {
  const file = (name: string, bytes: Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return path;
  };
  const serial = join(folder, 'serial');
  const debug = join(folder, 'debug');
  rmSync(serial, { force: true });
  rmSync(debug, { force: true });
  const bios = file('rom', run.map === undefined ? rom : romWithOwnMap());
  // Without its APIC the processor takes interrupts from the 8259 directly; programming the APIC is not ours to do.
  const options = [
    '-M',
    'isapc',
    '-cpu',
    'qemu64,-apic',
    '-accel',
    'tcg',
    '-m',
    String(run.memoryMib ?? 64),
    '-bios',
    bios,
  ];
  options.push('-display', 'none', '-monitor', 'none', '-no-reboot', '-serial', `file:${serial}`);
  options.push('-rtc', 'base=2026-01-01T00:00:00');
  options.push(
    '-chardev',
    `file,id=debug,path=${debug}`,
    '-device',
    'isa-debugcon,iobase=0xe9,chardev=debug',
  );
  options.push('-device', 'isa-debug-exit,iobase=0xf4,iosize=4');
  if (run.map) options.push('-fw_cfg', `name=opt/e820,file=${file('map', packedMap(run.map))}`);
  if (run.bootFile) options.push('-fw_cfg', `name=opt/s7x/boot,file=${file('boot', run.bootFile)}`);
  if (run.bootSector) {
    options.push(
      '-device',
      `loader,file=${file('sector', run.bootSector)},addr=0x7c00,force-raw=on`,
    );
  }
  if (run.kernel) options.push('-kernel', file('kernel', run.kernel), '-append', run.append ?? '');
  options.push(...(run.options ?? []));
  const exited = await runQemu(options, debug, run.stopAt);
  const text = (path: string): string => (existsSync(path) ? readFileSync(path, 'latin1') : '');
  return { serial: text(serial), debug: text(debug), exited };
}

/** Resolves to true when QEMU has ended by itself, to false when `stopAt` has been seen; rejects after the time limit. */
function runQemu(
  options: readonly string[],
  debug: string,
  stopAt: string | undefined,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const qemu = spawn(QEMU, options, { stdio: ['ignore', 'ignore', 'pipe'] });
    let complaints = '';
    let stopped = false;
    qemu.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const limit = setTimeout(() => qemu.kill('SIGKILL'), RUN_MS_MAX);
    const watch = setInterval(() => {
      if (
        stopAt !== undefined &&
        existsSync(debug) &&
        readFileSync(debug, 'latin1').includes(stopAt)
      ) {
        stopped = true;
        qemu.kill('SIGKILL');
      }
    }, 50);
    qemu.on('error', reject);
    qemu.on('close', (_code, signal) => {
      clearTimeout(limit);
      clearInterval(watch);
      if (signal === null || stopped) resolve(!stopped);
      else reject(new Error(`QEMU did not end within ${RUN_MS_MAX} ms. ${complaints}`));
    });
  });
}
