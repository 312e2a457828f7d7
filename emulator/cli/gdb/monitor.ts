/** What `monitor …` shows in GDB: the machine's own view, which no packet of the protocol carries. */
import { pageWalkLines, stateReport } from '../../machine/autopsy.js';
import type { Machine } from '../../machine/machine.js';
import { PHYSICAL_ADDRESS_END } from '../../machine/ram-layout.js';
import { formatDmesg } from '../../memory/dmesg-format.js';
import { formatSize } from '../../base/size.js';
import { formatCount, formatNs } from '../quantities.js';
import {
  controlRegisters,
  generalRegisters,
  segmentRegisters,
} from '../../machine/register-words.js';
import {
  descriptorTable,
  interruptTable,
  taskState,
  type EntryRange,
} from '../../machine/descriptor-tables.js';

interface MonitorCommand {
  readonly words: string;
  readonly what: string;
  show(machine: Machine, words: readonly string[]): readonly string[];
}

const DUMP_BYTES_DEFAULT = 64;
const DUMP_BYTES_MAX = 4096;
const DUMP_ROW_BYTES = 16;
const LINEAR_END = 1n << 64n;

const COMMANDS: Readonly<Record<string, MonitorCommand>> = {
  help: { words: 'help', what: 'these lines', show: () => help() },
  state: {
    words: 'state',
    what: 'registers with descriptor tables, stack, last blocks, as in a crash report',
    show: (machine) => stateReport(machine),
  },
  regs: { words: 'regs', what: 'general registers, flags', show: generalRegisters },
  creg: { words: 'creg', what: 'control registers, EFER', show: controlRegisters },
  seg: {
    words: 'seg',
    what: 'segment registers with their hidden parts, GDTR, IDTR',
    show: segmentRegisters,
  },
  gdt: {
    words: 'gdt [FIRST [LAST]]',
    what: 'descriptors of the GDT, by their numbers',
    show: (machine, words) => descriptorTable(machine, parseRange(words)),
  },
  idt: {
    words: 'idt [FIRST [LAST]]',
    what: 'gates of the IDT, or real-address vectors',
    show: (machine, words) => interruptTable(machine, parseRange(words)),
  },
  tss: { words: 'tss', what: 'the task-state segment of TR', show: taskState },
  e820: {
    words: 'e820',
    what: "the firmware's memory map",
    show: ({ memoryMap }) => formatDmesg(memoryMap).trimEnd().split('\n'),
  },
  stats: { words: 'stats', what: 'what has been counted since power-on', show: statistics },
  page: {
    words: 'page ADDRESS',
    what: 'how the page tables translate a linear address',
    show: (machine, [address]) => pageWalkLines(machine, parseLinear(address)),
  },
  xp: {
    words: 'xp ADDRESS [BYTES]',
    what: 'physical memory',
    show: (machine, [address, count]) => {
      const bytes = parseBytes(count);
      return dump(machine, parsePhysical(address, bytes), bytes);
    },
  },
  system_reset: {
    words: 'system_reset',
    what: 'resets the machine when it goes on',
    show: (machine) => {
      machine.requests.reset = 'debugger';
      return ['the machine begins at the reset vector when it goes on'];
    },
  },
};

/** Other names that Bochs has; its `info gdt` is `gdt`. */
const BOCHS_NAMES: Readonly<Record<string, string>> = {
  r: 'regs',
  reg: 'regs',
  registers: 'regs',
  sreg: 'seg',
};

/** What the words of a monitor command give, as lines; a sentence for those that it does not know. */
export function monitor(machine: Machine, text: string): string {
  const given = text.trim().split(/\s+/);
  const [name = '', ...words] = given[0] === 'info' ? given.slice(1) : given;
  const command = COMMANDS[name === '' ? 'help' : (BOCHS_NAMES[name] ?? name)];
  if (command === undefined) {
    const known = Object.keys(COMMANDS).join(', ');
    return `${name}: no such command (there are: ${known})\n`;
  }
  try {
    return `${command.show(machine, words).join('\n')}\n`;
  } catch (error) {
    if (error instanceof MonitorError) return `${error.message}\n`;
    throw error;
  }
}

