/** The `qemu-system-x86_64` command that boots the same thing, for comparison. */
import type { RunOptions } from './run-options.js';

/** One shell line. What QEMU cannot do (a foreign memory map) is said in a comment behind it. */
export function qemuCommand(options: RunOptions): string {
  const words = [
    'qemu-system-x86_64',
    '-accel',
    'tcg',
    '-cpu',
    options.ramBytes > 1n << 40n ? 'max,phys-bits=52' : 'max',
    '-m',
    qemuSize(options.ramBytes),
    ...numaWords(options.numaNodeBytes),
    ...imageWords(options),
    ...moduleWords(options),
    ...loadWords(options),
    ...(options.diskPath === null ? [] : driveWords(options.diskPath, 'if=ide')),
    ...(options.commandLine === '' ? [] : ['-append', options.commandLine]),
    '-display',
    'none',
    '-serial',
    'stdio',
    '-no-reboot',
    '-device',
    'isa-debug-exit,iobase=0xf4,iosize=0x04',
    '-debugcon',
    'file:debugcon.log',
  ];
  const command = words.map(shellWord).join(' ');
  if (options.kind === 'multiboot2') {
    return `${command} # QEMU has no multiboot 2: a boot loader such as GRUB has to start the image`;
  }
  if (options.entry !== null) {
    return `${command} # QEMU has no --entry: it begins where the image, or the reset vector, says`;
  }
  const { memoryMapSpec, memoryMapAdditions, memoryMapDisorder } = options;
  if (memoryMapSpec === 'pc' && memoryMapAdditions.length === 0 && memoryMapDisorder === null) {
    return command;
  }
  return `${command} # QEMU makes its own memory map: ${options.memoryMapSpec} has no equivalent`;
}

function imageWords({ kind, imagePath, isDiskette }: RunOptions): string[] {
  if (kind === 'boot-sector') {
    return driveWords(imagePath, isDiskette ? 'if=floppy' : 'if=ide');
  }
  if (kind === 'flat') return [];
  return [kind === 'firmware' ? '-bios' : '-kernel', imagePath];
}

/** What is written stays with QEMU, as here. */
function driveWords(path: string, place: string): string[] {
  return ['-drive', `file=${path},format=raw,${place},snapshot=on`];
}

/** QEMU takes multiboot modules and the initial RAM disk by the same option; a comma separates modules. */
function moduleWords({ modules }: RunOptions): string[] {
  if (modules.length === 0) return [];
  const words = modules.map(({ path, commandLine }) =>
    commandLine === '' ? path : `${path} ${commandLine}`,
  );
  return ['-initrd', words.join(',')];
}

function loadWords({ loads }: RunOptions): string[] {
  return loads.flatMap(({ path, address }) => [
    '-device',
    `loader,file=${path},addr=0x${address.toString(16)},force-raw=on`,
  ]);
}

/** A memory device for each node; the one processor is in the first. */
function numaWords(sizes: readonly bigint[]): string[] {
  return sizes.flatMap((bytes, node) => [
    '-object',
    `memory-backend-ram,id=node${node},size=${qemuSize(bytes)}`,
    '-numa',
    `node,nodeid=${node},memdev=node${node}${node === 0 ? ',cpus=0' : ''}`,
  ]);
}

/** QEMU takes whole MiB best; it rejects `8MiB`. */
function qemuSize(bytes: bigint): string {
  const mebibyte = 1n << 20n;
  return bytes % mebibyte === 0n ? `${bytes / mebibyte}M` : `${bytes}B`;
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
