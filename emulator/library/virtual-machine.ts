/** A machine that a program drives: nothing happens in it but in `run`, `runFor` and `serial.waitFor`. */
import { setImmediate } from 'node:timers/promises';
import { ConfigurationError } from '../base/errors.js';
import type { LoadedImage } from '../cli/boot-files.js';
import { delayCycles } from '../cli/guest-delay.js';
import { recordedFindings, type RecordedFinding } from '../cli/memory-checking.js';
import { parseDurationNs } from '../cli/quantities.js';
import { functionRows } from '../cli/report/call-profile.js';
import { MachineRun } from '../cli/run-machine.js';
import type { RunOptions } from '../cli/run-options.js';
import type { RunRecord } from '../cli/run-record.js';
import type { Artefacts } from '../cli/artefacts.js';
import type { MemoryCheck, MemoryCheckKind } from '../machine/memory-check.js';
import type { Profiler } from '../machine/profiler.js';
import type { RunEnd } from '../machine/run-end.js';
import { SerialTerminal } from '../machine/serial-terminal.js';
import type { MemoryMap } from '../memory/memory-map.js';
import { givenRange, givenTime } from './given-values.js';
import { SerialConsole } from './serial-console.js';
import { WaitError } from './wait-error.js';

/** What a machine is made of. */
export interface MachineParts {
  readonly options: RunOptions;
  readonly loaded: LoadedImage;
  readonly map: MemoryMap;
  readonly artefacts: Artefacts;
  readonly profiler: Profiler | null;
  readonly check: MemoryCheck | null;
}

export class VirtualMachine {
  readonly serial: SerialConsole;
  private readonly terminal = new SerialTerminal();
  private readonly machineRun: MachineRun;
  private end: RunEnd | null = null;
  private isDriven = false;
  private isDisposed = false;
  private debugText = '';

  /** `boot` makes them. */
  constructor(private readonly parts: MachineParts) {
    const { options, loaded, map, artefacts, profiler, check } = parts;
    this.serial = new SerialConsole(
      this.terminal,
      (isDone, what, withinNs) => this.driveTo(isDone, what, withinNs),
      () => this.machineRun.loop.standStillNext(),
      (reason) => this.machineRun.loop.stop(reason),
    );
    this.machineRun = new MachineRun(options, loaded, map, {
      artefacts,
      output: {
        serial: (port, byte, cycle) => {
          if (port === 0) this.serial.take(byte, cycle);
        },
        debug: (byte) => {
          this.debugText += String.fromCharCode(byte);
        },
        event: () => undefined,
        matched: () => undefined,
        flush: () => undefined,
      },
      interrupted: () => null,
      input: {
        terminal: this.terminal,
        source: 'program',
        sha256: null,
        arrival: () => Promise.resolve(),
        quit: false,
        close: () => undefined,
      },
      ...(profiler === null ? {} : { profiler }),
      ...(check === null ? {} : { check }),
      nowMs: () => 0,
    });
  }

  /** Cycles of the core clock since power-on. */
  get cycles(): number {
    return this.machineRun.machine.nowCycles;
  }

  /** Guest time since power-on, nanoseconds. */
  get ns(): number {
    return this.machineRun.nowNs;
  }

  /** Instructions that have retired. */
  get instructions(): number {
    return this.machineRun.machine.processor.retired;
  }

  /** Host storage behind guest memory that was touched, bytes. */
  get residentBytes(): number {
    return this.machineRun.machine.processor.residentBytes;
  }

  /** RAM of the machine, bytes. */
  get ramBytes(): bigint {
    return this.machineRun.machine.ramBytes;
  }

  /** How the run ended, or null: it has not. */
  get ended(): RunEnd | null {
    return this.end;
  }

  /** What the guest wrote to port 0xe9. */
  get debugPort(): string {
    return this.debugText;
  }

  /** What stands on the text screen, row by row; nothing when it is blank. */
  get screen(): string[] {
    return this.machineRun.machine.textScreen();
  }

  /** 64-bit hash, as 16 hexadecimal digits, of everything that the guest could ever see. */
  get stateHash(): string {
    return this.machineRun.machine.stateHash();
  }

  /** Runs to the guest's end or that of a limit. @throws WaitError when it waits for what nobody types */
  async run(): Promise<RunEnd> {
    if (this.end === null) await this.driveTo(() => this.end !== null, 'the end', null);
    return this.end as unknown as RunEnd;
  }

  /** Runs for so much guest time, such as `10ms`, or to the end where that comes before. @throws ConfigurationError */
  async runFor(time: string): Promise<void> {
    const ns = parseDurationNs(givenTime(time, 'runFor'), 'runFor');
    await this.driveWithin(ns, () => this.end !== null);
  }

