/** Runs one machine to its end on this host: the run loop, host limits, expectations, the record. */
import { setImmediate } from 'node:timers/promises';
import { assertBootableMap } from '../memory/validate-map.js';
import type { MemoryMap } from '../memory/memory-map.js';
import { stateReport } from '../machine/autopsy.js';
import { isElf32 } from '../machine/elf.js';
import { Machine } from '../machine/machine.js';
import type { RunEnd, RunLimits } from '../machine/run-end.js';
import { RunLoop } from '../machine/run-loop.js';
import { ATLAS_TUNING, DEFAULT_TUNING } from '../machine/run-tuning.js';
import { createTimingModel } from '../timing/models.js';
import { cyclesOfNs } from '../timing/timing-model.js';
import { packageVersion } from './artefacts.js';
import {
  debugExitStatus,
  EXIT_ASSERTION,
  EXIT_CRASH,
  EXIT_HANG,
  EXIT_HOST,
  EXIT_SUCCESS,
  EXIT_TIMEOUT,
} from './exit-status.js';
import { Appointments, type Appointment } from './appointments.js';
import { GuestTests } from './guest-tests/guest-tests.js';
import { testsComplaint } from './guest-tests/subtest.js';
import { SerialExpectations } from './expectations.js';
import type { DebuggedRun } from './gdb/reversal.js';
import type { Moment } from './moment.js';
import { goOnFrom, saveSnapshot, type SaveRequest } from './save-requests.js';
import { buildHash } from './resumed-run.js';
import { recordedFindings } from './memory-checking.js';
import { portObserver, RegionOfInterest } from './region-of-interest.js';
import { RepeatedOutput } from './repeated-output.js';
import type { RunHost } from './run-host.js';
import { SerialRecords } from './serial-records.js';
import { SerialSteps } from './serial-steps.js';
import { recordedConfig } from './run-config.js';
import { hostPart, RUN_RECORD_SCHEMA, type RunRecord } from './run-record.js';
import type { LoadedImage } from './boot-files.js';
import type { RunOptions } from './run-options.js';

/** Host time after which limits and signals are looked at again while the machine waits for input. */
const INPUT_WAIT_MS = 50;

type OutcomeKind = RunRecord['outcome']['kind'];

/** Ends that came to the guest from outside: where it was is what its developer asks next. */
const CAME_FROM_OUTSIDE: ReadonlySet<OutcomeKind> = new Set([
  'limit',
  'wall-limit',
  'interrupted',
  'expectation-failed',
  'resident-limit',
]);

/** Ends that are no failure by themselves, and are one where something has not come. */
const MAY_LACK: ReadonlySet<OutcomeKind> = new Set([
  'power-off',
  'debug-exit',
  'quit',
  'moment-reached',
]);

/** A machine before its first instruction, its loop, and who reads along at COM1. */
interface PoweredOn {
  readonly machine: Machine;
  readonly loop: RunLoop;
  readonly expectations: SerialExpectations;
  readonly records: SerialRecords;
  readonly steps: SerialSteps;
  /** `--parse`. */
  readonly tests: GuestTests | null;
  readonly appointments: Appointments;
  /** `--roi` or `--magic`. */
  readonly region: RegionOfInterest | null;
}

/** A machine that is ready to run, and its loop. */
export class MachineRun {
  private now: PoweredOn;
  private ended: OutcomeKind | null = null;
  /** The one that ended the run. */
  private moment: Moment | null = null;
  private hasStood = false;
  /** What m5_fail gave. */
  private failValue: number | null = null;
  private readonly unsaved: Set<SaveRequest>;
  private readonly output: RepeatedOutput;

  constructor(
    private readonly options: RunOptions,
    private readonly loaded: LoadedImage,
    private readonly map: MemoryMap,
    private readonly host: RunHost,
  ) {
    assertBootableMap(map);
    this.output = new RepeatedOutput(host.output);
    this.unsaved = new Set(host.saves);
    this.now = this.powerOn();
    host.debugger?.attach(this.now, this);
  }

  get machine(): Machine {
    return this.now.machine;
  }

