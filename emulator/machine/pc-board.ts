import type { ClockDomains } from '../clock/clock-domains.js';
import type { EventQueue } from '../clock/event-queue.js';
import { AtaDisk, type AtaDiskState } from '../devices/ata-disk.js';
import type { CmosMemorySize } from '../devices/cmos-contents.js';
import { ATA_EMPTY_CHANNEL } from '../devices/ata-empty-channel.js';
import { Cmos, type CmosState } from '../devices/cmos.js';
import { CoprocessorError, type CoprocessorErrorState } from '../devices/coprocessor-error.js';
import type { DiskMedium } from '../devices/disk-medium.js';
import { DebugExit } from '../devices/debug-exit.js';
import { DebugPort } from '../devices/debug-port.js';
import { FwCfg, type FwCfgItem, type FwCfgItems, type FwCfgState } from '../devices/fw-cfg.js';
import { SharedInterruptLine, SwitchedInterruptLine } from '../devices/interrupt-line.js';
import { Hpet, type HpetState } from '../devices/hpet.js';
import {
  KeyboardController,
  type KeyboardControllerState,
} from '../devices/keyboard-controller.js';
import { PciConfiguration, type PciConfigurationState } from '../devices/pci-configuration.js';
import { Pit8254, type Pit8254State } from '../devices/pit8254.js';
import { PostCode, type PostCodeRegister, type PostCodeState } from '../devices/post-code.js';
import { PowerManagement, type PowerManagementState } from '../devices/power-management.js';
import { ResetControl, type ResetControlState } from '../devices/reset-control.js';
import {
  SystemControlPortB,
  type SystemControlPortBState,
} from '../devices/system-control-port-b.js';
import { SystemControlPort, type SystemControlPortState } from '../devices/system-control-port.js';
import { Uart16550, type UartMode, type UartState } from '../devices/uart16550.js';
import type { PhysicalMemoryPort } from '../memory/physical-port.js';
import { MemoryBus, type MemoryWindow } from '../memory/memory-bus.js';
import { PortBus, type PortDevice, type UnmodelledPortAccess } from '../memory/port-bus.js';
import { A20Gate } from './a20-gate.js';
import { InterruptControllers, type InterruptControllersState } from './interrupt-controllers.js';
import { PC_MEMORY } from './pc-memory.js';
import type { SerialTerminal, SerialTerminalState } from './serial-terminal.js';
import { pcPciFunctions, POWER_MANAGEMENT, powerManagementBase } from './pc-pci.js';
import { ISA_ACCESS_NS, PC_PORTS, type PcDeviceName } from './pc-ports.js';

/** The board of a PC: the chips of `PC_PORTS`, wired to the interrupt controllers and to the machine. */

const TIMER_IRQ = 0;
const KEYBOARD_IRQ = 1;
const RTC_IRQ = 8;
const AUXILIARY_IRQ = 12;
const COPROCESSOR_IRQ = 13;
const ATA_IRQ = 14;

const FW_CFG_RAM_SIZE = 0x03;
const FW_CFG_NB_CPUS = 0x05;
const FW_CFG_MAX_CPUS = 0x0f;
const FW_CFG_CMDLINE_SIZE = 0x14;
const FW_CFG_CMDLINE_DATA = 0x15;

/** What fw_cfg offers to the firmware. */
export interface PcFirmwareConfiguration {
  readonly ramBytes: bigint;
  /** ASCII with its NUL. */
  readonly commandLine: Uint8Array;
  readonly files: ReadonlyMap<string, FwCfgItem>;
}

export interface PcDisk {
  readonly medium: DiskMedium;
  /** Behind the ATA channel; a diskette is behind nothing: only the firmware reaches it. */
  readonly isFixed: boolean;
}

