/** `s7x run [image]`: boots one machine. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { ArgumentsCamelCase, Argv, CommandModule, InferredOptionTypes } from 'yargs';
import { formatSize } from '../../base/size.js';
import type { ImageKind } from '../../machine/image.js';
import { Coverage } from '../../machine/coverage.js';
import type { Machine } from '../../machine/machine.js';
import { PageLog } from '../../machine/page-log.js';
import type { MemoryMap } from '../../memory/memory-map.js';
import { loadArtefacts } from '../artefacts.js';
import type { GdbPlace } from '../gdb/place.js';
import { parseFilter } from '../log-filter.js';
import { FOLDER_RESULTS, requireOwnFiles } from '../output-files.js';
import {
  checkSerialPorts,
  gdbPlace,
  logLevel,
  OUTPUT_OPTIONS,
  type OutputArguments,
} from '../output-options.js';
import { GdbServer } from '../gdb/server.js';
import { GuestErrors } from '../guest-errors.js';
import {
  configurationLine,
  type ConfigurationArguments,
} from '../configuration/configured-commands.js';
import type { LoadedImage } from '../boot-files.js';
import { continuedInput, refuseBefore, refuseUnsaved, startOf } from '../run-start.js';
import { parseSaveRequests, type SaveRequest } from '../save-requests.js';
import type { Snapshot } from '../snapshot-file.js';
import { EXIT_SUCCESS } from '../exit-status.js';
import { createLog, type LogOptions } from '../log.js';
import { findingLines, parseChecks } from '../memory-checking.js';
import { ramIsForPc, type memoryOf } from '../memmap-source.js';
import { junitDocument } from '../junit.js';
import { openFolder, removeFile, requireNoImage, writeJson, writeText } from '../output-folder.js';
import { qemuCommand } from '../print-qemu.js';
import { formatCount, formatNs } from '../quantities.js';
import { regionMoments } from '../region-of-interest.js';
import { regionLines } from '../recorded-region.js';
import { fileSink, textOf } from '../serial-output.js';
import type { Moment } from '../moment.js';
import type { RunHost } from '../run-host.js';
import { MachineRun } from '../run-machine.js';
import { openProfiler, writeProfile } from '../run-profile.js';
import { openSinks, runOutput } from '../run-sinks.js';
import { COVERAGE_FILE, coverageFile } from '../report/coverage-file.js';
import { pagesFile } from '../report/pages-file.js';
import {
  DEFAULT_RAM,
  parseTimestamps,
  withMachineOptions,
  type MachineArguments,
  type RunOptions,
  namesCategory,
} from '../run-options.js';
import { recordedValues, testLines, type RunRecord } from '../run-record.js';
import {
  backlogOf,
  closeConnections,
  openConnections,
  serialConnections,
} from '../serial-connection.js';
import { openSerialInput, type SerialInput } from '../serial-input.js';
import { interruptSignal, raiseAgain, watchSignals } from '../signals.js';
import { standardError } from '../standard-error.js';
import { standardOutput } from '../standard-output.js';
import { tapDocument } from '../tap.js';
import { caseOfRun, suiteName } from '../test-cases.js';
import { timingSummary } from '../timing-summary.js';
import { parseTrace } from '../trace-recording.js';
import { describeTimingModels } from '../../timing/models.js';

export const RUN_OPTIONS = {
  ram: {
    type: 'string',
    alias: 'm',
    requiresArg: true,
    group: 'Machine:',
    describe: `RAM: 8M, 1.5G, 4P; a bare number counts MiB  [${DEFAULT_RAM}]`,
  },
  input: {
    type: 'string',
    requiresArg: true,
    describe:
      'what is typed at COM1: a file, or - for standard input; --no-input for nobody  [on a terminal what is typed; Ctrl-A h: keys]',
  },
  ...OUTPUT_OPTIONS,
  'save-at': {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe:
      'MOMENT or MOMENT=FILE.snap: save the machine there, for s7x run FILE.snap; repeatable',
  },
  junit: { type: 'string', requiresArg: true, describe: "write the result as JUnit's XML to FILE" },
  tap: { type: 'string', requiresArg: true, describe: 'write the result as TAP 14 to FILE' },
  'print-qemu': {
    type: 'boolean',
    default: false,
    describe: 'print the equivalent QEMU command and end',
  },
} as const;

type RunArguments = InferredOptionTypes<typeof RUN_OPTIONS> &
  ConfigurationArguments &
  MachineArguments & { image?: string };

/** The command; `schedule` receives the work, which resolves to the exit status. */
export function runCommand(
  schedule: (work: () => Promise<number>) => never,
): CommandModule<object, RunArguments> {
  return {
    command: 'run [image]',
    describe: 'boot one machine: the System 7X kernel, or an image of your own',
    builder: (argv: Argv) =>
      withMachineOptions(
        argv.positional('image', {
          type: 'string',
          describe:
            'ELF file with a PVH note or multiboot header, Linux bzImage, boot sector, snapshot (default: the bundled kernel)',
        }),
      )
        .options(RUN_OPTIONS)
        .example('s7x run', 'boot the bundled kernel in 128 MiB')
        .example('s7x run kernel.elf -m 1T --expect "memory: 1 TiB"', 'a terabyte, and a check')
        .example('s7x run --memmap zoo:bochs-512m', 'the memory map of a real machine')
        .example('s7x run bzImage --initrd rd.cpio --append console=ttyS0 -m 512M', 'Linux')
        .example(
          's7x run --save-at serial:kheap_init=ready.snap',
          'and s7x run ready.snap goes on there',
        )
        .example('dmesg | s7x run --memmap -', 'the memory map of this machine'),
    handler: (args) => {
      schedule(() => run(args));
    },
  };
}

