/**
 * The whole machine: processor, clock, board, RAM, ROM, image. The only place that knows everyone.
 *
 * Time: the clock's cycle is what the timing model makes of the instructions retired and of waiting (for ports, in HLT),
 * see machine-time.ts.
 */
import { assert } from '../base/assert.js';
import { ClockDomains } from '../clock/clock-domains.js';
import { EventQueue } from '../clock/event-queue.js';
import { cpuidTable } from '../cpu/cpuid-table.js';
import { Processor } from '../cpu/processor.js';
import type { DeviceWidthBytes } from '../cpu/processor-options.js';
import { CMOS_RAM } from '../devices/cmos.js';
import { DiskMedium, SECTOR_BYTES } from '../devices/disk-medium.js';
import type { FwCfgItem } from '../devices/fw-cfg.js';
import type { UartMode } from '../devices/uart16550.js';
import type { MemoryBus } from '../memory/memory-bus.js';
import type { MemoryMap } from '../memory/memory-map.js';
import type { TimingEngine } from '../timing/timing-engine.js';
import type { TimingModel } from '../timing/timing-model.js';
import type { TranslatorOptions } from '../translator/translator.js';
import { acpiFiles, movePowerManagement } from './acpi-files.js';
import type { BootModule } from './boot/modules.js';
import { relocated } from './boot/relocation.js';
import { isDiskette } from './boot/disk.js';
import { planBoot, type BootPlan } from './boot/plan.js';
import { commandLineBytes, e820File } from './boot-parameters.js';
import { BOOT_SECTOR_ADDRESS, checkPlacement, type BootImage } from './image.js';
import { coreOf, type TimedCore } from './machine-core.js';
import { CountedTime, EngineTime, type MachineTime } from './machine-time.js';
import { POST_CODE_PORT } from './pc-ports.js';
import { PortLatch } from './port-latch.js';
import { SteadyRead } from './steady-read.js';
import type { PageLog } from './page-log.js';
import { createPcBoard, type PcBoard, type PcDisk } from './pc-board.js';
import { deviceRanges, devicesReachable } from './pc-memory.js';
import { cmosMemorySize, ramBytesOf, ramLayout, type RamRange } from './ram-layout.js';
import { foreignRom, ownRom, type FirmwareRom } from './firmware-rom.js';
import type { MemoryCheck } from './memory-check.js';
import { accessChecker, pageNoter } from './memory-observers.js';
import { SymbolTable } from './symbols.js';
import { textMemory, textScreen } from './text-screen.js';
import type { SerialTerminal } from './serial-terminal.js';
import { accessValues, TRANSMIT_LOST, type TraceCategory, type TraceSink } from './trace.js';
import type { Profiler } from './profiler.js';
import type { PortObserver } from './run-trace.js';

export interface MachineConfig {
  /** The processor's core, a WebAssembly binary. */
  readonly core: Uint8Array;
  /** What a model of the kind `engine` needs. */
  readonly timed?: TimedCore;
  /** Our firmware ROM, 128 KiB; an image of the kind `firmware` takes its place. */
  readonly rom: Uint8Array;
  readonly image: BootImage | null;
  readonly commandLine: string;
  /** Files that the image gets: modules, an initial RAM disk. */
  readonly modules?: readonly BootModule[];
  /** The fixed disk of an image that is none itself; null or nothing: there is none. */
  readonly disk?: Uint8Array | null;
  readonly memoryMap: MemoryMap;
  readonly timing: TimingModel;
  /** How hot code is translated; null: everything is interpreted. */
  readonly translation?: TranslatorOptions | null;
  readonly uartMode: UartMode;
  /** What RAM holds at power-on: eight bytes, repeated. */
  readonly fillPattern: bigint;
  /** Storage for touched guest memory, in bytes. */
  readonly residentMaxBytes: number;
  readonly trace: TraceSink;
  readonly output: MachineOutput;
  /** Who types at COM1, where somebody does. */
  readonly terminal?: SerialTerminal;
  /** Who used each page first, where somebody wants to know. */
  readonly pages?: PageLog;
  /** `--check`. */
  readonly check?: MemoryCheck;
  /** Charges functions with cycles; `core` is then the timed core. */
  readonly profiler?: Profiler;
  /** Hears of each access to a port that the host makes. */
  readonly portAccessed?: PortObserver;
}

/** Bytes that leave the machine, at the cycle at which they leave. */
export interface MachineOutput {
  /** A byte left COM1 … COM4 (`port` 0 … 3). */
  serial(port: number, byte: number, cycle: number): void;
  /** A byte was written to the debug port. */
  debug(byte: number, cycle: number): void;
}

/** What the guest asked the board for, to be acted upon between instructions. */
export interface BoardRequests {
  powerOff: boolean;
  /** Where a reset was asked for, or null. */
  reset: string | null;
  /** Value written to isa-debug-exit, or null. */
  exit: number | null;
}

