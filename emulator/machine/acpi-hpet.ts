/**
 * The table of the high precision event timer.
 * Source: [HPET] 1.0a, "The ACPI 2.0 HPET Description Table (HPET)".
 */
import { ACPI_HEADER_BYTES, AcpiTable } from './acpi-table.js';
import { memoryBaseOf } from './pc-memory.js';

const FIELDS_BYTES = 20;
/** The low doubleword of the capabilities register: revision 1, timers 0 to 2, 64 bits, legacy replacement, vendor 8086h. */
const EVENT_TIMER_BLOCK_ID = 0x8086_a201;
const SYSTEM_MEMORY = 0;
const REGISTER_BITS = 64;
/** Least number of ticks that periodic mode can do without losing interrupts: what QEMU and SeaBIOS say for theirs, 0x80. */
const MINIMUM_TICKS = 0x80;

export function hpetTable(): AcpiTable {
  const table = new AcpiTable('HPET', 1, ACPI_HEADER_BYTES + FIELDS_BYTES);
  table.u32(36, EVENT_TIMER_BLOCK_ID);
  table.u8(40, SYSTEM_MEMORY);
  table.u8(41, REGISTER_BITS);
  table.u64(44, memoryBaseOf('hpet'));
  table.u16(53, MINIMUM_TICKS);
  return table.seal();
}