async function run(args: ArgumentsCamelCase<RunArguments>): Promise<number> {
  if (args.cpu === 'help') {
    standardOutput.write(`${describeTimingModels().join('\n')}\n`);
    return EXIT_SUCCESS;
  }
  const gdb = gdbPlace(args);
  const artefacts = loadArtefacts();
  const { snapshot, loaded, options, memory, config } = startOf(args, artefacts);
  if (args['print-qemu']) {
    standardOutput.write(`${qemuCommand(options)}\n`);
    return EXIT_SUCCESS;
  }
  const timestamps = parseTimestamps(args.timestamps);
  checkSerialPorts(args.serial);
  requireNoImage('--junit', args.junit);
  requireNoImage('--tap', args.tap);
  requireNoImage('--cast', args.cast);
  const connections = serialConnections(args.serial);
  const saves = parseSaveRequests(args['save-at'], options.expects.length, args.out);
  const asked = {
    '--until': options.until,
    '--save-at': saves.map(({ moment }) => moment),
    '--roi': regionMoments(options.roi),
  };
  for (const [option, moments] of Object.entries(asked)) {
    refuseBefore(snapshot, option, moments, options.coreHz);
  }
  const input =
    typeof config?.input === 'string'
      ? continuedInput(args.input, config)
      : openSerialInput({
          input: args.input,
          serial: args.serial[0],
          connection: connections[0] ?? null,
          mapFromStandardInput: options.memoryMapSpec === '-',
        });
  try {
    if (saves.length > 0) refuseUnsaved(args, input, gdb);
    const leave = (record: RunRecord): void => {
      writeReports(args, record);
    };
    const files = { loaded, artefacts, input, snapshot, saves, connections };
    const prepared = { ...files, options, timestamps, memory: memory(), gdb, leave };
    return (await boot(args, prepared)).outcome.code;
  } finally {
    input?.close();
  }
}

interface Prepared {
  readonly loaded: LoadedImage;
  readonly options: RunOptions;
  readonly timestamps: ReturnType<typeof parseTimestamps>;
  readonly memory: ReturnType<typeof memoryOf>;
  readonly artefacts: ReturnType<typeof loadArtefacts>;
  readonly input: SerialInput | null;
  readonly gdb: GdbPlace | null;
  /** Other ends of the ports' cables, by port. */
  readonly connections?: ReturnType<typeof serialConnections>;
  /** Of a replay: see RunHost. */
  readonly stopsAt?: readonly Moment[];
  readonly standsAt?: Moment | null;
  readonly snapshot?: Snapshot | null;
  readonly saves?: readonly SaveRequest[];
  /** A replay's run.json. */
  readonly recordPath?: string;
  /** Writes what was asked for besides the folder's files, which are there. */
  readonly leave?: (record: RunRecord) => void;
}