  /** Bytes of physical memory. @throws ConfigurationError for what does not lie below 2^52 */
  read(address: bigint | number, bytes: number): Uint8Array {
    const range = givenRange(address, bytes, 'read');
    return this.machineRun.machine.processor.read(range.address, range.bytes);
  }

  /** Address of a function of the image. @throws ConfigurationError when it has none of this name */
  addressOf(name: string): bigint {
    const address = this.machineRun.machine.symbols.addressOf(name);
    if (address !== null) return address;
    throw new ConfigurationError(`${this.parts.options.imagePath} has no function ${name}`);
  }

  /**
   * Cycles of a function with all that it called, so far.
   * @throws ConfigurationError without the option `profile`, and when no function of this name has run: 0 would keep every budget
   */
  cyclesIn(name: string): number {
    const { profiler } = this.parts;
    if (profiler === null) throw new ConfigurationError('cyclesIn needs the option profile: true');
    const { processor, symbols } = this.machineRun.machine;
    const rows = functionRows(profiler.profile(processor.memory, symbols));
    const row = rows.find((each) => each.name === name);
    if (row !== undefined) return row.totalCycles;
    throw new ConfigurationError(`cyclesIn ${name}: no function of this name has run`);
  }

  /** Accesses that the checks of the option `check` have found so far, one for each kind and instruction. @throws ConfigurationError without the option */
  get findings(): RecordedFinding[] {
    const { check } = this.parts;
    if (check !== null) return recordedFindings(check);
    throw new ConfigurationError("findings needs the option check, such as check: ['uninit']");
  }

  /** Those of one check. @throws ConfigurationError where the option does not name it */
  findingsOf(kind: MemoryCheckKind): RecordedFinding[] {
    if (this.parts.check?.checks.has(kind) === true) {
      return this.findings.filter(({ check }) => check === kind);
    }
    throw new ConfigurationError(`this needs the option check: ['${kind}']`);
  }

  /** What `s7x run` writes into run.json. @throws ConfigurationError before the end */
  get record(): RunRecord {
    if (this.end === null) throw new ConfigurationError('record: the run has not ended');
    return this.machineRun.record(this.end, 0);
  }

  /** The machine is not used any more: its memory is free once nobody holds this object. */
  dispose(): void {
    this.isDisposed = true;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** As SerialConsole's `Drive`. @throws WaitError */
  private async driveTo(
    isDone: () => boolean,
    what: string,
    withinNs: number | null,
  ): Promise<void> {
    const isLate = await this.driveWithin(withinNs, () => isDone() || this.end !== null);
    if (isDone()) return;
    const text = this.serial.text;
    if (this.end !== null) {
      const reason = this.end.kind === 'limit' ? 'timeout' : 'ended';
      throw new WaitError(reason, `${what} has not come: ${this.end.detail}`, text);
    }
    if (isLate) {
      const ms = (withinNs ?? 0) / 1e6;
      throw new WaitError('timeout', `${what} has not come within ${ms} ms of guest time`, text);
    }
    const where = this.machineRun.machine.symbols.describe(this.machineRun.machine.processor.rip);
    throw new WaitError(
      'input',
      `${what} has not come: the guest waits at ${where} for what is typed at COM1`,
      text,
    );
  }

  /** Runs until `isDone`, or for so many nanoseconds (null: as long as it may). Returns whether that time is over. */
  private async driveWithin(ns: number | null, isDone: () => boolean): Promise<boolean> {
    if (this.isDriven) throw new ConfigurationError('the machine is being run already: await it');
    const { loop, machine } = this.machineRun;
    let isLate = false;
    const event =
      ns === null
        ? null
        : machine.clock.after(delayCycles(ns, this.parts.options.coreHz), () => {
            isLate = true;
            loop.standStillNext();
          });
    this.isDriven = true;
    try {
      await this.drive(() => isLate || isDone());
    } finally {
      this.isDriven = false;
      if (event !== null) machine.clock.cancel(event);
    }
    return isLate;
  }

  /** Runs until `isDone`, or until nothing but input can go on with the machine. */
  private async drive(isDone: () => boolean): Promise<void> {
    const { loop } = this.machineRun;
    while (!isDone()) {
      // What the program still does before it awaits, such as typing, comes first.
      await setImmediate();
      if (this.isDisposed) throw new ConfigurationError('the machine is disposed of');
      this.end = loop.runSlice();
      if (loop.awaitsInput && !this.terminal.pending) return;
    }
  }
}
