/**
 * The I/O map of the board, to be compared with a chipset's data sheet: holes and what is not modelled included.
 * Sources: [82371SB] Intel, "82371SB PCI ISA IDE Xcelerator (PIIX3)", April 1997, "I/O Address Map"; QEMU's machine
 * `pc` for 0x402, 0x510, 0x600 and 0xF4.
 */

import { assert } from '../base/assert.js';

/** The chips of the board, as `createPcBoard` names them. */
export type PcDeviceName =
  | 'pic.primary'
  | 'pic.secondary'
  | 'pic.edgeLevelControl'
  | 'pit'
  | 'keyboardController'
  | 'systemControlPortA'
  | 'systemControlPortB'
  | 'cmos'
  | 'postCode'
  | 'debugConsole'
  | 'coprocessorError'
  | 'ataPrimary'
  | 'debugExit'
  | 'com1'
  | 'com2'
  | 'com3'
  | 'com4'
  | 'fwCfg'
  | 'powerManagement'
  | 'resetControl'
  | 'pci.address'
  | 'pci.data';

export const POST_CODE_PORT = 0x80;

export interface PortRange {
  readonly base: number;
  readonly sizePorts: number;
  /** The chip that answers, null where none is modelled. */
  readonly device: PcDeviceName | null;
  /** What the range is. */
  readonly name: string;
  /** The chip's offset of port `base`, 0 unless its registers are apart. */
  readonly firstOffset?: number;
  readonly accessTimeNs: number;
  /** See PortAttachment. */
  readonly reachesBeyond?: boolean;
}

/**
 * Time of one access behind the LPC or ISA bridge. An LPC I/O cycle takes 13 clocks of 33 MHz, 0.39 us [LPC] Intel,
 * "Low Pin Count Interface Specification", revision 1.1, "I/O Read and Write Cycles"; the way through the bridges
 * brings it to 0.7 to 1.0 us; Linux counts on at most 2 us for a write to port 0x80 [Linux, commit "x86: provide a
 * DMI based port 0x80 I/O delay override"].
 */
export const ISA_ACCESS_NS = 1000;
/** Devices that exist in virtual machines only: an estimate of a register on a fast bus, so that they cost little. */
const VIRTUAL_ACCESS_NS = 100;

export const PC_PORTS: readonly PortRange[] = [
  unmodelled(0x000, 16, '8237A DMA controller 1'),
  isa(0x020, 2, 'pic.primary', '8259A interrupt controller, master'),
  unmodelled(0x02e, 2, 'Super I/O configuration'),
  isa(0x040, 4, 'pit', '8254 timer'),
  unmodelled(0x04e, 2, 'Super I/O configuration, second'),
  isa(0x060, 1, 'keyboardController', '8042 keyboard controller, data'),
  isa(0x061, 1, 'systemControlPortB', 'system control port B: speaker, refresh toggle'),
  isa(0x064, 1, 'keyboardController', '8042 keyboard controller, command and status', 4),
  isa(0x070, 2, 'cmos', 'MC146818 real-time clock and CMOS memory'),
  isa(POST_CODE_PORT, 1, 'postCode', 'POST code'),
  unmodelled(0x081, 15, 'DMA page registers'),
  isa(0x092, 1, 'systemControlPortA', 'system control port A: A20, fast reset'),
  isa(0x0a0, 2, 'pic.secondary', '8259A interrupt controller, slave'),
  unmodelled(0x0b2, 2, 'advanced power management: SMI command and status'),
  unmodelled(0x0c0, 32, '8237A DMA controller 2'),
  virtual(0x0e9, 1, 'debugConsole', 'debug console'),
  unmodelled(0x0ed, 1, 'alternate delay port'),
  isa(0x0f0, 1, 'coprocessorError', 'coprocessor error: IRQ 13, IGNNE#'),
  unmodelled(0x0f1, 1, '80387 reset'),
  virtual(0x0f4, 4, 'debugExit', 'debug exit'),
  unmodelled(0x170, 8, 'IDE, secondary channel'),
  isa(0x1f0, 8, 'ataPrimary', 'IDE, primary channel: the disk, where there is one'),
  unmodelled(0x201, 1, 'game port'),
  unmodelled(0x278, 8, 'parallel port 2'),
  isa(0x2e8, 8, 'com4', '16550A serial port COM4'),
  isa(0x2f8, 8, 'com2', '16550A serial port COM2'),
  unmodelled(0x376, 1, 'IDE, secondary channel, alternate status'),
  unmodelled(0x378, 8, 'parallel port 1'),
  unmodelled(0x3b0, 48, 'display adapter'),
  isa(0x3e8, 8, 'com3', '16550A serial port COM3'),
  unmodelled(0x3f0, 6, 'diskette controller'),
  isa(0x3f6, 1, 'ataPrimary', 'IDE, primary channel, alternate status', 8),
  unmodelled(0x3f7, 1, 'diskette controller, digital input'),
  isa(0x3f8, 8, 'com1', '16550A serial port COM1'),
  virtual(0x402, 1, 'debugConsole', 'debug console of SeaBIOS'),
  isa(0x4d0, 2, 'pic.edgeLevelControl', 'edge/level control of the interrupt controllers'),
  virtual(0x510, 12, 'fwCfg', 'firmware configuration'),
  isa(
    0x600,
    12,
    'powerManagement',
    'ACPI PM1a event and control, PM timer; PMBA of PCI 00:01.3 moves them',
  ),
  { ...isa(0xcf8, 1, 'pci.address', 'PCI configuration address'), reachesBeyond: true },
  isa(0xcf9, 1, 'resetControl', 'reset control'),
  unmodelled(0xcfa, 2, 'PCI configuration address, bytes'),
  isa(0xcfc, 4, 'pci.data', 'PCI configuration data'),
];

function isa(
  base: number,
  sizePorts: number,
  device: PcDeviceName,
  name: string,
  firstOffset = 0,
): PortRange {
  return { base, sizePorts, device, name, firstOffset, accessTimeNs: ISA_ACCESS_NS };
}

function virtual(base: number, sizePorts: number, device: PcDeviceName, name: string): PortRange {
  return { base, sizePorts, device, name, accessTimeNs: VIRTUAL_ACCESS_NS };
}

function unmodelled(base: number, sizePorts: number, name: string): PortRange {
  return { base, sizePorts, device: null, name, accessTimeNs: ISA_ACCESS_NS };
}

/** First port of a chip. */
export function portBaseOf(device: PcDeviceName): number {
  const range = PC_PORTS.find((candidate) => candidate.device === device);
  assert(range !== undefined, `the board has no ${device}`);
  return range.base;
}
