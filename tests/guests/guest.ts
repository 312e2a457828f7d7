/** Small guests, assembled when a test wants them: a source becomes an ELF64 file with a PVH note and its labels as symbols. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assemble, type Program } from '../../firmware/assembler/assemble.js';
import { elfFile, type ElfSymbolSpec } from './elf-file.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ENTRY_SYMBOL = 'entry';

/** The ELF file of `tests/guests/NAME.asm`. */
export function guestImage(name: string): Uint8Array {
  return imageOf(assemble(`tests/guests/${name}.asm`, readSource), name);
}

/**
 * The ELF file of a few lines of 32-bit code that start at `entry`, at 1 MiB. May use the routines of serial.asm. `others`: symbols besides its labels.
 */
export function guestImageOf(code: string, others: readonly ElfSymbolSpec[] = []): Uint8Array {
  const source = `bits 32\norg 0x100000\nentry:\nmov esp, 0x180000\n${code}\n%include "serial.asm"\n`;
  const path = 'tests/guests/inline.asm';
  return imageOf(
    assemble(path, (file) => (file === path ? source : readSource(file))),
    path,
    others,
  );
}

/** Writes an image to a file of its own and tells its path. */
export function imageFile(image: Uint8Array, name = 'guest.elf'): string {
  const path = join(mkdtempSync(join(tmpdir(), 's7x-guest-')), name);
  writeFileSync(path, image);
  return path;
}

/** The path of the ELF file of `tests/guests/NAME.asm`. */
export function guest(name: string): string {
  return imageFile(guestImage(name), `${name}.elf`);
}

/** The path of the ELF file of a few lines of code, as guestImageOf. */
export function guestOf(code: string, others: readonly ElfSymbolSpec[] = []): string {
  return imageFile(guestImageOf(code, others));
}

function imageOf(
  program: Program,
  name: string,
  others: readonly ElfSymbolSpec[] = [],
): Uint8Array {
  const entry = program.symbols.get(ENTRY_SYMBOL);
  if (entry === undefined) throw new Error(`${name} has no label ${ENTRY_SYMBOL}`);
  return elfFile({
    segments: [{ address: BigInt(program.origin), bytes: program.bytes }],
    pvhEntry: entry,
    symbols: [...labelsOf(program), ...others],
  });
}

/** Each global label, as a function that reaches to the next. */
function labelsOf(program: Program): ElfSymbolSpec[] {
  const end = BigInt(program.origin + program.bytes.byteLength);
  const labels = program.lines
    .filter(({ statement }) => statement.label !== null && !statement.label.includes('.'))
    .map(({ statement, address }) => ({ name: statement.label ?? '', address: BigInt(address) }));
  return labels.map(({ name, address }, index) => ({
    name,
    address,
    sizeBytes: (labels[index + 1]?.address ?? end) - address,
  }));
}

function readSource(path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return null;
  }
}

/** The bytes of `tests/guests/NAME.asm` from its origin on, without a file format around them. */
export function flatImage(name: string): Uint8Array {
  return assemble(`tests/guests/${name}.asm`, readSource).bytes;
}
