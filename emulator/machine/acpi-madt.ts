/**
 * The table of interrupt controllers.
 * Source: [ACPI] 6.5, "Multiple APIC Description Table (MADT)".
 *
 * Where the memory map leaves no room for the APICs there is no entry: one would send software to their addresses. The two
 * 8259A are always there (PCAT_COMPAT).
 */
import { ACPI_HEADER_BYTES, AcpiTable } from './acpi-table.js';
import { SCI_IRQ } from './acpi-tables.js';
import { memoryBaseOf } from './pc-memory.js';

const PCAT_COMPAT = 1 << 0;
const FIELDS_BYTES = 8;

const TYPE_LOCAL_APIC = 0;
const TYPE_IO_APIC = 1;
const TYPE_SOURCE_OVERRIDE = 2;
const TYPE_LOCAL_APIC_NMI = 4;

const LOCAL_APIC_ENABLED = 1 << 0;
const ALL_PROCESSORS = 0xff;
const BUS_ISA = 0;
/** Flags of an interrupt: as its bus has it; or active high, level-triggered. */
const CONFORMS = 0;
const ACTIVE_HIGH_LEVEL = 0xd;

const TIMER_IRQ = 0;
const TIMER_GSI = 2;
const NMI_LINT = 1;

export function madt(apic: boolean): AcpiTable {
  const entries = apic ? controllers() : [];
  const entryBytes = entries.reduce((sum, entry) => sum + entry.length, 0);
  const table = new AcpiTable('APIC', 5, ACPI_HEADER_BYTES + FIELDS_BYTES + entryBytes);
  table.u32(36, Number(memoryBaseOf('localApic')));
  table.u32(40, PCAT_COMPAT);
  table.bytes.set(entries.flat(), ACPI_HEADER_BYTES + FIELDS_BYTES);
  return table.seal();
}

function controllers(): number[][] {
  const processorUid = 0;
  const apicId = 0;
  const gsiBase = 0;
  return [
    entry(TYPE_LOCAL_APIC, [processorUid, apicId, ...word32(LOCAL_APIC_ENABLED)]),
    entry(TYPE_IO_APIC, [0, 0, ...word32(Number(memoryBaseOf('ioApic'))), ...word32(gsiBase)]),
    entry(TYPE_SOURCE_OVERRIDE, [BUS_ISA, TIMER_IRQ, ...word32(TIMER_GSI), ...word16(CONFORMS)]),
    entry(TYPE_SOURCE_OVERRIDE, [
      ...[BUS_ISA, SCI_IRQ],
      ...word32(SCI_IRQ),
      ...word16(ACTIVE_HIGH_LEVEL),
    ]),
    entry(TYPE_LOCAL_APIC_NMI, [ALL_PROCESSORS, ...word16(CONFORMS), NMI_LINT]),
  ];
}

function entry(type: number, fields: readonly number[]): number[] {
  return [type, 2 + fields.length, ...fields];
}

function word16(value: number): number[] {
  return [value & 0xff, value >> 8];
}

function word32(value: number): number[] {
  return [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
}
