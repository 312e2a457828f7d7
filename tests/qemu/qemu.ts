/** QEMU as the other machine: the same image, what it says on COM1, and its exit status. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyFolder } from '../cli/s7x.js';

const QEMU = 'qemu-system-x86_64';
const RUN_MS_MAX = 50_000;

export const hasQemu = spawnSync(QEMU, ['--version']).error === undefined;

/** The title of a suite that needs QEMU: says so where it is skipped. */
export function withQemu(title: string): string {
  return hasQemu ? title : `${title} (skipped: ${QEMU} is not installed)`;
}

export interface QemuRun {
  readonly serial: string;
  readonly status: number | null;
}

const NOTHING_BUT_COM1 = ['-display', 'none', '-monitor', 'none', '-no-reboot', '-serial', 'stdio'];
const DEBUG_EXIT = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=0x04'];

/** A PVH kernel on QEMU's machine `pc`, with QEMU's own firmware and memory map. */
export function qemuKernel(
  path: string,
  memory: string,
  append = '',
  more: readonly string[] = [],
): Promise<QemuRun> {
  const words = ['-cpu', 'max', '-m', memory, '-kernel', path, '-append', append];
  return run([...words, ...more, ...DEBUG_EXIT]);
}

/** A disk on QEMU's machine `pc`, with SeaBIOS: drive 80h, or a diskette. */
export function qemuDisk(bytes: Uint8Array, isDiskette = false): Promise<QemuRun> {
  const path = join(emptyFolder(), 'disk.img');
  writeFileSync(path, bytes);
  const place = isDiskette ? ',if=floppy' : '';
  return run(['-drive', `file=${path},format=raw${place}`, ...DEBUG_EXIT]);
}

export interface RomRun {
  readonly rom: Uint8Array;
  /** The fw_cfg files `etc/e820` and `opt/s7x/boot`. */
  readonly map: Uint8Array;
  readonly boot: Uint8Array;
  /** Other files of fw_cfg, by name. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Contents of RAM at reset. */
  readonly placed: readonly { readonly address: bigint; readonly bytes: Uint8Array }[];
  readonly memoryMib: number;
}

/**
 * Our ROM on QEMU's machine `isapc`, where 0xE0000-0xFFFFF is RAM. QEMU keeps the name etc/e820 to itself, so the ROM
 * gets to look for opt/e820. Without an APIC the processor takes interrupts from the 8259 directly.
 */
export function qemuRom({ rom, map, boot, files, placed, memoryMib }: RomRun): Promise<QemuRun> {
  const folder = emptyFolder();
  const file = (name: string, bytes: Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const image = Buffer.from(rom);
  image.write('opt/e820', image.indexOf('etc/e820\0'), 'latin1');
  return run([
    ...['-M', 'isapc', '-cpu', 'qemu64,-apic', '-m', String(memoryMib)],
    ...['-bios', file('rom', image), '-rtc', 'base=2026-01-01T00:00:00'],
    ...['-fw_cfg', `name=opt/e820,file=${file('map', map)}`],
    ...['-fw_cfg', `name=opt/s7x/boot,file=${file('boot', boot)}`],
    ...[...files].flatMap(([name, bytes], index) => [
      '-fw_cfg',
      `name=${name},file=${file(`file-${index}`, bytes)}`,
    ]),
    ...placed.flatMap(({ address, bytes }, index) => [
      '-device',
      `loader,file=${file(`placed-${index}`, bytes)},addr=0x${address.toString(16)},force-raw=on`,
    ]),
    ...DEBUG_EXIT,
  ]);
}

function run(words: readonly string[]): Promise<QemuRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(QEMU, ['-accel', 'tcg', ...NOTHING_BUT_COM1, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let serial = '';
    let complaints = '';
    child.stdout.on('data', (chunk: Buffer) => (serial += chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    const killer = setTimeout(() => child.kill('SIGKILL'), RUN_MS_MAX);
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(killer);
      if (signal === null) resolve({ serial, status });
      else reject(new Error(`QEMU did not end in ${RUN_MS_MAX} ms. ${complaints}\n${serial}`));
    });
  });
}
