/** `s7x memmap`: shows, converts and checks firmware memory maps. */

import type { Argv, CommandModule } from 'yargs';
import { ConfigurationError, refusingAt } from '../../base/errors.js';
import { formatSize, parseSize } from '../../base/size.js';
import { formatCArray } from '../../memory/c-format.js';
import { formatDmesg } from '../../memory/dmesg-format.js';
import { formatJsonMap } from '../../memory/json-format.js';
import { formatLinuxMemmap } from '../../memory/linux-memmap-format.js';
import type { MemoryMap } from '../../memory/memory-map.js';
import { formatMultiboot } from '../../memory/multiboot-format.js';
import { usablePages } from '../../memory/usable-oracle.js';
import { formatFinding, MAP_ENTRIES_MAX, validateMap } from '../../memory/validate-map.js';
import { zooMap, zooNames, zooSource } from '../../memory/zoo.js';
import { printableLine } from '../printable.js';
import { parseSeed } from '../quantities.js';
import {
  loadMemoryMap,
  ramIsForPc,
  type LoadedMemoryMap,
  type MapInput,
} from '../memmap-source.js';

const DEFAULT_RAM = '128M';
const STANDARD_INPUT = '-';
const PAGE_BYTES = 4096n;

const EXIT_OK = 0;
/** The map has errors (exit status 4: an assertion failed). */
const EXIT_MAP_HAS_ERRORS = 4;

const FORMS = ['json', 'dmesg', 'linux', 'c', 'multiboot'] as const;
type Form = (typeof FORMS)[number];

/** What the command needs of its surroundings. */
export interface MemmapSurroundings {
  readonly input: MapInput;
  /** Standard output. */
  write(text: string): void;
  /** Standard error, one sentence. */
  note(sentence: string): void;
  setExitStatus(status: number): void;
}

/** As yargs parses them; an option that is given twice arrives as a list. */
export interface MemmapArguments {
  readonly map?: string | undefined;
  readonly ram?: string | readonly string[] | undefined;
  readonly memmapAdd?: readonly string[] | undefined;
  readonly memmapChaos?: string | undefined;
  readonly json?: boolean | undefined;
  readonly dmesg?: boolean | undefined;
  readonly linux?: boolean | undefined;
  readonly c?: boolean | undefined;
  readonly multiboot?: boolean | undefined;
  readonly check?: boolean | undefined;
  readonly list?: boolean | undefined;
}

/** The yargs command. Errors of the user and of the host are thrown; `main` turns them into exit statuses. */
export function memmapCommand(
  surroundings: MemmapSurroundings,
): CommandModule<object, MemmapArguments> {
  return {
    command: 'memmap [map]',
    describe: 'Show, convert and check firmware memory maps',
    builder: describeOptions,
    handler: (args) => surroundings.setExitStatus(runMemmap(args, surroundings)),
  };
}

export const MEMMAP_OPTIONS = {
  ram: {
    alias: 'm',
    type: 'string',
    requiresArg: true,
    describe: `RAM of the map pc (default ${DEFAULT_RAM})`,
  },
  'memmap-add': {
    type: 'string',
    array: true,
    requiresArg: true,
    describe: 'add <size>@<address>:<type>; type hole cuts (repeatable)',
  },
  'memmap-chaos': {
    type: 'string',
    requiresArg: true,
    describe: 'SEED: the same memory, told as badly as firmware may',
  },
  json: { type: 'boolean', describe: 'print JSON, which --memmap reads' },
  dmesg: { type: 'boolean', describe: 'print as a Linux log does (default)' },
  linux: { type: 'boolean', describe: 'print a Linux command line, memmap=…' },
  c: { type: 'boolean', describe: 'print a C array' },
  multiboot: {
    type: 'boolean',
    describe: 'print the bytes that a multiboot kernel gets (mmap_addr), hexadecimal',
  },
  check: { type: 'boolean', describe: 'print findings; exit status 4 for errors' },
  list: { type: 'boolean', describe: 'list the zoo: maps of real machines' },
} as const;

function describeOptions(yargs: Argv): Argv<MemmapArguments> {
  return yargs
    .positional('map', {
      // yargs 18 reads a lone `-` here as a flag without value, and as an empty string where a string is declared.
      coerce: (value: string | true | undefined) => (value === true ? STANDARD_INPUT : value),
      describe:
        'a file (JSON, dmesg text, memmap=, grep -r . /sys/firmware/memmap), - for standard input, zoo:NAME, or pc',
    })
    .options(MEMMAP_OPTIONS)
    .example('dmesg | $0 memmap - --check', 'check the map of this machine')
    .example('$0 memmap zoo:a7da-s-8g --json > box.json', 'a map to edit and boot with');
}