const ONE_MIB = 0x100000n;

export class Machine {
  readonly clock = new EventQueue();
  readonly domains: ClockDomains;
  readonly timing: TimingModel;
  readonly time: MachineTime;
  readonly processor: Processor;
  readonly board: PcBoard;
  readonly symbols: SymbolTable;
  /** RAM of the machine, in bytes: what the map says is backed, and conventional memory. */
  readonly ramBytes: bigint;
  readonly requests: BoardRequests = { powerOff: false, reset: null, exit: null };
  /** Accesses to ports and reads of the time since power-on: what a pure loop does not do. */
  impureActions = 0;
  /** The port that was read last, or null when the last access was a write. */
  lastReadPort: number | null = null;
  /** The last access to a port was a write to the one that `latch` stands for. */
  wroteLatch = false;
  readonly latch: PortLatch;
  readonly steadyRead: SteadyRead;
  /** Behind an access to a port: how many instructions may follow before the run of the core has to end; 0: it ends there. */
  allowanceBehindPort: () => number = () => 0;
  private readonly plan: BootPlan;
  private readonly rom: FirmwareRom;
  private readonly ram: readonly RamRange[];
  readonly medium: DiskMedium | null;
  private readonly unmodelledPorts = new Set<number>();

  constructor(private readonly config: MachineConfig) {
    this.rom =
      config.image?.kind === 'firmware' ? foreignRom(config.image.file) : ownRom(config.rom);
    const ram = ramLayout(config.memoryMap, this.rom.place);
    const image = config.image === null ? null : relocated(config.image, config.memoryMap);
    this.ram = ram;
    if (image !== null) checkPlacement(image, ram);
    this.plan = planBoot(image, {
      ram,
      map: config.memoryMap,
      commandLine: config.commandLine,
      modules: config.modules ?? [],
    });
    const disk = this.plan.disk ?? config.disk ?? null;
    this.medium = disk === null ? null : new DiskMedium(disk);
    this.timing = config.timing;
    this.domains = new ClockDomains(config.timing.coreHz);
    this.symbols = new SymbolTable(image?.symbols ?? [], image?.symbolsPath);
    const { engine, options } = coreOf(config);
    this.processor = Processor.create({
      ...options,
      residentMaxBytes: config.residentMaxBytes,
      fillPattern: config.fillPattern,
      traceCategories: config.trace.categories,
      host: {
        portIn: (port, widthBytes) => this.portIn(port, widthBytes),
        portOut: (port, widthBytes, value) => this.portOut(port, widthBytes, value),
        deviceRead: (address, widthBytes) => this.deviceRead(address, widthBytes),
        deviceWrite: (address, widthBytes, value) => this.deviceWrite(address, widthBytes, value),
        platformRead: (msr) => this.platformAccess(() => this.board.interrupts.readMsr(msr)),
        platformWrite: (msr, value) =>
          this.platformAccess(() => this.board.interrupts.writeMsr(msr, value)),
        writeTaskPriority: (taskPriorityClass) =>
          this.platformAccess(() => {
            this.board.interrupts.localApic.taskPriorityClass = taskPriorityClass;
          }),
        timeStamp: () => this.timeStamp(),
        trace: (category, message, values) => this.trace(category, message, values),
        ...(config.pages === undefined ? {} : { pageUsed: pageNoter(this, config.pages) }),
        ...(config.check === undefined
          ? {}
          : { accessed: accessChecker(this, this.rom, config.check) }),
      },
    });
    if (engine !== null) config.profiler?.observe(engine);
    this.latch = new PortLatch(this.processor.memory);
    this.steadyRead = new SteadyRead(this.processor.memory);
    this.time = timeOf(config.timing, engine, this.processor, this.latch, this.domains);
    this.processor.setCpuid(cpuidTable({ apic: devicesReachable(ram) }));
    this.ramBytes = ramBytesOf(ram);
    this.board = this.createBoard(ram);
    const isSeen = this.logs('boot') || this.logs('io') || config.portAccessed !== undefined;
    if (!isSeen) {
      this.latch.open(POST_CODE_PORT, this.cyclesOfPortAccess(POST_CODE_PORT));
    }
    this.reset();
  }

  /** As the firmware has it. */
  get memoryMap(): MemoryMap {
    return this.config.memoryMap;
  }

  /** The present cycle of the core clock. */
  get nowCycles(): number {
    return this.time.nowCycles;
  }

  /** Somebody may yet type at COM1. */
  get mayReceiveInput(): boolean {
    return this.config.terminal?.open === true;
  }

  /** Lets `cycles` pass in which no instruction retires. */
  wait(cycles: number): void {
    this.time.wait(cycles);
    this.config.profiler?.charge(cycles, 0);
    this.clock.advanceTo(this.nowCycles);
  }

