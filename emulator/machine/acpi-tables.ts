/**
 * The ACPI tables of the board: what it has, and nothing else.
 * Source: [ACPI] 6.5, "ACPI Software Programming Model".
 *
 * SMI_CMD is 0: the hardware is always in ACPI mode. MADT, HPET and DSDT have files of their own.
 * Not modelled: the SCI (the FADT names IRQ 9, which nothing raises), general-purpose events.
 */
import type { NodeRange } from '../memory/memory-map.js';
import { AcpiTable, asciiBytes } from './acpi-table.js';
import { portBaseOf } from './pc-ports.js';

/** Offsets of the FADT's pointers, for whoever places the tables. */
export const FADT_FIRMWARE_CTRL = 36;
export const FADT_DSDT = 40;
export const FADT_X_DSDT = 140;

const FADT_BYTES = 276;
const FADT_REVISION = 6;
const FADT_MINOR_REVISION = 5;
export const SCI_IRQ = 9;
/** More than 100 and 1000 µs: states C2 and C3 are not there. */
const NO_C2_LATENCY = 0x0fff;
const NO_C3_LATENCY = 0x0fff;
const CMOS_CENTURY = 0x32;

const IAPC_LEGACY_DEVICES = 1 << 0;
const IAPC_8042 = 1 << 1;
const IAPC_VGA_NOT_PRESENT = 1 << 2;
const IAPC_MSI_NOT_SUPPORTED = 1 << 3;

const FADT_WBINVD = 1 << 0;
const FADT_PROC_C1 = 1 << 2;
const FADT_NO_POWER_BUTTON = 1 << 4;
const FADT_NO_SLEEP_BUTTON = 1 << 5;
const FADT_NO_RTC_WAKE_STATUS = 1 << 6;
const FADT_RESET_REGISTER = 1 << 10;

/** Full reset and hard reset bits of the chipset's register. */
const RESET_VALUE = 0x06;

const FACS_BYTES = 64;
/** PC_PORTS places the PM1a blocks and the timer behind one base. */
const PM1_CONTROL_OFFSET = 4;
const PM_TIMER_OFFSET = 8;

const SRAT_HEADER_BYTES = 48;
const SRAT_PROCESSOR_BYTES = 16;
const SRAT_MEMORY_BYTES = 40;
const AFFINITY_ENABLED = 1 << 0;

const SLIT_HEADER_BYTES = 44;
/** The node, proximity domain, of the one processor. */
export const PROCESSOR_NODE = 0;
const DISTANCE_LOCAL = 10;
const DISTANCE_REMOTE = 20;

/** Firmware ACPI Control Structure: no common header, no checksum, aligned to 64 bytes. */
export function facs(): Uint8Array {
  const bytes = new Uint8Array(FACS_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(asciiBytes('FACS'));
  view.setUint32(4, FACS_BYTES, true);
  view.setUint8(32, 2); // version
  return bytes;
}

/** Without its pointers to FACS and DSDT, and not sealed. */
export function fadt(): AcpiTable {
  const table = new AcpiTable('FACP', FADT_REVISION, FADT_BYTES);
  table.u16(46, SCI_IRQ);
  table.u8(88, 4); // PM1_EVT_LEN
  table.u8(89, 2); // PM1_CNT_LEN
  table.u8(91, 4); // PM_TMR_LEN
  table.u16(96, NO_C2_LATENCY);
  table.u16(98, NO_C3_LATENCY);
  table.u8(108, CMOS_CENTURY);
  table.u16(109, IAPC_LEGACY_DEVICES | IAPC_8042 | IAPC_VGA_NOT_PRESENT | IAPC_MSI_NOT_SUPPORTED);
  table.u32(
    112,
    FADT_WBINVD |
      FADT_PROC_C1 |
      FADT_NO_POWER_BUTTON |
      FADT_NO_SLEEP_BUTTON |
      FADT_NO_RTC_WAKE_STATUS |
      FADT_RESET_REGISTER,
  );
  putRegister(table, 116, portBaseOf('resetControl'), 1);
  table.u8(128, RESET_VALUE);
  table.u8(131, FADT_MINOR_REVISION);
  putRegister(table, 148, 0, 4);
  putRegister(table, 172, 0, 2);
  putRegister(table, 208, 0, 4);
  placePowerManagement(table.bytes, portBaseOf('powerManagement'));
  return table;
}

/** PM1a event and control block, PM timer: the 32-bit field of each in the FADT, its generic address, its distance from the first. */
const POWER_MANAGEMENT_FIELDS = [
  [56, 148, 0],
  [64, 172, PM1_CONTROL_OFFSET],
  [76, 208, PM_TIMER_OFFSET],
] as const;

/** Writes into a FADT that the registers begin at port `base`; its checksum is for the loader. */
export function placePowerManagement(fadtBytes: Uint8Array, base: number): void {
  const view = new DataView(fadtBytes.buffer, fadtBytes.byteOffset);
  for (const [field, address, offset] of POWER_MANAGEMENT_FIELDS) {
    view.setUint32(field, base + offset, true);
    view.setBigUint64(address + 4, BigInt(base + offset), true);
  }
}

/** Generic Address Structure in I/O space. */
function putRegister(table: AcpiTable, offset: number, port: number, widthBytes: 1 | 2 | 4): void {
  const SYSTEM_IO = 1;
  const accessSize = { 1: 1, 2: 2, 4: 3 }[widthBytes];
  table.u8(offset, SYSTEM_IO);
  table.u8(offset + 1, 8 * widthBytes);
  table.u8(offset + 3, accessSize);
  table.u64(offset + 4, BigInt(port));
}

/** The one processor is in domain 0; each range of memory is one entry, in the order given. */
export function srat(ranges: readonly NodeRange[]): AcpiTable {
  const lengthBytes = SRAT_HEADER_BYTES + SRAT_PROCESSOR_BYTES + SRAT_MEMORY_BYTES * ranges.length;
  const table = new AcpiTable('SRAT', 3, lengthBytes);
  table.u32(36, 1);
  table.u8(SRAT_HEADER_BYTES + 1, SRAT_PROCESSOR_BYTES); // type 0: APIC id 0
  table.u8(SRAT_HEADER_BYTES + 2, PROCESSOR_NODE);
  table.u32(SRAT_HEADER_BYTES + 4, AFFINITY_ENABLED);
  ranges.forEach(({ node, base, length }, index) => {
    const at = SRAT_HEADER_BYTES + SRAT_PROCESSOR_BYTES + SRAT_MEMORY_BYTES * index;
    table.u8(at, 1);
    table.u8(at + 1, SRAT_MEMORY_BYTES);
    table.u32(at + 2, node);
    table.u64(at + 8, base);
    table.u64(at + 16, length);
    table.u32(at + 28, AFFINITY_ENABLED);
  });
  return table.seal();
}

/** How far the memory of node `to` is from a processor of node `from`: 10 is its own, 20 takes twice as long. */
export function nodeDistance(from: number, to: number): number {
  return from === to ? DISTANCE_LOCAL : DISTANCE_REMOTE;
}

export function slit(nodeCount: number): AcpiTable {
  const table = new AcpiTable('SLIT', 1, SLIT_HEADER_BYTES + nodeCount * nodeCount);
  table.u64(36, BigInt(nodeCount));
  for (let from = 0; from < nodeCount; from++) {
    for (let to = 0; to < nodeCount; to++) {
      table.u8(SLIT_HEADER_BYTES + from * nodeCount + to, nodeDistance(from, to));
    }
  }
  return table.seal();
}