  /** For whoever drives the machine in the place of `run`. */
  get loop(): RunLoop {
    return this.now.loop;
  }

  private powerOn(): PoweredOn {
    const { options, loaded, map, host, output } = this;
    const steps = new SerialSteps(options.steps, options.coreHz, () => this.stepsEnded());
    const region = this.openRegion();
    const terminal = steps.terminal ?? host.input?.terminal;
    const machine = new Machine({
      core: host.artefacts.core,
      timed: host.artefacts.timed,
      rom: host.artefacts.rom,
      image: loaded.image,
      commandLine: options.commandLine,
      modules: loaded.modules,
      disk: loaded.disk?.bytes ?? null,
      memoryMap: map,
      timing: createTimingModel(options.cpu, options.coreHz),
      uartMode: options.uart,
      fillPattern: options.fillPattern,
      residentMaxBytes: options.residentMaxBytes,
      trace: {
        categories: new Set(options.traceCategories),
        event: (event) => output.event(event),
      },
      ...(terminal === undefined ? {} : { terminal }),
      ...(host.pages === undefined ? {} : { pages: host.pages }),
      ...(host.check === undefined ? {} : { check: host.check }),
      ...(host.profiler === undefined ? {} : { profiler: host.profiler }),
      ...portObserver(host, region),
      output: {
        serial: (port, byte, cycle) => this.serial(port, byte, cycle),
        debug: (byte, cycle) => output.debug(byte, cycle),
      },
    });
    host.coverage?.watch(machine.processor);
    const tuning = host.pages === undefined ? DEFAULT_TUNING : ATLAS_TUNING;
    const own = [...(region?.appointments() ?? []), ...this.appointments()];
    const appointments = new Appointments(own, region?.magic);
    const moments = appointments.watch(machine, options.coreHz);
    region?.useMoments(moments);
    const loop = new RunLoop(machine, this.limits(steps), options.onTripleFault, tuning, moments);
    const { snapshot = null } = host;
    if (snapshot !== null) goOnFrom(snapshot, { machine, loop });
    const expectations = new SerialExpectations(options.expects, options.fails);
    steps.begin(machine.clock);
    const records = new SerialRecords(options.records);
    const tests = options.parse === null ? null : new GuestTests(options.parse);
    return { machine, loop, expectations, records, steps, tests, appointments, region };
  }

  private openRegion(): RegionOfInterest | null {
    const { roi, magic } = this.options;
    if (roi === null && magic === null) return null;
    const watched = () => ({ machine: this.machine, resets: this.now.loop.resets });
    return new RegionOfInterest(roi, magic, watched, {
      exit: () => this.stop('power-off', 'the guest ended the run (m5_exit)'),
      fail: (value) => {
        this.failValue = value;
        this.stop('debug-exit', `the guest ended the run with ${value} (m5_fail)`);
      },
    });
  }

  private appointments(): Appointment[] {
    const { stopsAt = [], standsAt = null, appointments: others = [] } = this.host;
    const stops = [...this.options.until, ...stopsAt].map((moment): Appointment => ({
      moment,
      option: '--until',
      reached: () => {
        this.moment ??= moment;
        this.stop('moment-reached', `reached --until ${moment.text}`);
      },
    }));
    const saves = [...this.unsaved].map((request): Appointment => ({
      moment: request.moment,
      option: '--save-at',
      reached: () => this.save(request),
    }));
    const appointments = [...others, ...stops, ...saves];
    if (standsAt === null || this.hasStood) return appointments;
    const reached = (): void => {
      this.hasStood = true;
      this.now.loop.standStill();
    };
    return [...appointments, { moment: standsAt, option: '--at', reached }];
  }

  private save(request: SaveRequest): void {
    const { artefacts } = this.host;
    const build = buildHash(artefacts, this.options.cpu);
    saveSnapshot(this.now, request, { build, image: this.imagePart(), config: this.config });
    this.unsaved.delete(request);
  }

  /** Those of `--save-at` whose moments have not come. */
  get missingSnapshots(): string[] {
    return [...this.unsaved].map(({ moment }) => moment.text);
  }