  /** Counts instructions that are proved to run as the last ones did, and the cycles they wait for ports. */
  countAsExecuted(instructions: number, cycles: number): void {
    const before = this.nowCycles;
    this.time.countAsExecuted(instructions, cycles);
    this.config.profiler?.charge(this.nowCycles - before, instructions);
    this.clock.advanceTo(this.nowCycles);
  }

  /** Reset of processor and board; the ROM's shadow and the image (a disk's boot sector as it is now) are placed anew, the rest of RAM stays. */
  reset(): void {
    this.requests.reset = null;
    this.processor.reset();
    this.board.reset();
    const { bytes, place, shadow } = this.rom;
    this.processor.loadRom(place.base, bytes);
    this.processor.write(ONE_MIB - BigInt(shadow.byteLength), shadow);
    for (const placement of this.plan.placements) {
      this.processor.write(placement.address, placement.bytes);
      const behind = placement.memoryBytes - BigInt(placement.bytes.byteLength);
      const end = placement.address + BigInt(placement.bytes.byteLength);
      if (behind > 0n) this.processor.fill(end, behind, 0n);
    }
    if (this.medium !== null && this.plan.disk !== undefined) {
      this.processor.write(BOOT_SECTOR_ADDRESS, this.medium.read(0, SECTOR_BYTES));
    }
  }

  /** 64-bit hash, as 16 hexadecimal digits, of everything the guest could ever see: registers, memory, devices, disk, cycle. */
  stateHash(): string {
    return this.hash([this.nowCycles, this.board.snapshot(), this.medium?.digest()]);
  }

  /** The same of what a reset leaves: two starts from equal ones are equal. */
  startHash(): string {
    const ram = this.board.snapshot().cmos.memory.slice(CMOS_RAM);
    return this.hash([ram, this.medium?.digest()]);
  }

  private hash(state: unknown): string {
    return this.processor.hash(JSON.stringify(state)).toString(16).padStart(16, '0');
  }

  /** What stands on the text screen, row by row; nothing when it is blank. */
  textScreen(): string[] {
    return textScreen(this.processor, this.config.fillPattern);
  }

  trace(
    category: TraceCategory,
    message: string,
    values: Readonly<Record<string, string | number>>,
  ): void {
    const sink = this.config.trace;
    if (!sink.categories.has(category)) return;
    const rip = this.processor.rip;
    const symbol = this.symbols.nameOf(rip);
    sink.event({ category, message, cycle: this.nowCycles, rip, symbol, values });
  }

  private logs(category: TraceCategory): boolean {
    return this.config.trace.categories.has(category);
  }

  private portIn(port: number, widthBytes: 1 | 2 | 4): number {
    this.beginPortAccess(port);
    const value = this.board.bus.read(port, widthBytes);
    this.config.portAccessed?.(port, widthBytes, value, false, this.nowCycles);
    if (this.logs('io'))
      this.trace('io', 'port read', accessValues('port', port, widthBytes, value));
    this.lastReadPort = port;
    this.wroteLatch = false;
    const allowance = this.allowanceBehindPort();
    this.processor.portAllowance = allowance;
    // Only then is it known that no event comes before the engine's deadline, and that nobody asks whether the loop repeats.
    if (
      allowance > 0 &&
      this.time.hasCheckpoints &&
      widthBytes === 1 &&
      this.board.readsAreIdle(port)
    ) {
      const cycles = this.cyclesOfPortAccess(port);
      this.steadyRead.seen(port, value, cycles, this.clock.nextEventCycle);
    } else this.steadyRead.disturb();
    return value;
  }

  private portOut(port: number, widthBytes: 1 | 2 | 4, value: number): void {
    this.steadyRead.disturb();
    this.beginPortAccess(port);
    this.config.portAccessed?.(port, widthBytes, value, true, this.nowCycles);
    if (this.logs('io'))
      this.trace('io', 'port write', accessValues('port', port, widthBytes, value));
    this.board.bus.write(port, widthBytes, value);
    this.lastReadPort = null;
    this.wroteLatch = port === POST_CODE_PORT;
    this.processor.portAllowance = this.allowanceBehindPort();
  }

  /** The access takes its time on the bus first: the device sees it at the end of the bus cycle. */
  private beginPortAccess(port: number): void {
    this.impureActions++;
    this.wait(this.cyclesOfPortAccess(port));
  }

  private cyclesOfPortAccess(port: number): number {
    return this.timing.cyclesOfPortAccess(this.board.accessTimeNs(port));
  }

  private deviceRead(address: bigint, widthBytes: DeviceWidthBytes): bigint {
    this.beginDeviceAccess(address);
    const value = this.board.memoryBus.read(address, widthBytes);
    if (this.logs('dev'))
      this.trace('dev', 'register read', accessValues('address', address, widthBytes, value));
    return value;
  }

