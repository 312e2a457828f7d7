/**
 * The DSDT: the sleep state S5, and the PCI host bridge with what it passes on.
 * Source: [ACPI] 6.5, "ACPI Machine Language (AML) Specification", "Resource Data Types for ACPI"; [PCI Firmware] PCI Firmware
 * Specification 3.0, "DSDT Requirements": a host bridge is PNP0A03.
 *
 *     Name (\\_S5, Package (4) {0, 0, 0, 0})           SLP_TYP of S5 is 0 in both control registers
 *     Device (\\_SB.PCI0) { Name (_HID, EisaId ("PNP0A03")) Name (_CRS, ResourceTemplate () {…}) }
 */
import { ACPI_HEADER_BYTES, AcpiTable, asciiBytes } from './acpi-table.js';

const ZERO_OP = 0x00;
const NAME_OP = 0x08;
const BYTE_PREFIX = 0x0a;
const DWORD_PREFIX = 0x0c;
const BUFFER_OP = 0x11;
const PACKAGE_OP = 0x12;
const DUAL_NAME_PREFIX = 0x2e;
const DEVICE_OP = [0x5b, 0x82];
/** EisaId ("PNP0A03"): three letters of five bits and four digits, the high byte first. */
const PNP0A03 = [0x41, 0xd0, 0x0a, 0x03];

const IO_PORT = 0x47;
const DWORD_ADDRESS_SPACE = 0x87;
const WORD_ADDRESS_SPACE = 0x88;
const END_TAG = [0x79, 0x00];

const MEMORY_RANGE = 0;
const IO_RANGE = 1;
const BUS_RANGE = 2;
/** The bridge passes it on, decodes positively, and the range is fixed. */
const PRODUCED_FIXED = 0x0c;
const WRITABLE_MEMORY = 1;
const ENTIRE_RANGE = 3;

/** Configuration ports, which the bridge itself uses. */
const CONFIGURATION_PORTS = [IO_PORT, 1, 0xf8, 0x0c, 0xf8, 0x0c, 1, 8];

export function dsdt(): AcpiTable {
  const aml = [...sleepState(), ...hostBridge()];
  const table = new AcpiTable('DSDT', 2, ACPI_HEADER_BYTES + aml.length);
  table.bytes.set(aml, ACPI_HEADER_BYTES);
  return table.seal();
}

function sleepState(): number[] {
  const elements = [ZERO_OP, ZERO_OP, ZERO_OP, ZERO_OP];
  const value = [PACKAGE_OP, ...sized([elements.length, ...elements])];
  return [NAME_OP, ...asciiBytes('_S5_'), ...value];
}

function hostBridge(): number[] {
  const resources = [
    ...range(2, BUS_RANGE, 0, { first: 0, last: 0 }),
    ...CONFIGURATION_PORTS,
    ...range(2, IO_RANGE, ENTIRE_RANGE, { first: 0, last: 0x0cf7 }),
    ...range(2, IO_RANGE, ENTIRE_RANGE, { first: 0x0d00, last: 0xffff }),
    ...range(4, MEMORY_RANGE, WRITABLE_MEMORY, { first: 0xe000_0000, last: 0xfebf_ffff }),
    ...END_TAG,
  ];
  const buffer = [BUFFER_OP, ...sized([BYTE_PREFIX, resources.length, ...resources])];
  const contents = [
    ...[DUAL_NAME_PREFIX, ...asciiBytes('_SB_PCI0')],
    ...[NAME_OP, ...asciiBytes('_HID'), DWORD_PREFIX, ...PNP0A03],
    ...[NAME_OP, ...asciiBytes('_CRS'), ...buffer],
  ];
  return [...DEVICE_OP, ...sized(contents)];
}

/** A word or doubleword address space descriptor: granularity, first, last, translation, length. */
function range(
  widthBytes: 2 | 4,
  type: number,
  typeFlags: number,
  { first, last }: { readonly first: number; readonly last: number },
): number[] {
  const words = [0, first, last, 0, last - first + 1];
  const fields = [type, PRODUCED_FIXED, typeFlags];
  const body = [...fields, ...words.flatMap((word) => littleEndian(word, widthBytes))];
  const tag = widthBytes === 2 ? WORD_ADDRESS_SPACE : DWORD_ADDRESS_SPACE;
  return [tag, ...littleEndian(body.length, 2), ...body];
}

function littleEndian(value: number, widthBytes: number): number[] {
  return Array.from({ length: widthBytes }, (_, index) => (value >>> (8 * index)) & 0xff);
}

/** `bytes` behind a PkgLength, which counts itself: one byte up to 63, two up to 4095. */
function sized(bytes: readonly number[]): number[] {
  const short = bytes.length + 1;
  if (short < 64) return [short, ...bytes];
  const length = bytes.length + 2;
  return [0x40 | (length & 0xf), length >> 4, ...bytes];
}