/**
 * @returns the exit status: 0, or 4 when --check finds errors.
 * @throws ConfigurationError (exit status 2) and HostError (10).
 */
export function runMemmap(args: MemmapArguments, surroundings: MemmapSurroundings): number {
  const form = chosenForm(args);
  if (args.list === true) return listZoo(args, surroundings);
  const loaded = load(args, surroundings);
  for (const note of loaded.notes) surroundings.note(note);
  if (args.check !== true || form !== undefined) {
    surroundings.write(formatted(loaded.map, form ?? 'dmesg', surroundings));
  }
  // The converted map goes to standard output; then findings must not mix with it.
  const report =
    form === undefined
      ? (line: string): void => surroundings.write(`${printableLine(line)}\n`)
      : (line: string): void => surroundings.note(line);
  if (args.check === true) return check(loaded, report);
  for (const problem of loaded.problems) surroundings.note(`warning: ${problem}`);
  return EXIT_OK;
}

function chosenForm(args: MemmapArguments): Form | undefined {
  const [form, second] = FORMS.filter((name) => args[name] === true);
  if (form !== undefined && second !== undefined) {
    throw new ConfigurationError(`--${form} and --${second} ask for two forms; choose one`);
  }
  return form;
}

function load(args: MemmapArguments, surroundings: MemmapSurroundings): LoadedMemoryMap {
  const ram = args.ram;
  if (typeof ram !== 'string' && ram !== undefined) {
    throw new ConfigurationError(`--ram is given twice: ${ram.join(' and ')}`);
  }
  const spec = args.map ?? 'pc';
  if (ram !== undefined && spec !== 'pc') {
    surroundings.note(ramIsForPc(ram, spec));
  }
  return loadMemoryMap(spec, {
    ramBytes: refusingAt('--ram', () => parseSize(ram ?? DEFAULT_RAM)),
    additions: args.memmapAdd ?? [],
    disorder: parseSeed(args.memmapChaos, '--memmap-chaos'),
    input: surroundings.input,
  });
}

function formatted(map: MemoryMap, form: Form, surroundings: MemmapSurroundings): string {
  switch (form) {
    case 'json':
      return formatJsonMap(map);
    case 'dmesg':
      return formatDmesg(map);
    case 'c':
      return formatCArray(map);
    case 'linux':
      return enabledOnly(formatLinuxMemmap(map), 'memmap=', surroundings);
    case 'multiboot':
      return enabledOnly(formatMultiboot(map), 'multiboot', surroundings);
  }
}

function enabledOnly(
  { text, leftOut }: { readonly text: string; readonly leftOut: readonly number[] },
  form: string,
  { note }: Pick<MemmapSurroundings, 'note'>,
): string {
  for (const index of leftOut) {
    note(`entry ${index} is disabled, which ${form} cannot say; it is left out`);
  }
  return text;
}

function check({ map, problems }: LoadedMemoryMap, report: (line: string) => void): number {
  const findings = validateMap(map);
  for (const problem of problems) report(`warning: ${problem}`);
  for (const finding of findings) report(formatFinding(map, finding));
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors + problems.length;
  report(
    `${map.name}: ${counted(map.entries.length, 'entry', 'entries')}, ${usableText(map)}: ` +
      `${counted(errors, 'error', 'errors')}, ${counted(warnings, 'warning', 'warnings')}`,
  );
  return errors === 0 ? EXIT_OK : EXIT_MAP_HAS_ERRORS;
}

function usableText(map: MemoryMap): string {
  if (map.entries.length > MAP_ENTRIES_MAX) return 'usable pages not counted';
  const { pageCount } = usablePages(map);
  return `${pageCount} usable pages (${formatSize(pageCount * PAGE_BYTES)})`;
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}

function listZoo(args: MemmapArguments, surroundings: MemmapSurroundings): number {
  if (args.map !== undefined) {
    throw new ConfigurationError(`--list takes no map, but '${args.map}' is given`);
  }
  const rows = zooNames().map((name) => {
    const map = zooMap(name);
    const usableBytes = usablePages(map).pageCount * PAGE_BYTES;
    return { name, entries: map.entries.length, usableBytes: `${usableBytes}`, ...zooSource(name) };
  });
  if (args.json === true) {
    surroundings.write(`[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`);
    return EXIT_OK;
  }
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  for (const { name, entries, usableBytes, machine, source } of rows) {
    const mebibytes = `${BigInt(usableBytes) >> 20n} MiB`;
    surroundings.write(
      `zoo:${name.padEnd(nameWidth)} ${`${entries}`.padStart(3)} entries ${mebibytes.padStart(12)}` +
        `  ${machine} (${source})\n`,
    );
  }
  return EXIT_OK;
}