  private deviceWrite(address: bigint, widthBytes: DeviceWidthBytes, value: bigint): void {
    this.beginDeviceAccess(address);
    if (this.logs('dev'))
      this.trace('dev', 'register write', accessValues('address', address, widthBytes, value));
    this.board.memoryBus.write(address, widthBytes, value);
  }

  private beginDeviceAccess(address: bigint): void {
    this.lastReadPort = null;
    this.impureActions++;
    this.steadyRead.disturb();
    this.wait(this.timing.cyclesOfPortAccess(this.board.memoryBus.accessTimeNs(address)));
  }

  /** Registers of the local APIC that are reached without a bus: the time is that of the instruction. */
  private platformAccess<Result>(access: () => Result): Result {
    this.lastReadPort = null;
    this.impureActions++;
    this.steadyRead.disturb();
    this.clock.advanceTo(this.nowCycles);
    return access();
  }

  /** Says where memory is, and where devices are in its place. */
  private placeMemory(windows: MemoryBus['windows']): void {
    this.processor.setRamRanges([
      ...this.ram,
      ...textMemory(this.ram),
      ...deviceRanges(windows, this.ram),
    ]);
  }

  private get disk(): PcDisk | null {
    const { medium, plan } = this;
    if (medium === null) return null;
    return { medium, isFixed: plan.disk === undefined || !isDiskette(plan.disk.byteLength) };
  }

  private timeStamp(): bigint {
    this.impureActions++;
    return BigInt(this.domains.ticksAt('tsc', this.nowCycles));
  }

  private createBoard(ram: readonly RamRange[]): PcBoard {
    const { config } = this;
    const commandLine = commandLineBytes(config.commandLine);
    const acpi = acpiFiles({
      nodes: config.memoryMap.nodes ?? [],
      apic: devicesReachable(ram),
    });
    return createPcBoard({
      clock: this.clock,
      domains: this.domains,
      memory: this.processor,
      uartMode: config.uartMode,
      terminal: config.terminal ?? null,
      memorySize: cmosMemorySize(ram),
      fwCfg: {
        ramBytes: this.ramBytes,
        commandLine,
        files: new Map<string, FwCfgItem>([
          ['etc/e820', e820File(config.memoryMap)],
          ['opt/s7x/boot', this.plan.record],
          ...(this.medium === null || this.plan.disk === undefined
            ? []
            : [['opt/s7x/disk', this.medium] as const]),
          ...acpi,
        ]),
      },
      disk: this.disk,
      onSerial: (port, byte, cycle) => config.output.serial(port, byte, cycle),
      onDebug: (byte) => config.output.debug(byte, this.clock.nowCycles),
      postCode: this.latch,
      onPowerManagementMoved: (base) => movePowerManagement(acpi, base),
      onPost: (code) => this.trace('boot', 'POST code', { code }),
      onExit: (value) => {
        this.requests.exit = value;
      },
      onPowerOff: () => {
        this.requests.powerOff = true;
      },
      onReset: (origin) => {
        this.requests.reset = origin;
      },
      onA20: (enabled) => this.processor.setA20(enabled),
      onIntr: (level) => {
        this.processor.intrLine = level;
      },
      isFerrActive: () => this.processor.ferr,
      onIgnne: () => this.processor.ignoreNumericError(),
      onNmi: () => this.processor.raiseNonmaskableInterrupt(),
      onTaskPriority: (taskPriorityClass) => {
        this.processor.taskPriorityClass = taskPriorityClass;
      },
      tscOffset: () => this.processor.timeStampOffset,
      onWindowsMoved: () => this.placeMemory(this.board.memoryBus.windows),
      onUnmodelled: (port, widthBytes, isWrite, value) =>
        this.unmodelledPort(port, widthBytes, isWrite, value),
      onTransmitLost: (port, byte) =>
        this.trace('guest-error', TRANSMIT_LOST, {
          port: `COM${port + 1}`,
          byte,
        }),
    });
  }

  private unmodelledPort(port: number, widthBytes: number, isWrite: boolean, value: number): void {
    if (this.unmodelledPorts.has(port)) return;
    this.unmodelledPorts.add(port);
    this.trace('unimp', isWrite ? 'write to an unmodelled port' : 'read of an unmodelled port', {
      port: `0x${port.toString(16)}`,
      widthBytes,
      ...(isWrite ? { value } : {}),
    });
  }
}

function timeOf(
  timing: TimingModel,
  engine: TimingEngine | null,
  processor: Processor,
  latch: PortLatch,
  { coreHz, tscHz }: ClockDomains,
): MachineTime {
  if (timing.kind === 'counting')
    return new CountedTime(timing, processor, latch, coreHz === tscHz);
  assert(engine !== null, 'a model of the kind engine has one');
  return new EngineTime(engine);
}