/** Files that the run needs, besides those of its options. */
function othersOf({ config }: ConfigurationArguments, prepared: Prepared): string[] {
  const { input, snapshot = null, saves = [], recordPath = '' } = prepared;
  const typed = input?.sha256 == null ? '' : input.source;
  const configuration = typeof config === 'string' ? config : '';
  return [typed, snapshot?.path ?? '', recordPath, configuration, ...saves.map(({ path }) => path)];
}

type BootArguments = OutputArguments &
  ConfigurationArguments & {
    readonly ram?: string | undefined;
    readonly debug?: readonly string[] | undefined;
  };

/** Runs the machine and writes what the run leaves. `conclude` has the last words on the log. */
export async function boot(
  args: BootArguments,
  prepared: Prepared,
  conclude: (record: RunRecord, log: Logger) => void = () => undefined,
): Promise<RunRecord> {
  const connections = prepared.connections ?? serialConnections(args.serial);
  let record: RunRecord;
  try {
    record = await bootWith(args, { ...prepared, connections }, conclude);
  } finally {
    await closeConnections(connections);
  }
  if (record.outcome.kind === 'interrupted') raiseAgain();
  return record;
}

async function bootWith(
  args: BootArguments,
  prepared: Prepared & Required<Pick<Prepared, 'connections'>>,
  conclude: (record: RunRecord, log: Logger) => void,
): Promise<RunRecord> {
  const { loaded, options, timestamps, artefacts, input, gdb, stopsAt, standsAt } = prepared;
  const { memory, connections } = prepared;
  const { map, problems } = memory;
  requireOwnFiles(args, options, othersOf(args, prepared));
  const isLogged = parseFilter(args.filter);
  const observers = openObservers(args, prepared);
  const { profiling, tracing, check } = observers;
  const folder = openFolder(args.out);
  removeOldResults(folder);
  const sinks = openSinks(args, options, folder, timestamps, connections);
  let machineRun: MachineRun | null = null;
  const nowCycles = (): number => machineRun?.machine.nowCycles ?? 0;
  const { log, close: closeLog } = openLog(args, folder, () => ({
    cycle: nowCycles(),
    ns: machineRun?.nowNs ?? 0,
  }));
  watchSignals();
  await openConnections(connections, log);
  const server = gdb === null ? null : await listenForGdb(gdb, args.pause, log);
  const debugPort = { lastLine: '' };
  const guestErrors = new GuestErrors(namesCategory(args.debug ?? [], 'guest-error'));
  const output = runOutput(sinks, log, debugPort, tracing, isLogged, guestErrors);
  machineRun = new MachineRun(options, loaded, map, {
    artefacts: profiling === null ? artefacts : { ...artefacts, core: profiling.core },
    output,
    interrupted: interruptSignal,
    input,
    backlog: (milliseconds) => backlogOf(connections, milliseconds),
    ...observersOf(observers, nowCycles),
    ...(server === null ? {} : { debugger: server }),
    stopsAt: stopsAt ?? [],
    standsAt: standsAt ?? null,
    snapshot: prepared.snapshot ?? null,
    saves: prepared.saves ?? [],
    nowMs: () => performance.now(),
  });
  for (const problem of problems) log.warn(problem);
  announce(log, options, machineRun, map.entries.length);
  announceRest(log, args, prepared);
  const record = await machineRun.run().finally(() => input?.close());
  server?.close(record.outcome.code);
  for (const sink of [...sinks.serial, ...sinks.raw, sinks.debugcon]) sink.close();
  await closeConnections(connections);
  sinks.cast?.close(machineRun.machine.nowCycles);
  await standardOutput.drained();
  const screen = machineRun.machine.textScreen();
  report(log, record, args.out, {
    debugPort: debugPort.lastLine,
    screen: screen.at(-1) ?? '',
    lackingFindings: check?.lacking ?? 0,
  });
  for (const line of guestErrors.repeated) log.warn({ status: true }, line);
  warnOfMissing(log, machineRun, tracing?.warning ?? null);
  conclude(record, log);
  closeLog();
  writeScreen(folder, screen);
  writeJson(join(folder, 'run.json'), record);
  writeObserved(folder, args, observers, { machine: machineRun.machine, map });
  if (args.json) standardOutput.writeText(`${JSON.stringify(record, null, 2)}\n`);
  await standardOutput.drained();
  prepared.leave?.(record);
  return record;
}

