/** How an image is entered whose boot protocol has its structures in memory: flat 32-bit protected mode, or 64-bit mode. */
export interface FlatEntry {
  readonly address: number;
  readonly eax: number;
  readonly ebx: number;
  readonly esi: number;
  /** Page tables for an entry in 64-bit mode. */
  readonly cr3?: number;
  /** Where the firmware copies the RSDP that it has placed: 20 bytes of ACPI 1.0, and all 36. */
  readonly rsdpCopies?: readonly [acpi1: number, acpi2: number];
}