export interface PcBoardDependencies {
  readonly clock: EventQueue;
  readonly domains: ClockDomains;
  /** For the DMA of fw_cfg. */
  readonly memory: PhysicalMemoryPort;
  readonly uartMode: UartMode;
  /** For the sizes in CMOS memory. */
  readonly memorySize: CmosMemorySize;
  readonly fwCfg: PcFirmwareConfiguration;
  /** What the disks hold; null where there is no disk. */
  readonly disk: PcDisk | null;
  /** A character left COM1 (`portIndex` 0) to COM4 (3); its stop bit ended at `cycle`. */
  onSerial(portIndex: number, byte: number, cycle: number): void;
  /** A byte that the guest gave to a transmitter without room (or during a break) never left. */
  onTransmitLost(portIndex: number, byte: number, cycle: number): void;
  /** Who types at COM1; null for nobody. */
  readonly terminal: SerialTerminal | null;
  onDebug(byte: number): void;
  readonly postCode: PostCodeRegister;
  onPost(code: number): void;
  /** The guest wrote `value` (unsigned, up to 32 bits) to the debug exit port. */
  onExit(value: number): void;
  onPowerOff(): void;
  /** The guest asked for a reset through `origin`. The board resets when the machine calls `reset()`. */
  onReset(origin: string): void;
  /** The A20 gate changes; disabled forces address bit 20 to 0. It is enabled at power-on. */
  onA20(enabled: boolean): void;
  /** The INTR pin of the processor changes. */
  onIntr(level: boolean): void;
  /** Whether the processor asserts FERR#. */
  isFerrActive(): boolean;
  /** The board asserts IGNNE#. */
  onIgnne(): void;
  /** A nonmaskable interrupt for the processor. */
  onNmi(): void;
  /** The local APIC's task-priority class changes, which CR8 shows. */
  onTaskPriority(taskPriorityClass: number): void;
  /** What WRMSR has added to the time-stamp counter. */
  tscOffset(): bigint;
  /** `memoryBus.windows` has changed. */
  onWindowsMoved(): void;
  /** The power management registers are at another port now. */
  onPowerManagementMoved(base: number): void;
  /** Called for every access to a port without a device; the machine decides what to log. */
  onUnmodelled: UnmodelledPortAccess;
}

/** Every chip's state. The event queue's own state is saved and restored by the machine, before the board's. */
export interface PcBoardState {
  readonly interrupts: InterruptControllersState;
  readonly pit: Pit8254State;
  readonly hpet: HpetState;
  /** IRQ 0 and IRQ 8, which the HPET may take over. */
  readonly replacedLines: readonly (readonly [boolean, boolean])[];
  readonly uarts: readonly UartState[];
  readonly serialLines: { readonly irq3: readonly boolean[]; readonly irq4: readonly boolean[] };
  /** What was typed at COM1. */
  readonly terminal: SerialTerminalState | null;
  readonly cmos: CmosState;
  readonly fwCfg: FwCfgState;
  readonly keyboardController: KeyboardControllerState;
  readonly systemControlPortA: SystemControlPortState;
  readonly systemControlPortB: SystemControlPortBState;
  readonly postCode: PostCodeState;
  readonly powerManagement: PowerManagementState;
  readonly resetControl: ResetControlState;
  readonly coprocessorError: CoprocessorErrorState;
  readonly ata: AtaDiskState | null;
  readonly pci: PciConfigurationState;
}

export interface PcBoard {
  readonly bus: PortBus;
  /** Devices in memory. */
  readonly memoryBus: MemoryBus;
  readonly interrupts: InterruptControllers;
  /** COM1 to COM4. */
  readonly uarts: readonly Uart16550[];
  /** The A20 gate: enabled while either of its two sources enables it. */
  readonly a20: boolean;
  /** INTR cannot rise before the guest writes to an interrupt controller. */
  readonly interruptsMasked: boolean;
  /** A nonmaskable interrupt may come. */
  readonly mayRaiseNmi: boolean;
  /** A character is on its way out of a serial port. */
  readonly isTransmitting: boolean;
  /** The processor's interrupt acknowledge cycles: the vector, 0 to 255. */
  acknowledgeInterrupt(): number;
  /** The processor has asserted FERR#. */
  ferr(): void;
  /** Time of one access to `port` on its bus. */
  accessTimeNs(port: number): number;
  /** Reading `port` again gives the same and changes nothing, until the next event or port write. */
  readsAreIdle(port: number): boolean;
  /** That, and no event will change it: only a write can. */
  readsAreSettled(port: number): boolean;
  /** What RESET does to every chip. Time goes on; the real-time clock and CMOS memory keep their contents. */
  reset(): void;
  snapshot(): PcBoardState;
  restore(state: PcBoardState): void;
}