class MonitorError extends Error {
  override readonly name = 'MonitorError';
}

function help(): string[] {
  return Object.values(COMMANDS).map(({ words, what }) => `${words.padEnd(20)} ${what}`);
}

function parseAddress(word: string | undefined): bigint {
  if (word === undefined || !/^(0x[0-9a-f]+|\d+)$/i.test(word)) {
    throw new MonitorError(`${word ?? ''}: not an address such as 0x100000`);
  }
  return BigInt(word);
}

function parseLinear(word: string | undefined): bigint {
  const address = parseAddress(word);
  if (address < LINEAR_END) return address;
  throw new MonitorError(`${word}: no linear address: they have 64 bits`);
}

function parsePhysical(word: string | undefined, bytes: number): bigint {
  const address = parseAddress(word);
  if (address >= PHYSICAL_ADDRESS_END) {
    throw new MonitorError(`${word}: no physical address: they have 52 bits`);
  }
  if (address + BigInt(bytes) > PHYSICAL_ADDRESS_END) {
    throw new MonitorError(
      `${word}: ${PHYSICAL_ADDRESS_END - address} bytes, and not ${bytes}, lie there: physical addresses have 52 bits`,
    );
  }
  return address;
}

/** Numbers of entries, in a table whose own length nobody has to know. */
function parseRange([first, last]: readonly string[]): EntryRange {
  if (first === undefined) return { first: 0, last: Infinity };
  const from = parseEntry(first);
  return { first: from, last: last === undefined ? from : parseEntry(last) };
}

function parseEntry(word: string): number {
  if (/^(0x[0-9a-f]{1,4}|\d{1,5})$/i.test(word)) return Number(word);
  throw new MonitorError(`${word}: not the number of an entry, such as 14 or 0xe`);
}

/** As the end of the run reports them. */
function statistics(machine: Machine): string[] {
  const { processor, nowCycles: cycles, timing } = machine;
  const { interrupts, exceptions, pageFaults, tlbMisses } = processor.stats();
  const instructions = processor.retired;
  const ipc = cycles === 0 ? '' : `IPC ${(instructions / cycles).toFixed(2)}`;
  const rows: readonly (readonly [string, string])[] = [
    ['cycles', formatCount(cycles)],
    ['guest time', formatNs(Math.floor((cycles / timing.coreHz) * 1e9))],
    ['instructions', `${formatCount(instructions)}  ${ipc}`.trimEnd()],
    ['interrupts', formatCount(interrupts)],
    ['exceptions', `${formatCount(exceptions)}, ${formatCount(pageFaults)} of them #PF`],
    ['TLB misses', formatCount(tlbMisses)],
    [
      'resident',
      `${formatSize(BigInt(processor.residentBytes))} of ${formatSize(machine.ramBytes)}`,
    ],
  ];
  return rows.map(([name, value]) => `${name.padEnd(13)} ${value}`);
}

function parseBytes(word: string | undefined): number {
  if (word === undefined) return DUMP_BYTES_DEFAULT;
  const count = Number(word);
  if (!Number.isInteger(count) || count < 1 || count > DUMP_BYTES_MAX) {
    throw new MonitorError(`${word}: not a number of bytes from 1 to ${DUMP_BYTES_MAX}`);
  }
  return count;
}

function dump({ processor }: Machine, address: bigint, count: number): string[] {
  const bytes = processor.read(address, count);
  const rows: string[] = [];
  for (let at = 0; at < count; at += DUMP_ROW_BYTES) {
    const row = [...bytes.subarray(at, at + DUMP_ROW_BYTES)];
    const digits = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    rows.push(`${(address + BigInt(at)).toString(16).padStart(16, '0')}  ${digits}`);
  }
  return rows;
}
