/**
 * The ACPI tables as the firmware gets them through fw_cfg: the tables, the RSDP, and the script that says how to
 * place both, in the format that QEMU gives to SeaBIOS and OVMF.
 * Source: QEMU, hw/acpi/bios-linker-loader.c, "BiosLinkerLoaderEntry"; [ACPI] 6.5, "Root System Description Pointer".
 */
import { ConfigurationError } from '../base/errors.js';
import type { NodeRange } from '../memory/memory-map.js';
import { ACPI_CHECKSUM_OFFSET, ACPI_HEADER_BYTES, AcpiTable, asciiBytes } from './acpi-table.js';
import { dsdt } from './acpi-dsdt.js';
import { hpetTable } from './acpi-hpet.js';
import { madt } from './acpi-madt.js';
import {
  facs,
  fadt,
  FADT_DSDT,
  FADT_FIRMWARE_CTRL,
  FADT_X_DSDT,
  placePowerManagement,
  slit,
  srat,
} from './acpi-tables.js';

const TABLES_FILE = 'etc/acpi/tables';
const RSDP_FILE = 'etc/acpi/rsdp';
const LOADER_FILE = 'etc/table-loader';

/** What our firmware has room for below 1 MiB, where the map has no ACPI range. */
export const ACPI_TABLES_BYTES_MAX = 32 * 1024;

/** Alignment of the FACS, the largest that a table asks for. */
const TABLES_ALIGN_BYTES = 64;
const RSDP_ALIGN_BYTES = 16;
const RSDP_BYTES = 36;
/** The part that ACPI 1.0 knew has a checksum of its own. */
const RSDP_1_0_BYTES = 20;
const RSDP_RSDT = 16;
const RSDP_XSDT = 24;

const COMMAND_BYTES = 128;
const COMMAND_ALLOCATE = 1;
const COMMAND_ADD_POINTER = 2;
const COMMAND_ADD_CHECKSUM = 3;
const ZONE_HIGH = 1;
const ZONE_F_SEGMENT = 2;

/** The power management registers have moved: so says the FADT to whoever reads it from now on, as QEMU's does. */
export function movePowerManagement(files: ReadonlyMap<string, unknown>, base: number): void {
  const tables = files.get(TABLES_FILE);
  if (!(tables instanceof Uint8Array)) return;
  const signature = [...asciiBytes('FACP')];
  const at = tables.findIndex((_, start) =>
    signature.every((byte, index) => tables[start + index] === byte),
  );
  placePowerManagement(tables.subarray(at), base);
}

export interface AcpiContents {
  /** Ranges of a machine with more than one node; empty: no SRAT, no SLIT. */
  readonly nodes: readonly NodeRange[];
  /** The APICs can be reached where they are. */
  readonly apic: boolean;
}

/** The three files. */
export function acpiFiles({ nodes, apic }: AcpiContents): Map<string, Uint8Array> {
  const layout = new TableLayout();
  const script = new LoaderScript();
  script.allocate(TABLES_FILE, TABLES_ALIGN_BYTES, ZONE_HIGH);
  script.allocate(RSDP_FILE, RSDP_ALIGN_BYTES, ZONE_F_SEGMENT);

  const facsAt = layout.add(facs());
  const dsdtAt = layout.add(dsdt().bytes);
  const fixed = fadt();
  fixed.u32(FADT_FIRMWARE_CTRL, facsAt);
  fixed.u32(FADT_DSDT, dsdtAt);
  fixed.u64(FADT_X_DSDT, BigInt(dsdtAt));
  const fixedAt = layout.add(fixed.bytes);
  script.addPointer(TABLES_FILE, fixedAt + FADT_FIRMWARE_CTRL, 4);
  script.addPointer(TABLES_FILE, fixedAt + FADT_DSDT, 4);
  script.addPointer(TABLES_FILE, fixedAt + FADT_X_DSDT, 8);
  script.addTableChecksum(fixedAt, fixed);

  const nodeCount = 1 + nodes.reduce((highest, { node }) => Math.max(highest, node), 0);
  const others = [
    madt(apic),
    ...(apic ? [hpetTable()] : []),
    ...(nodeCount > 1 ? [srat(nodes), slit(nodeCount)] : []),
  ];
  const addresses = [fixedAt, ...others.map((table) => layout.add(table.bytes))];
  const rsdtAt = addRoot(layout, script, 'RSDT', 4, addresses);
  const xsdtAt = addRoot(layout, script, 'XSDT', 8, addresses);
  const tables = layout.bytes();
  if (tables.byteLength > ACPI_TABLES_BYTES_MAX) {
    throw new ConfigurationError(
      `the ACPI tables of ${nodeCount} nodes in ${nodes.length} ranges have ${tables.byteLength} bytes; ` +
        `the firmware has room for ${ACPI_TABLES_BYTES_MAX}`,
    );
  }
  script.addPointer(RSDP_FILE, RSDP_RSDT, 4);
  script.addPointer(RSDP_FILE, RSDP_XSDT, 8);
  script.addChecksum(RSDP_FILE, 8, 0, RSDP_1_0_BYTES);
  script.addChecksum(RSDP_FILE, 32, 0, RSDP_BYTES);
  return new Map([
    [TABLES_FILE, tables],
    [RSDP_FILE, rsdp(rsdtAt, xsdtAt)],
    [LOADER_FILE, script.bytes()],
  ]);
}