  private imagePart(): RunRecord['image'] {
    const { options, loaded } = this;
    return { path: options.imagePath, sha256: loaded.sha256, kind: options.kind };
  }

  /** GDB goes by the file that it is given, which is the image as a rule. */
  get debuggerBits(): 32 | 64 {
    return isElf32(this.loaded.image.file) ? 32 : 64;
  }

  /** Why the run cannot begin anew for a debugger, as the end of a sentence; null: it can. */
  get cannotRepeat(): string | null {
    const { check, input, pages, profiler, trace } = this.host;
    if (input?.sha256 === null) return 'what was typed at COM1 is not kept';
    if (pages !== undefined) return '--atlas has seen this time already';
    if (check !== undefined) return '--check has looked at this time already';
    if (trace !== undefined) return '--trace has recorded this time already';
    return profiler === undefined ? null : '--profile has charged this time already';
  }

  /** The run begins anew: what it prints again is not handed on again. */
  repeat(): DebuggedRun {
    this.output.repeat();
    this.host.input?.terminal.restore({ sentBytes: 0, polls: 0 });
    this.now = this.powerOn();
    return this.now;
  }

  /** Guest time in nanoseconds. */
  get nowNs(): number {
    return Math.floor((this.machine.nowCycles / this.options.coreHz) * 1e9);
  }

  /** Runs to the end; the host's event loop gets a turn after each slice. */
  async run(): Promise<RunRecord> {
    const { host } = this;
    const startMs = host.nowMs();
    let stillMs = 0;
    let end: RunEnd | null = null;
    while (end === null) {
      if (this.standsStill) {
        const sinceMs = host.nowMs();
        await host.debugger?.turn(INPUT_WAIT_MS);
        stillMs += host.nowMs() - sinceMs;
      } else {
        const backlog = this.ended === null ? (host.backlog?.(INPUT_WAIT_MS) ?? null) : null;
        if (backlog === null) end = this.runSlice();
        else await backlog;
      }
      host.output.flush();
      if (end !== null) break;
      this.lookAtHost(host.nowMs() - startMs - stillMs);
      await this.hostsTurn();
    }
    await host.debugger?.ended(end, () => host.interrupted() !== null);
    return this.record(end, host.nowMs() - startMs - stillMs);
  }

  /** For a debugger, as long as nobody has ended the run. */
  private get standsStill(): boolean {
    return this.host.debugger?.standsStill === true && this.ended === null;
  }

  private runSlice(): RunEnd | null {
    const { debugger: server } = this.host;
    return server === undefined || server.standsStill
      ? this.now.loop.runSlice()
      : server.runSlice();
  }

  /** What the host has to say to a run that has taken so long. */
  private lookAtHost(elapsedMs: number): void {
    const { wallNs } = this.options;
    const { host } = this;
    if (wallNs !== null && elapsedMs * 1e6 >= wallNs) {
      this.stop('wall-limit', `--wall: ${Math.round(elapsedMs)} ms of host time are over`);
    }
    const signal = host.interrupted();
    if (signal !== null) this.stop('interrupted', `interrupted by ${signal}`);
    if (host.input?.quit === true) this.stop('quit', 'ended by Ctrl-A x');
    if (host.debugger?.killed === true) this.stop('quit', 'ended by the debugger');
  }

  /** The host's event loop gets a turn; when nothing but input can go on with the machine, until there is some. */
  private async hostsTurn(): Promise<void> {
    if (this.now.loop.awaitsInput) await this.host.input?.arrival(INPUT_WAIT_MS);
    else await setImmediate();
  }

  private serial(port: number, byte: number, cycle: number): void {
    this.output.serial(port, byte, cycle);
    if (port !== 0) return;
    this.now.records.take(byte);
    this.now.tests?.take(byte);
    if (this.now.steps.any) this.now.steps.take(byte, cycle);
    if (this.now.expectations.any) this.expect(byte, cycle);
    this.now.appointments.take(byte);
  }

