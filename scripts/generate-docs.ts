/**
 * Writes the parts of the documents that are facts of the program: docs/machine.md from the board's table, and the
 * transcript in README.md from a run. `npm run docs`; with `--check` it writes nothing and fails when a part is stale.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClockDomains } from '../emulator/clock/clock-domains.js';
import { PC_MEMORY } from '../emulator/machine/pc-memory.js';
import { pcPciFunctions } from '../emulator/machine/pc-pci.js';
import { PC_PORTS } from '../emulator/machine/pc-ports.js';

const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Lines of the serial output that the transcript leaves out between the first and last of a kind. */
const SHORTENED = [
  /^BIOS-e820/,
  /^\[nk_boot\] {3}\[mem/,
  /^\[nk_test\] \w+ \.\.\. PASS/,
  /^\[nk_example\]/,
];

function machinePage(): string {
  const hex = (port: number): string => `0x${port.toString(16).toUpperCase().padStart(3, '0')}`;
  const rows = PC_PORTS.map(({ base, sizePorts, device, name, accessTimeNs }) => {
    const last = sizePorts === 1 ? '' : `–${hex(base + sizePorts - 1)}`;
    const what = device === null ? `${name} (not modelled: reads all ones)` : name;
    return `| ${hex(base)}${last} | ${what} | ${accessTimeNs} |`;
  });
  const clocks = new ClockDomains(1_000_000_000);
  return [
    '# The machine',
    '',
    'Written by `npm run docs` from the tables of `emulator/machine` (`pc-ports.ts`, `pc-memory.ts`, `pc-pci.ts`) and from',
    '`emulator/clock/clock-domains.ts`.',
    '',
    '## Ports',
    '',
    'A port without a row reads all ones; the first access to each is logged with its RIP.',
    '',
    '| ports | chip | ns per access |',
    '|---|---|---|',
    ...rows,
    '',
    ...memorySection(),
    ...INTERRUPTS_SECTION,
    '## Clocks',
    '',
    '| clock | Hz |',
    '|---|---|',
    '| core, TSC | of the timing model (`unit`: 1 000 000 000), or `--freq` |',
    `| 8254 | ${clocks.pitHz} |`,
    `| 16550A | ${clocks.uartHz} |`,
    `| MC146818 | ${clocks.rtcHz} |`,
    `| PM timer | ${clocks.pmTimerHz} |`,
    `| timer of the local APIC, before its divider | ${clocks.apicTimerHz} |`,
    `| HPET | ${clocks.hpetHz} |`,
    '',
    '## Physical memory of the map `pc`',
    '',
    '| addresses | what |',
    '|---|---|',
    '| 0–0x9FBFF | usable |',
    '| 0x9FC00–0x9FFFF | reserved: extended BIOS data area |',
    '| 0xE0000–0xFFFFF | writable shadow of the ROM |',
    '| 0x100000–… | usable, to at most 3 GiB |',
    '| 0xFEC00000, 0xFEE00000 | reserved: windows of the interrupt controllers |',
    '| 0xFFFE0000–0xFFFFFFFF | ROM, 128 KiB; reset vector at 0xFFFFFFF0 |',
    '| 0x100000000–… | usable: the rest, to at most 2^52 |',
    '',
    ...ACPI_SECTION,
  ].join('\n');
}

/** Devices in memory, and PCI functions. */
function memorySection(): string[] {
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  return [
    '## Devices in memory',
    '',
    '| address | bytes | device | ns per access |',
    '|---|---|---|---|',
    ...PC_MEMORY.map(
      ({ base, sizeBytes, name, accessTimeNs }) =>
        `| 0x${hex(Number(base), 8)} | ${sizeBytes} | ${name} | ${accessTimeNs} |`,
    ),
    '',
    'Registers are doublewords (the HPET takes quadwords, too). The local APIC is where `IA32_APIC_BASE` says. A memory map is kept as it',
    'was given: where it has RAM at one of these addresses, none of the three is offered by CPUID or in the ACPI tables.',
    '',
    '## PCI',
    '',
    'Configuration mechanism #1 (0xCF8, 0xCFC), bus 0; what is not there reads as ones. 00:01.1 is there where a fixed disk is.',
    '',
    '| function | vendor and device | class |',
    '|---|---|---|',
    ...pcPciFunctions(true).map(
      (row) =>
        `| 00:${hex(row.device, 2)}.${row.function} | ${hex(row.vendorId, 4)}:${hex(row.deviceId, 4)} | ${hex(row.classCode >> 8, 4)} |`,
    ),
    '',
  ];
}

const INTERRUPTS_SECTION = [
  '## Interrupts',
  '',
  '| IRQ | input of the I/O APIC | source |',
  '|---|---|---|',
  '| 0 | 2 | 8254 counter 0, or HPET timer 0 in legacy replacement |',
  '| 1 | 1 | 8042, keyboard |',
  '| 2 | | second 8259A |',
  '| 3 | 3 | COM2, COM4 |',
  '| 4 | 4 | COM1, COM3 |',
  '| 8 | 8 | MC146818, or HPET timer 1 in legacy replacement |',
  '| 12 | 12 | 8042, auxiliary device |',
  '| 14 | 14 | IDE, primary channel |',
  '| | 0 | INTR of the 8259A pair |',
  '| | 20 to 23 | HPET timers |',
  '',
  'The INTR of the 8259A pair reaches the processor through LINT0 of the local APIC, which is open for it (ExtINT) at reset, as firmware',
  'leaves it on a PC; software that knows no APIC notices nothing. Nothing drives LINT1.',
  '',
];

const ACPI_SECTION = [
  '## ACPI tables',
  '',
  'The machine builds them (`emulator/machine/acpi-files.ts`) and hands them over as QEMU does: `etc/acpi/tables`, `etc/acpi/rsdp` and',
  'the script `etc/table-loader`. The firmware places the tables at the top of the highest ACPI range (type 3) of the memory map, above',
  '1 MiB and below 4 GiB, that has room and is RAM; in a map without one (`pc` is such a map) they stay at 0xF4000–0xFFFFF beside the',
  "firmware's code. The RSDP is always there. No usable page is ever taken, so the map stays as it was given.",
  '',
  '| table | what it says |',
  '|---|---|',
  '| RSDP, RSDT, XSDT | revision 2; the address of the RSDP is also in `hvm_start_info` |',
  '| FADT, FACS | PM1a at 0x600 and 0x604, timer of 24 bits at 0x608, reset through 0xCF9; no SMI_CMD: always in ACPI mode; no GPE, no buttons |',
  '| DSDT | `\\_S5`: SLP_TYP 0; the PCI host bridge (PNP0A03) and what it passes on |',
  '| MADT | PCAT_COMPAT (the two 8259A), local APIC 0, I/O APIC 0, IRQ 0 at input 2, IRQ 9 (SCI) a level, LINT1 for NMI; no entry where the map leaves no room for the APICs |',
  '| HPET | at 0xFED00000; not there where the map leaves no room |',
  '| SRAT, SLIT | only with more than one node: the processor in node 0, the ranges of each node, distances 10 and 20 |',
  '',
  "Nodes come from `--numa`, or from a map of the zoo whose log has Linux's node ranges (six have).",
  '',
];

function transcript(): string {
  const folder = mkdtempSync(join(tmpdir(), 's7x-docs-'));
  const main = join(rootDir, 'dist/bundle/s7x.js');
  const words = [main, 'run', '-m', '8G', '--log-format', 'pretty'];
  const run = spawnSync(process.execPath, words, { cwd: folder, encoding: 'utf8' });
  if (run.status !== 0)
    throw new Error(`s7x run -m 8G ended with status ${run.status}:\n${run.stderr}`);
  const status = run.stderr
    .split('\n')
    .filter((line) => /PASS|instructions/.test(line))
    .map((line) => line.trimEnd());
  return [
    '```',
    '$ npx s7x run -m 8G',
    ...shortened(run.stdout.split('\n')),
    ...status,
    '```',
    '',
  ].join('\n');
}

/** Of each run of lines of one kind, the first, `…`, and the last. */
function shortened(lines: readonly string[]): string[] {
  const kind = (line: string | undefined): number =>
    line === undefined ? -1 : SHORTENED.findIndex((pattern) => pattern.test(line));
  return lines
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .flatMap((line, place, all) => {
      if (kind(line) < 0) return [line];
      const first = kind(all[place - 1]) !== kind(line);
      const last = kind(all[place + 1]) !== kind(line);
      if (first || last) return [line];
      return kind(all[place - 2]) !== kind(line) || place === 1 ? ['…'] : [];
    });
}

function replaceBetween(text: string, name: string, part: string): string {
  const begin = `<!-- ${name}:begin -->\n`;
  const end = `<!-- ${name}:end -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < 0) throw new Error(`no part ${name}`);
  return text.slice(0, from + begin.length) + part + text.slice(to);
}

const readme = readFileSync(join(rootDir, 'README.md'), 'utf8');
const pages = new Map([
  ['docs/machine.md', machinePage()],
  ['README.md', replaceBetween(readme, 'transcript', transcript())],
]);
const check = process.argv.includes('--check');
for (const [path, text] of pages) {
  const full = join(rootDir, path);
  if (!check) writeFileSync(full, text);
  else if (readFileSync(full, 'utf8') !== text) {
    process.stderr.write(`${path} is stale: npm run docs\n`);
    process.exitCode = 1;
  }
}