/** Builds the board in its power-on state. */
export function createPcBoard(dependencies: PcBoardDependencies): PcBoard {
  const memoryBus = new MemoryBus();
  const chips = createChips(dependencies, () => {
    memoryBus.windows = windowsOf(chips);
    dependencies.onWindowsMoved();
  });
  memoryBus.windows = windowsOf(chips);
  const { terminal } = dependencies;
  terminal?.connect(chips.uarts[0]);
  const bus = new PortBus({
    onUnmodelled: (port, widthBytes, isWrite, value) =>
      dependencies.onUnmodelled(port, widthBytes, isWrite, value),
    unmodelledAccessTimeNs: ISA_ACCESS_NS,
  });
  const devices = devicesByName(chips);
  for (const { device, ...range } of PC_PORTS) {
    bus.attach({ ...range, device: device === null ? null : devices[device] });
  }
  chips.pci.watch(POWER_MANAGEMENT.device, POWER_MANAGEMENT.function, (space) => {
    const base = powerManagementBase(space);
    bus.relocate(chips.powerManagement, base);
    dependencies.onPowerManagementMoved(base);
  });
  return {
    bus,
    memoryBus,
    interrupts: chips.interrupts,
    uarts: chips.uarts,
    get a20(): boolean {
      return chips.a20Gate.enabled;
    },
    get interruptsMasked(): boolean {
      return chips.interrupts.allMasked;
    },
    get mayRaiseNmi(): boolean {
      return chips.interrupts.mayRaiseNmi;
    },
    get isTransmitting(): boolean {
      return chips.uarts.some((uart) => uart.isTransmitting);
    },
    acknowledgeInterrupt: () => chips.interrupts.acknowledge(),
    ferr: () => chips.coprocessorError.ferr(),
    accessTimeNs: (port) => bus.accessTimeNs(port),
    readsAreIdle: (port) => bus.readsAreSteady(port),
    readsAreSettled: (port) => bus.readsAreSettled(port),
    reset: (): void => {
      for (const device of Object.values(devices)) device?.reset();
      chips.hpet.reset();
      chips.interrupts.reset();
    },
    snapshot: () => ({
      ...snapshot(chips),
      terminal: terminal?.snapshot() ?? null,
    }),
    restore: (state): void => {
      restore(chips, state);
      if (state.terminal !== null) terminal?.restore(state.terminal);
    },
  };
}

interface Chips {
  readonly interrupts: InterruptControllers;
  readonly pit: Pit8254;
  readonly hpet: Hpet;
  readonly timerLine: SwitchedInterruptLine;
  readonly rtcLine: SwitchedInterruptLine;
  readonly uarts: readonly [Uart16550, Uart16550, Uart16550, Uart16550];
  readonly irq3: SharedInterruptLine;
  readonly irq4: SharedInterruptLine;
  readonly cmos: Cmos;
  readonly fwCfg: FwCfg;
  readonly keyboardController: KeyboardController;
  readonly systemControlPortA: SystemControlPort;
  readonly systemControlPortB: SystemControlPortB;
  readonly postCode: PostCode;
  readonly debugConsole: DebugPort;
  readonly debugExit: DebugExit;
  readonly powerManagement: PowerManagement;
  readonly resetControl: ResetControl;
  readonly coprocessorError: CoprocessorError;
  readonly ata: AtaDisk | null;
  readonly pci: PciConfiguration;
  readonly a20Gate: A20Gate;
}