/** Where options come from, and what is odd about the memory map. */
function announceRest(
  log: Logger,
  args: ConfigurationArguments & { readonly ram?: string | undefined },
  { options, memory }: Prepared,
): void {
  const configuration = configurationLine(args);
  if (configuration !== null) log.info({ status: true }, configuration);
  for (const note of memory.notes) log.info(note);
  if (args.ram !== undefined && options.memoryMapSpec !== 'pc') {
    log.info(ramIsForPc(args.ram, options.memoryMapSpec));
  }
}

/** What was asked for and is not there, or not all of it. */
function warnOfMissing(log: Logger, run: MachineRun, fullTrace: string | null): void {
  for (const moment of run.missingSnapshots) {
    log.warn(`--save-at ${moment} has not come: there is no snapshot of it`);
  }
  if (fullTrace !== null) log.warn({ status: true }, fullTrace);
}

/** What watches the run: `--trace` takes its calls from the profiler. @throws ConfigurationError, HostError */
function openObservers(args: OutputArguments, { loaded, options, memory }: Prepared) {
  const tracing = parseTrace(args, options.expects.length);
  const needsProfiler = args.profile || tracing?.trace.hasStack === true;
  return {
    tracing,
    profiling: needsProfiler ? openProfiler(loaded, tracing?.trace.stackChanged) : null,
    pages: args.atlas ? new PageLog() : null,
    coverage: args.coverage ? new Coverage() : null,
    check: parseChecks(args.check, memory.map, loaded.image),
  };
}

/** The same for the machine. */
function observersOf(
  { tracing, profiling, pages, coverage, check }: ReturnType<typeof openObservers>,
  nowCycles: () => number,
): Pick<RunHost, 'trace' | 'appointments' | 'profiler' | 'pages' | 'coverage' | 'check'> {
  return {
    ...(pages === null ? {} : { pages }),
    ...(coverage === null ? {} : { coverage }),
    ...(profiling === null ? {} : { profiler: profiling.profiler }),
    ...(tracing === null
      ? {}
      : { trace: tracing.trace, appointments: tracing.appointments(nowCycles) }),
    ...(check === null ? {} : { check }),
  };
}

/** The files of what has watched the run. */
function writeObserved(
  folder: string,
  { profile }: OutputArguments,
  { profiling, tracing, pages, coverage }: ReturnType<typeof openObservers>,
  { machine, map }: { readonly machine: Machine; readonly map: MemoryMap },
): void {
  if (profiling !== null && profile) writeProfile(folder, machine, profiling.profiler);
  tracing?.write(folder, machine, profiling?.profiler ?? null, machine.timing.coreHz);
  if (coverage !== null) writeJson(join(folder, COVERAGE_FILE), coverageFile(coverage), 0);
  if (pages !== null) writePages(folder, machine, map, pages);
}

/** The emulator's own lines: log.ndjson has all of them, and standard error, or --log-file, those of their level. @throws HostError */
function openLog(args: OutputArguments, folder: string, now: LogOptions['now']) {
  const file = fileSink(join(folder, 'log.ndjson'));
  const path = args['log-file'];
  const shown = path === undefined ? null : fileSink(path);
  const format = args['log-format'];
  const stderr = shown === null ? standardError : textOf(shown);
  const wallTime = args['wall-time'] ? () => new Date().toISOString() : null;
  // The environment speaks of terminals and what stands for one, not of files with names.
  const color = args.color ?? (shown === null ? undefined : false);
  const log = createLog({ format, level: logLevel(args), file, stderr, now, color, wallTime });
  const close = (): void => {
    for (const sink of [file, shown]) sink?.close();
  };
  return { log, close };
}

async function listenForGdb(place: GdbPlace, pause: boolean, log: Logger): Promise<GdbServer> {
  const server = await GdbServer.listen(place, pause, {
    connected: () => log.info('GDB is connected: the machine stands still'),
    changed: () => log.warn('GDB has changed the guest: this run cannot be repeated'),
  });
  const at = place.path === null ? `${place.host}:${server.port ?? place.port}` : place.path;
  log.info({ status: true }, `GDB can connect: target remote ${at}${pause ? ' (paused)' : ''}`);
  return server;
}

