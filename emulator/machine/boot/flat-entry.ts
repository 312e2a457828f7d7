/** Registers of an image that is entered in flat 32-bit protected mode. */
export interface FlatEntry {
  readonly address: number;
  readonly eax: number;
  readonly ebx: number;
  readonly esi: number;
}