function createChips(dependencies: PcBoardDependencies, onApicMoved: () => void): Chips {
  const { clock: events, domains, memory, terminal } = dependencies;
  const interrupts = new InterruptControllers({
    events,
    domains,
    tscOffset: () => dependencies.tscOffset(),
    onIntr: (level) => dependencies.onIntr(level),
    onNmi: () => dependencies.onNmi(),
    onInit: () => dependencies.onReset('INIT interprocessor interrupt'),
    onTaskPriority: (taskPriorityClass) => dependencies.onTaskPriority(taskPriorityClass),
    onApicMoved,
  });
  const { timerLine, rtcLine, hpet, pit } = createTimers(dependencies, interrupts);
  const a20Gate = new A20Gate((enabled) => dependencies.onA20(enabled));
  const irq3 = new SharedInterruptLine(interrupts.line(3));
  const irq4 = new SharedInterruptLine(interrupts.line(4));
  const uart = (portIndex: number, line: SharedInterruptLine): Uart16550 =>
    new Uart16550({
      events,
      domains,
      mode: dependencies.uartMode,
      interrupt: line.connect(),
      onTransmit: (byte, cycle) => dependencies.onSerial(portIndex, byte, cycle),
      onTransmitLost: (byte, cycle) => dependencies.onTransmitLost(portIndex, byte, cycle),
      ...(portIndex === 0 && terminal !== null ? { peer: terminal } : {}),
    });
  return {
    interrupts,
    hpet,
    timerLine,
    rtcLine,
    pit,
    a20Gate,
    irq3,
    irq4,
    uarts: [uart(0, irq4), uart(1, irq3), uart(2, irq4), uart(3, irq3)],
    cmos: new Cmos({
      events,
      domains,
      interrupt: rtcLine,
      memorySize: dependencies.memorySize,
    }),
    fwCfg: new FwCfg(memory, fwCfgItems(dependencies.fwCfg)),
    keyboardController: new KeyboardController({
      events,
      domains,
      interrupt: interrupts.line(KEYBOARD_IRQ),
      auxiliaryInterrupt: interrupts.line(AUXILIARY_IRQ),
      onA20: (enabled) => a20Gate.setKeyboardController(enabled),
      onReset: () => dependencies.onReset('keyboard controller'),
    }),
    systemControlPortA: new SystemControlPort({
      onA20: (enabled) => a20Gate.setSystemControlPortA(enabled),
      onReset: () => dependencies.onReset('system control port 0x92'),
    }),
    systemControlPortB: new SystemControlPortB(events, domains, pit.speakerChannel),
    postCode: new PostCode(dependencies.postCode, (code) => dependencies.onPost(code)),
    debugConsole: new DebugPort((byte) => dependencies.onDebug(byte)),
    debugExit: new DebugExit((value) => dependencies.onExit(value)),
    powerManagement: new PowerManagement(events, domains, () => dependencies.onPowerOff()),
    pci: new PciConfiguration(pcPciFunctions(dependencies.disk?.isFixed === true)),
    resetControl: new ResetControl(() => dependencies.onReset('reset control register 0xcf9')),
    coprocessorError: new CoprocessorError({
      interrupt: interrupts.line(COPROCESSOR_IRQ),
      isFerrActive: () => dependencies.isFerrActive(),
      onIgnne: () => dependencies.onIgnne(),
    }),
    ata: createAta(dependencies, interrupts),
  };
}

function createAta(
  { clock: events, domains, disk }: PcBoardDependencies,
  interrupts: InterruptControllers,
): AtaDisk | null {
  if (disk?.isFixed !== true) return null;
  const { medium } = disk;
  return new AtaDisk({ events, domains, medium, interrupt: interrupts.line(ATA_IRQ) });
}

/** The 8254, and the HPET that may take its place and the real-time clock's. */
function createTimers(
  { clock: events, domains }: PcBoardDependencies,
  interrupts: InterruptControllers,
): Pick<Chips, 'timerLine' | 'rtcLine' | 'hpet' | 'pit'> {
  const timerLine = new SwitchedInterruptLine(interrupts.line(TIMER_IRQ));
  const rtcLine = new SwitchedInterruptLine(interrupts.line(RTC_IRQ));
  const hpet = new Hpet({
    events,
    domains,
    pin: (input) => interrupts.pin(input),
    legacy: [interrupts.line(TIMER_IRQ), interrupts.line(RTC_IRQ)],
    onLegacyReplacement: (enabled) => {
      timerLine.connect(!enabled);
      rtcLine.connect(!enabled);
    },
  });
  const pit = new Pit8254({ events, domains, interrupt: timerLine });
  return { timerLine, rtcLine, hpet, pit };
}

/** [fw_cfg] and QEMU's include/standard-headers/linux/qemu_fw_cfg.h; numbers are little endian. */
function fwCfgItems(configuration: PcFirmwareConfiguration): FwCfgItems {
  const { ramBytes, commandLine, files } = configuration;
  const keys = new Map([
    [FW_CFG_RAM_SIZE, littleEndian(ramBytes, 8)],
    [FW_CFG_NB_CPUS, littleEndian(1n, 2)],
    [FW_CFG_MAX_CPUS, littleEndian(1n, 2)],
    [FW_CFG_CMDLINE_SIZE, littleEndian(BigInt(commandLine.length), 4)],
    [FW_CFG_CMDLINE_DATA, commandLine],
  ]);
  return { keys, files };
}