const KIND_NAMES: Readonly<Record<ImageKind, string>> = {
  pvh: 'ELF, PVH',
  multiboot: 'multiboot',
  multiboot2: 'multiboot 2',
  linux: 'Linux bzImage',
  linux16: 'Linux bzImage, real mode',
  'boot-sector': 'boot sector',
  firmware: 'firmware ROM',
  flat: 'files at addresses',
};

function announce(log: Logger, options: RunOptions, run: MachineRun, entries: number): void {
  const kind = KIND_NAMES[options.kind];
  const ramBytes = options.memoryMapSpec === 'pc' ? options.ramBytes : run.machine.ramBytes;
  const clock = `${options.cpu}@${options.coreHz / 1e9} GHz`;
  const map = `${options.memoryMapSpec} (${entries} entries)`;
  log.info(
    { status: true },
    `${options.imagePath} (${kind}) · ram ${formatSize(ramBytes)} (${formatCount(ramBytes)} B) · cpu ${clock} · map ${map}`,
  );
}

/** The status block: how it ended, the figures, where the files are. Firmware that stops says why on the debug port. */
function report(
  log: Logger,
  record: RunRecord,
  out: string,
  lastLines: {
    readonly debugPort: string;
    readonly screen: string;
    readonly lackingFindings: number;
  },
): void {
  const { outcome, stats } = record;
  const passed = outcome.code === EXIT_SUCCESS;
  const verdict = passed ? 'PASS' : 'FAIL';
  const at = `at ${formatNs(stats.ns)} (${formatCount(stats.cycles)} cycles)`;
  const message = `${verdict}  ${outcome.detail}, ${at}`;
  const fields = { status: true, kind: outcome.kind, code: outcome.code, report: outcome.report };
  if (passed) log.info(fields, message);
  else log.error(fields, message);
  if (outcome.kind === 'hang' && lastLines.debugPort !== '') {
    log.info({ status: true }, `last line on the debug port: ${lastLines.debugPort}`);
  }
  if (lastLines.screen !== '') {
    log.info({ status: true }, `last line on the screen (${out}/screen.txt): ${lastLines.screen}`);
  }
  const ipc = stats.cycles === 0 ? 0 : stats.instructions / stats.cycles;
  const counts = [
    `instructions ${formatCount(stats.instructions)}`,
    `IPC ${ipc.toFixed(2)}`,
    `#PF ${stats.pageFaults}`,
    `interrupts ${stats.interrupts}`,
    `resident ${formatSize(BigInt(stats.residentBytes))} of ${formatSize(BigInt(stats.ramBytes))}`,
  ];
  log.info({ status: true }, counts.join(' · '));
  if (record.roi !== undefined) {
    for (const line of regionLines(record.roi, stats.cycles)) {
      if (record.roi.times === 0) log.warn({ status: true }, line);
      else log.info({ status: true }, line);
    }
  }
  for (const line of findingLines(record.checks ?? [], lastLines.lackingFindings))
    log.warn({ status: true }, line);
  for (const line of testLines(record)) log.info({ status: true }, line);
  for (const line of recordedValues(record)) log.info({ status: true }, line);
  if (stats.timing !== null) log.info({ status: true }, timingSummary(stats.timing));
  log.info({ status: true }, `${out}: run.json serial.log log.ndjson`);
}

/** What an earlier run left: a report would take its profile for this run's. The logs are written over. */
function removeOldResults(folder: string): void {
  for (const name of FOLDER_RESULTS) removeFile(join(folder, name));
}

function writePages(folder: string, machine: Machine, map: MemoryMap, log: PageLog): void {
  const serialText = readFileSync(join(folder, 'serial.log'), 'latin1');
  writeJson(join(folder, 'pages.json'), pagesFile(machine, map, log, serialText), 0);
}

/** For CI, what was asked for. */
function writeReports({ junit, tap, out }: RunArguments, record: RunRecord): void {
  if (junit === undefined && tap === undefined) return;
  const serialText = readFileSync(join(out, 'serial.log'), 'utf8');
  const cases = [caseOfRun(record, serialText)];
  const name = suiteName(record.image?.path);
  if (junit !== undefined) writeText(junit, junitDocument([{ name, cases }]));
  if (tap !== undefined) writeText(tap, tapDocument(cases));
}

/** screen.txt, in UTF-8, where something stands on the screen. */
function writeScreen(folder: string, screen: readonly string[]): void {
  if (screen.length > 0) writeText(join(folder, 'screen.txt'), `${screen.join('\n')}\n`);
}
