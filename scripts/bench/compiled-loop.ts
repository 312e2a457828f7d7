/** A compiled loop, as its guest (guests/compiled-loop.asm) has it. */
export const SECTOR_BYTES = 512;

/** A loop: its place in the table that the machine code begins with, the code in whole sectors, and the instructions of a pass. */
export interface CompiledLoop {
  readonly place: number;
  readonly sectors: Uint8Array;
  readonly instructions: number;
}

/** What guests/compiled-loop.asm includes. */
export function loopSource({ place, sectors, instructions }: CompiledLoop): string {
  return [
    `LOOP equ ${place}`,
    `CODE_SECTORS equ ${sectors.byteLength / SECTOR_BYTES}`,
    `INSTRUCTIONS_PER_ITERATION equ ${instructions}\n`,
  ].join('\n');
}