function littleEndian(value: bigint, sizeBytes: number): Uint8Array {
  return Uint8Array.from({ length: sizeBytes }, (_, index) =>
    Number((value >> BigInt(8 * index)) & 0xffn),
  );
}

/** The windows of PC_MEMORY; the local APIC's is where IA32_APIC_BASE says. */
function windowsOf({ interrupts, hpet }: Chips): MemoryWindow[] {
  const { localApic, ioApic, localApicAddress } = interrupts;
  const devices = { localApic, ioApic, hpet };
  return PC_MEMORY.flatMap((row) => {
    const base = row.device === 'localApic' ? localApicAddress : row.base;
    return base === null ? [] : [{ ...row, base, device: devices[row.device] }];
  });
}

/** Null: the chip is not on this board. */
function devicesByName(chips: Chips): Readonly<Record<PcDeviceName, PortDevice | null>> {
  const [com1, com2, com3, com4] = chips.uarts;
  const { pit, cmos, fwCfg, postCode, debugConsole, debugExit } = chips;
  const { keyboardController, systemControlPortA, systemControlPortB } = chips;
  const { powerManagement, resetControl, coprocessorError } = chips;
  return {
    pit,
    keyboardController,
    systemControlPortA,
    systemControlPortB,
    cmos,
    postCode,
    debugConsole,
    debugExit,
    com1,
    com2,
    com3,
    com4,
    fwCfg,
    powerManagement,
    resetControl,
    coprocessorError,
    ataPrimary: chips.ata,
    ataSecondary: chips.ata === null ? null : ATA_EMPTY_CHANNEL,
    'pci.address': chips.pci.addressPort,
    'pci.data': chips.pci.dataPort,
    'pic.edgeLevelControl': chips.interrupts.pic.edgeLevelControl,
    'pic.secondary': chips.interrupts.pic.slave,
    'pic.primary': chips.interrupts.pic.master,
  };
}

function snapshot(chips: Chips): Omit<PcBoardState, 'terminal'> {
  return {
    interrupts: chips.interrupts.snapshot(),
    pit: chips.pit.snapshot(),
    hpet: chips.hpet.snapshot(),
    replacedLines: [chips.timerLine.snapshot(), chips.rtcLine.snapshot()],
    uarts: chips.uarts.map((uart) => uart.snapshot()),
    serialLines: { irq3: chips.irq3.snapshot(), irq4: chips.irq4.snapshot() },
    cmos: chips.cmos.snapshot(),
    fwCfg: chips.fwCfg.snapshot(),
    keyboardController: chips.keyboardController.snapshot(),
    systemControlPortA: chips.systemControlPortA.snapshot(),
    systemControlPortB: chips.systemControlPortB.snapshot(),
    postCode: chips.postCode.snapshot(),
    powerManagement: chips.powerManagement.snapshot(),
    resetControl: chips.resetControl.snapshot(),
    coprocessorError: chips.coprocessorError.snapshot(),
    ata: chips.ata?.snapshot() ?? null,
    pci: chips.pci.snapshot(),
  };
}

function restore(chips: Chips, state: PcBoardState): void {
  chips.interrupts.restore(state.interrupts);
  chips.pit.restore(state.pit);
  chips.hpet.restore(state.hpet);
  for (const [index, line] of [chips.timerLine, chips.rtcLine].entries()) {
    const lineState = state.replacedLines[index];
    if (lineState !== undefined) line.restore(lineState);
  }
  chips.uarts.forEach((uart, portIndex) => {
    const uartState = state.uarts[portIndex];
    if (uartState !== undefined) uart.restore(uartState);
  });
  chips.irq3.restore(state.serialLines.irq3);
  chips.irq4.restore(state.serialLines.irq4);
  chips.cmos.restore(state.cmos);
  chips.fwCfg.restore(state.fwCfg);
  chips.keyboardController.restore(state.keyboardController);
  chips.systemControlPortA.restore(state.systemControlPortA);
  chips.systemControlPortB.restore(state.systemControlPortB);
  chips.postCode.restore(state.postCode);
  chips.powerManagement.restore(state.powerManagement);
  chips.resetControl.restore(state.resetControl);
  chips.coprocessorError.restore(state.coprocessorError);
  if (state.ata !== null) chips.ata?.restore(state.ata);
  chips.pci.restore(state.pci);
  chips.a20Gate.restore(chips.keyboardController.a20, chips.systemControlPortA.a20);
}
