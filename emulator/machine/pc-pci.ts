/**
 * The functions on PCI bus 0: a host bridge and the ISA bridge behind which the board's legacy devices are.
 * Sources: [82441FX] Intel, "82441FX PCI and Memory Controller (PMC)", 1996, "PMC Configuration Registers"; [82371SB] Intel,
 * "82371SB PCI ISA IDE Xcelerator (PIIX3)", April 1997, "PCI Configuration Registers (Function 0)".
 *
 * The registers are storage: the shadow RAM is open whatever the PAM registers say, the PIRQ lines have no source, and the
 * other functions of a PIIX3 are not there.
 */
import type { PciFunctionDescription } from '../devices/pci-configuration.js';

const INTEL = 0x8086;

export const PC_PCI_FUNCTIONS: readonly PciFunctionDescription[] = [
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
];
