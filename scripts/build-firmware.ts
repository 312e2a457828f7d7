import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { assemble } from '../firmware/assembler/assemble.js';
import { formatListing } from '../firmware/assembler/listing.js';

/** The ROM ends at 4 GiB, and in shadow RAM at 1 MiB. */
const ROM_BYTES = 0x20000;
/** The code fills the ROM from here to its end; what lies below is empty. */
const CODE_OFFSET = 0x14000;
/** Offset of the code in segment 0xF000. */
const CODE_ORIGIN = 0x4000;
const ROM_SOURCE = 'firmware/src/rom.asm';

/**
 * Assembles the firmware of the project at `rootDir`. Writes no file.
 * Throws an AssemblyError when a source has a mistake.
 */
export function buildFirmware(rootDir: string): Promise<{ rom: Uint8Array; listing: string }> {
  const program = assemble(ROM_SOURCE, sourceReader(rootDir));
  if (program.origin !== CODE_ORIGIN || program.bytes.length !== ROM_BYTES - CODE_OFFSET) {
    const found = `${program.bytes.length} bytes from 0x${program.origin.toString(16)}`;
    throw new Error(`${ROM_SOURCE} must fill 0x4000 to 0xFFFF of its segment and has ${found}.`);
  }
  const rom = new Uint8Array(ROM_BYTES);
  rom.set(program.bytes, CODE_OFFSET);
  return Promise.resolve({ rom, listing: formatListing(program) });
}

function sourceReader(rootDir: string): (path: string) => string | null {
  return (path) => {
    try {
      return readFileSync(join(rootDir, path), 'utf8');
    } catch {
      return null;
    }
  };
}