/** RSDT or XSDT: the addresses of all tables but FACS and DSDT, which the FADT knows. */
function addRoot(
  layout: TableLayout,
  script: LoaderScript,
  signature: string,
  entryBytes: 4 | 8,
  tables: readonly number[],
): number {
  const root = new AcpiTable(signature, 1, ACPI_HEADER_BYTES + entryBytes * tables.length);
  tables.forEach((address, index) => {
    root.u32(ACPI_HEADER_BYTES + entryBytes * index, address);
  });
  const rootAt = layout.add(root.bytes);
  tables.forEach((_, index) => {
    script.addPointer(TABLES_FILE, rootAt + ACPI_HEADER_BYTES + entryBytes * index, entryBytes);
  });
  script.addTableChecksum(rootAt, root);
  return rootAt;
}

function rsdp(rsdtAt: number, xsdtAt: number): Uint8Array {
  const bytes = new Uint8Array(RSDP_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(asciiBytes('RSD PTR '));
  bytes.set(asciiBytes('SYS7X '), 9);
  view.setUint8(15, 2); // revision
  view.setUint32(RSDP_RSDT, rsdtAt, true);
  view.setUint32(20, RSDP_BYTES, true);
  view.setUint32(RSDP_XSDT, xsdtAt, true);
  return bytes;
}

/** Tables one behind the other, each at a multiple of 64 bytes. */
class TableLayout {
  private readonly tables: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  private end = 0;

  add(bytes: Uint8Array): number {
    const offset = Math.ceil(this.end / TABLES_ALIGN_BYTES) * TABLES_ALIGN_BYTES;
    this.tables.push({ offset, bytes });
    this.end = offset + bytes.byteLength;
    return offset;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.end);
    for (const { offset, bytes } of this.tables) all.set(bytes, offset);
    return all;
  }
}

/** Commands of 128 bytes: {u32 command, operands}, little endian; a file name has 56 bytes. */
class LoaderScript {
  private readonly commands: Uint8Array[] = [];

  allocate(file: string, alignBytes: number, zone: number): void {
    const view = this.command(COMMAND_ALLOCATE, file);
    view.setUint32(60, alignBytes, true);
    view.setUint8(64, zone);
  }

  /** Adds the address of the tables to the number at `offset` of `file`. */
  addPointer(file: string, offset: number, sizeBytes: 4 | 8): void {
    const view = this.command(COMMAND_ADD_POINTER, file);
    this.commands.at(-1)?.set(asciiBytes(TABLES_FILE), 60);
    view.setUint32(116, offset, true);
    view.setUint8(120, sizeBytes);
  }

  addTableChecksum(tableAt: number, table: AcpiTable): void {
    this.addChecksum(TABLES_FILE, tableAt + ACPI_CHECKSUM_OFFSET, tableAt, table.bytes.byteLength);
  }

  addChecksum(file: string, offset: number, start: number, lengthBytes: number): void {
    const view = this.command(COMMAND_ADD_CHECKSUM, file);
    view.setUint32(60, offset, true);
    view.setUint32(64, start, true);
    view.setUint32(68, lengthBytes, true);
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(COMMAND_BYTES * this.commands.length);
    this.commands.forEach((command, index) => all.set(command, COMMAND_BYTES * index));
    return all;
  }

  private command(code: number, file: string): DataView {
    const bytes = new Uint8Array(COMMAND_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, code, true);
    bytes.set(asciiBytes(file), 4);
    this.commands.push(bytes);
    return view;
  }
}