  private expect(byte: number, cycle: number): void {
    const { next, matched } = this.now.expectations;
    if (!this.now.expectations.take(byte, cycle)) return;
    const { failed, matched: matches } = this.now.expectations;
    if (matches > matched) {
      this.output.matched(next ?? '', cycle);
      this.now.appointments.matched(matches);
    }
    if (failed !== null) {
      this.stop('expectation-failed', `--fail ${failed.pattern} matched in line ${failed.line}`);
    } else if (this.now.expectations.allMatched && !this.options.keepGoing) {
      this.stop('expectations-met', `expect ${this.count}`);
    }
  }

  /** What was typed last is for the guest to act upon, until it ends. */
  private stepsEnded(): void {
    const { keepGoing, steps } = this.options;
    if (keepGoing || steps.length === 0 || steps.at(-1)?.kind === 'send') return;
    this.stop('expectations-met', `steps ${this.now.steps.count}`);
  }

  private stop(kind: OutcomeKind, reason: string): void {
    this.ended ??= kind;
    this.now.loop.stop(reason);
  }

  private limits(steps: SerialSteps): RunLimits {
    const { options } = this;
    const timeoutCycles =
      options.timeoutNs === null
        ? Number.POSITIVE_INFINITY
        : cyclesOfNs(options.timeoutNs, options.coreHz);
    const maxCycles = options.maxCycles ?? Number.POSITIVE_INFINITY;
    const cycles = Math.min(timeoutCycles, maxCycles);
    const cyclesOrigin =
      timeoutCycles <= maxCycles
        ? `the time limit of ${(options.timeoutNs ?? 0) / 1e6} ms of guest time`
        : `the limit of ${maxCycles} cycles`;
    const instructions = options.maxInstructions ?? Number.POSITIVE_INFINITY;
    if (!steps.any) return { cycles, cyclesOrigin, instructions };
    return {
      get cycles() {
        return Math.min(cycles, steps.deadlineCycle);
      },
      get cyclesOrigin() {
        return steps.deadlineCycle < cycles ? steps.deadlineOrigin : cyclesOrigin;
      },
      instructions,
    };
  }

  private get config(): RunRecord['config'] {
    const { options, loaded, map, host } = this;
    return recordedConfig(options, loaded, map, { input: host.input, until: this.untilTexts() });
  }

  /** What a run that has ended so leaves. */
  record(ended: RunEnd, wallMs: number): RunRecord {
    const end = this.failValue === null ? ended : { ...ended, value: this.failValue };
    const { options, machine } = this;
    const { processor } = machine;
    const counts = processor.stats();
    return {
      schema: RUN_RECORD_SCHEMA,
      tool: { name: 's7x', version: packageVersion() },
      image: this.imagePart(),
      config: this.config,
      ...this.snapshotPart(),
      ...(options.steps.length === 0 ? {} : { steps: options.steps }),
      outcome: this.outcome(end),
      stats: {
        cycles: machine.nowCycles,
        ns: this.nowNs,
        instructions: processor.retired,
        residentBytes: processor.residentBytes,
        ramBytes: machine.ramBytes.toString(),
        interrupts: counts.interrupts,
        exceptions: counts.exceptions,
        pageFaults: counts.pageFaults,
        resets: this.now.loop.resets,
        timing: machine.time.counters(),
      },
      expects: [...this.now.expectations.results(), ...this.now.steps.results()],
      records: this.now.records.values(),
      ...(this.host.check === undefined ? {} : { checks: recordedFindings(this.host.check) }),
      ...(this.now.region === null ? {} : { roi: this.now.region.result() }),
      ...(this.now.tests === null ? {} : { parsed: this.now.tests.end() }),
      hash: machine.stateHash(),
      host: hostPart(wallMs),
    };
  }

  private snapshotPart(): Pick<RunRecord, 'snapshot'> {
    const { snapshot = null } = this.host;
    return snapshot === null ? {} : { snapshot: { path: snapshot.path, sha256: snapshot.sha256 } };
  }

