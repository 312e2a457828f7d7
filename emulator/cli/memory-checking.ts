/** `--check`: which accesses of the guest are looked at, and how what was found is told. */
import { ConfigurationError } from '../base/errors.js';
import type { ElfSymbol } from '../machine/code-symbols.js';
import { dataObjects, isElf } from '../machine/elf.js';
import type { BootImage } from '../machine/image.js';
import { MEMORY_CHECKS, MemoryCheck, type MemoryCheckKind } from '../machine/memory-check.js';
import { StackWatch } from '../machine/stack-watch.js';
import type { MemoryMap } from '../memory/memory-map.js';
import { formatCount } from './quantities.js';

/** Lines of findings on the log; run.json has all. */
const LINES_MAX = 10;

/** A finding as run.json has it; addresses are hexadecimal text. */
export interface RecordedFinding {
  readonly check: MemoryCheckKind;
  readonly access: 'read' | 'write';
  readonly address: string;
  readonly bytes: number;
  readonly linear: string;
  readonly rip: string;
  readonly function: string;
  readonly cycle: number;
  readonly instruction: number;
  readonly why: string;
  readonly count: number;
}

/**
 * `uninit,reserved` and so on; null where nothing is asked for. `image` is what names stacks.
 * @throws ConfigurationError, also where the image names none
 */
export function parseChecks(
  words: readonly string[],
  map: MemoryMap,
  image: BootImage | null,
): MemoryCheck | null {
  const names = words.flatMap((word) => word.split(',')).filter((name) => name !== '');
  for (const name of names) {
    if ((MEMORY_CHECKS as readonly string[]).includes(name)) continue;
    const there = MEMORY_CHECKS.join(', ');
    throw new ConfigurationError(`--check ${name}: no such check (there are: ${there})`);
  }
  if (words.length > 0 && names.length === 0) {
    throw new ConfigurationError(`--check: none is named (there are: ${MEMORY_CHECKS.join(', ')})`);
  }
  const chosen = MEMORY_CHECKS.filter((name) => names.includes(name));
  if (chosen.length === 0) return null;
  const stacks = chosen.includes('stack') ? objectsOf(image) : [];
  return new MemoryCheck(new Set(chosen), map, new StackWatch(stacks));
}

function objectsOf(image: BootImage | null): ElfSymbol[] {
  const path = image?.symbolsPath ?? image?.path ?? 'no image';
  const file = image?.symbolsFile ?? image?.file;
  const objects = file !== undefined && isElf(file) ? dataObjects(file, path) : [];
  if (objects.length > 0) return objects;
  throw new ConfigurationError(
    `--check stack: ${path} names no variables and labels outside of code, so nothing says where a stack ends (an ELF file of --symbols may)`,
  );
}

/** In the order in which they were found. */
export function recordedFindings(check: MemoryCheck): RecordedFinding[] {
  return check.findings.map((finding) => ({
    ...finding,
    address: `0x${finding.address.toString(16)}`,
    linear: `0x${finding.linear.toString(16)}`,
    rip: `0x${finding.rip.toString(16)}`,
  }));
}

/** A line for each of the first, and one for the rest. `lacking`: accesses of instructions for which there was no room. */
export function findingLines(findings: readonly RecordedFinding[], lacking = 0): string[] {
  const lines = findings.slice(0, LINES_MAX).map((finding) => {
    const { check, access, bytes, address, linear, why, rip, cycle, count } = finding;
    const often = count === 1 ? '' : `, ${formatCount(count)} times`;
    const place = linear === address ? address : `${address} (linear ${linear})`;
    const what = `${access} of ${formatCount(bytes)} bytes at ${place}, ${why}`;
    return `--check ${check}: ${what}, by ${rip} (${finding.function}) at cycle ${formatCount(cycle)}${often}`;
  });
  const more = findings.length - lines.length;
  if (more > 0) lines.push(`--check: ${formatCount(more)} more (run.json, checks)`);
  if (lacking > 0) {
    lines.push(`--check: no room for ${formatCount(lacking)} accesses of further instructions`);
  }
  return lines;
}
