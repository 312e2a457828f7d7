/**
 * The functions on PCI bus 0, as on QEMU's machine `pc`: a host bridge, the ISA bridge behind which the board's legacy devices are,
 * and the function that says where the power management registers are.
 * Sources: [82441FX] Intel, "82441FX PCI and Memory Controller (PMC)", 1996, "PMC Configuration Registers"; [82371SB] Intel,
 * "82371SB PCI ISA IDE Xcelerator (PIIX3)", April 1997, "PCI Configuration Registers (Function 0)"; [82371AB] Intel,
 * "82371AB PCI-to-ISA/IDE Xcelerator (PIIX4)", April 1997, "Power Management PCI Configuration Registers (Function 3)".
 *
 * The registers are storage: the shadow RAM is open whatever the PAM registers say, the PIRQ lines have no source, and the
 * other functions of a PIIX3 are not there. The power management registers are at 600h from power-on, where a PC's firmware puts them, and
 * decoded whatever PMREGMISC says.
 */
import type { PciFunctionDescription } from '../devices/pci-configuration.js';

const INTEL = 0x8086;
export const POWER_MANAGEMENT = { device: 1, function: 3 } as const;
const PMBA = 0x40;
/** Of a base address: read only. */
const IO_SPACE = 1;

const PC_PCI_FUNCTIONS: readonly PciFunctionDescription[] = [
  {
    device: 0,
    function: 0,
    vendorId: INTEL,
    deviceId: 0x1237,
    revision: 2,
    classCode: 0x06_00_00,
    command: 0x0006,
    status: 0x0280,
    registers: [
      { offset: 0x59, values: [0, 0, 0, 0, 0, 0, 0] }, // PAM0 to PAM6
      { offset: 0x72, values: [0x02] }, // SMRAM
    ],
  },
  {
    device: 1,
    function: 0,
    vendorId: INTEL,
    deviceId: 0x7000,
    revision: 0,
    classCode: 0x06_01_00,
    command: 0x0007,
    status: 0x0200,
    registers: [
      { offset: 0x4c, values: [0x4d] }, // ISA I/O recovery timer
      { offset: 0x4e, values: [0x03, 0x00] }, // X-bus chip select
      { offset: 0x60, values: [0x80, 0x80, 0x80, 0x80] }, // PIRQ routes: none
      { offset: 0x69, values: [0x02] }, // top of memory
      { offset: 0x82, values: [0x00] }, // deterministic latency control
    ],
  },
  {
    ...POWER_MANAGEMENT,
    vendorId: INTEL,
    deviceId: 0x7113,
    revision: 3,
    classCode: 0x06_80_00,
    command: 0x0001,
    status: 0x0280,
    registers: [
      { offset: 0x3c, values: [0x09, 0x01], masks: [0xff, 0] }, // interrupt line; INTA#
      { offset: PMBA, values: [IO_SPACE, 0x06, 0, 0], masks: [0xc0, 0xff, 0, 0] },
      // DEVACTB: APMC_EN, as if system management mode had been set up: it is not there, and SeaBIOS then leaves it alone.
      { offset: 0x58, values: [0, 0, 0, 0x02], masks: [0xff, 0xff, 0xff, 0xfd] },
      { offset: 0x80, values: [0], masks: [0x01] }, // PMREGMISC: PMIOSE
    ],
  },
];

/** There where a fixed disk is; it cannot be a bus master, so its programming interface is not a PIIX3's 80h. */
const IDE_FUNCTION: PciFunctionDescription = {
  device: 1,
  function: 1,
  vendorId: INTEL,
  deviceId: 0x7010,
  revision: 0,
  classCode: 0x01_01_00,
  command: 0x0001,
  status: 0x0280,
  registers: [
    { offset: 0x40, values: [0x00, 0x80, 0x00, 0x00] }, // IDETIM: the primary channel is decoded
    { offset: 0x44, values: [0x00] }, // SIDETIM
  ],
};

/** With the IDE function where there is a fixed disk. */
export function pcPciFunctions(hasFixedDisk: boolean): readonly PciFunctionDescription[] {
  return hasFixedDisk ? [...PC_PCI_FUNCTIONS, IDE_FUNCTION] : PC_PCI_FUNCTIONS;
}

/** Where the power management registers are, by the configuration space of their function. */
export function powerManagementBase(space: Uint8Array): number {
  return ((space[PMBA + 1] ?? 0) << 8) | ((space[PMBA] ?? 0) & ~IO_SPACE);
}