  /** With the one that is none of the options where it has ended the run: the record says what ran. */
  private untilTexts(): string[] {
    const ended = this.host.stopsAt?.filter((moment) => moment === this.moment) ?? [];
    return [...this.options.until, ...ended].map(({ text }) => text);
  }

  private outcome(end: RunEnd): RunRecord['outcome'] {
    const kind = end.kind === 'stopped' ? (this.ended ?? 'stopped') : end.kind;
    const report = CAME_FROM_OUTSIDE.has(kind) ? stateReport(this.machine) : end.report;
    const [code, detail] = this.judgement(kind, end);
    const moment = kind === 'moment-reached' ? { moment: this.moment?.text ?? '' } : {};
    const found = this.host.check?.findings.length ?? 0;
    if (found === 0 || code !== EXIT_SUCCESS) return { kind, code, detail, ...moment, report };
    const why = `${detail}; --check found ${found}`;
    return { kind, code: EXIT_ASSERTION, detail: why, ...moment, report };
  }

  /** Exit status, and how it ended in words. */
  private judgement(kind: OutcomeKind, end: RunEnd): readonly [code: number, detail: string] {
    const missing = MAY_LACK.has(kind) ? this.lacking(kind) : null;
    if (missing !== null) return [EXIT_ASSERTION, `${end.detail} before ${missing}`];
    const { tests } = this.now;
    const isOwn = MAY_LACK.has(kind) || kind === 'expectations-met';
    const complaint = isOwn && tests !== null ? testsComplaint(tests.end()) : null;
    const detail = this.detail(kind, end);
    return complaint === null
      ? [this.exitStatus(kind, end), detail]
      : [EXIT_ASSERTION, `${detail}; ${complaint}`];
  }

  /** What should have come before such an end, and has not. */
  private lacking(kind: OutcomeKind): string | null {
    const { until, expectExit } = this.options;
    const { next } = this.now.expectations;
    const isAtMoment = kind === 'moment-reached';
    // `expect:2` asks for two of them.
    if (next !== null && !(isAtMoment && this.moment?.kind === 'expect')) {
      return `--expect ${next} (${this.count})`;
    }
    if (this.now.steps.current !== null) return this.now.steps.current;
    if (isAtMoment) return expectExit === null ? null : `--expect-exit ${expectExit}`;
    if (until.length === 0 || until.some((moment) => moment.kind === 'end')) return null;
    return `--until ${until.map(({ text }) => text).join(' or ')}`;
  }

  private detail(kind: OutcomeKind, end: RunEnd): string {
    const { next } = this.now.expectations;
    const missing = next === null ? this.now.steps.current : `--expect ${next}`;
    const waiting = missing === null ? '' : `; still waiting for ${missing}`;
    const { expectExit } = this.options;
    if (expectExit !== null && (kind === 'debug-exit' || kind === 'power-off')) {
      if (end.value !== expectExit) return `${end.detail}; --expect-exit wants ${expectExit}`;
    }
    const isMet = kind === 'expectations-met' || kind === 'moment-reached';
    return isMet ? end.detail : `${end.detail}${waiting}`;
  }

  private exitStatus(kind: OutcomeKind, end: RunEnd): number {
    const { expectExit } = this.options;
    switch (kind) {
      case 'power-off':
        return expectExit === null ? EXIT_SUCCESS : EXIT_ASSERTION;
      case 'debug-exit':
        if (expectExit === null) return debugExitStatus(end.value ?? 0);
        return end.value === expectExit ? EXIT_SUCCESS : EXIT_ASSERTION;
      case 'expectations-met':
      case 'moment-reached':
      case 'quit':
        return EXIT_SUCCESS;
      case 'expectation-failed':
        return EXIT_ASSERTION;
      case 'shutdown':
        return EXIT_CRASH;
      case 'hang':
        return EXIT_HANG;
      case 'unimplemented':
      case 'resident-limit':
      case 'interrupted':
      case 'stopped':
        return EXIT_HOST;
      case 'limit':
      case 'wall-limit':
        return EXIT_TIMEOUT;
    }
  }

  private get count(): string {
    return `${this.now.expectations.matched}/${this.now.expectations.expected}`;
  }
}
