/**
 * Memory maps in the log of a Linux kernel, from 2.4 to 7.2:
 *
 *     BIOS-e820: [mem 0x0000000000000000-0x000000000009fbff] usable      last byte; since 3.5
 *     BIOS-e820: 0000000000000000 - 000000000009fc00 (usable)            one past the last byte
 *     BIOS-e820: 000000000009fc00 @ 0000000000000000 (usable)            length @ start; 2.4
 *
 * 7.2 also prints `[gap …]` lines (no entries, they are skipped) and may put a rounded size before the type.
 * The tag names who gave the map: BIOS-e820, BIOS-e801, BIOS-88 are firmware; `Xen`, `user`, `modified` are derived.
 */

import { ConfigurationError } from '../base/errors.js';
import { readLabel, typeLabel } from './entry-type.js';
import { logLines, withoutQuotation, type LogLine } from './log-lines.js';
import {
  ADDRESS_SPACE_BYTES,
  E820_ATTRIBUTE_ENABLED,
  type MemoryMap,
  type MemoryMapEntry,
} from './memory-map.js';

/** A line that belongs to the map and cannot be used. */
export interface LineProblem {
  readonly lineNumber: number;
  readonly text: string;
  readonly reason: string;
}

export interface DmesgMap {
  readonly map: MemoryMap;
  /** `BIOS-e820`, `Xen`, …; empty when the lines had no tag. */
  readonly tag: string;
  /** In order of lines; the map is without them. */
  readonly problems: readonly LineProblem[];
  /** What a reader should know about how the log was read, one sentence each. */
  readonly notes: readonly string[];
}

const HEADING = /BIOS-provided physical RAM map/i;
const FIRMWARE_TAG = /(?:^|[^\w-])(BIOS-[a-z]*\d+)\s*:\s*(.*)$/i;
/** A derived tag counts only before a range (`user: logged in` is no map). */
const DERIVED_TAG =
  /(?:^|[^\w-])(Xen|user|modified|extended|reserve setup_data)\s*:\s*((?:\[(?:mem|gap)\b|[0-9a-f]{8,16} [-@]).*)$/i;
const UNTAGGED = /^[\s>|]*(?:\[\s*\d+\.\d+\]\s*)?(\[mem 0x[0-9a-f]+-0x[0-9a-f]+\].*)$/i;

const MEM_RANGE = /^\[mem 0x([0-9a-f]{1,16})-0x([0-9a-f]{1,16})\](.*)$/i;
const GAP = /^\[gap\b/i;
const BARE_RANGE = /^([0-9a-f]{8,16}) ([-@]) ([0-9a-f]{8,16})(?![0-9a-f])(.*)$/i;
const ROUNDED_SIZE = /^\d+(?:\.\d+)?\s+[KMGTPE]?B\s+/i;
const ATTRIBUTES = /\battributes 0x([0-9a-f]{1,8})\b/i;

/** Tags from the most to the least like what the firmware said. Others of `BIOS-` stand between 2 and 3. */
const TAG_ORDER = ['bios-e820', 'bios-e801', 'bios-88', 'xen', 'user', 'modified', 'extended'];

interface TaggedLine {
  readonly tag: string;
  /** How many `BIOS-provided physical RAM map` headings came before: one log may hold several boots. */
  readonly boot: number;
  readonly line: LogLine;
  /** What follows the tag. */
  readonly rest: string;
  /** The next line without quotation marks, in case a mail client wrapped this one. */
  readonly following: string;
}

/**
 * Reads the map in a kernel log, whatever stands before each line.
 * @param source names the text in errors and in the map.
 * @throws ConfigurationError when no line can be used.
 */
export function parseDmesg(text: string, source: string): DmesgMap {
  const chosen = chooseMap(taggedLines(text));
  const entries: MemoryMapEntry[] = [];
  const problems: LineProblem[] = [];
  const notes = [...chosen.notes];
  for (const item of chosen.lines) {
    const reading = readEntry(item);
    if (reading.kind === 'entry') entries.push(reading.entry);
    if (reading.kind === 'entry' && reading.note !== undefined) {
      notes.push(`${source}, line ${item.line.number}: ${reading.note}`);
    }
    if (reading.kind === 'problem') {
      const { number, text: lineText } = item.line;
      problems.push({ lineNumber: number, text: lineText, reason: reading.reason });
    }
  }
  if (entries.length === 0) throw new ConfigurationError(nothingUsable(source, problems));
  return { map: { name: source, entries }, tag: chosen.tag, problems, notes };
}

/** Whether a text has at least one line that looks like a map's. */
export function looksLikeDmesg(text: string): boolean {
  return taggedLines(text).length > 0;
}

function nothingUsable(source: string, problems: readonly LineProblem[]): string {
  const [first] = problems;
  if (first === undefined) {
    return `${source} has no memory map: no line like 'BIOS-e820: [mem 0x…-0x…] usable'`;
  }
  return `${source} has no usable line of a memory map; line ${first.lineNumber}: ${first.reason}`;
}

function taggedLines(text: string): TaggedLine[] {
  const lines = logLines(text, mayHoldEntry);
  const found: TaggedLine[] = [];
  let boot = 0;
  for (const [index, line] of lines.entries()) {
    if (HEADING.test(line.text)) boot++;
    const following = withoutQuotation(lines[index + 1]?.text ?? '');
    const match = FIRMWARE_TAG.exec(line.text) ?? DERIVED_TAG.exec(line.text);
    const untagged = UNTAGGED.exec(line.text)?.[1];
    if (match !== null) {
      const [, tag = '', rest = ''] = match;
      found.push({ tag, boot, line, rest, following });
    } else if (untagged !== undefined) {
      found.push({ tag: '', boot, line, rest: untagged, following });
    }
  }
  return found;
}

function mayHoldEntry(line: string): boolean {
  return FIRMWARE_TAG.test(line) || /\[mem 0x|[0-9a-f]{8} [-@] [0-9a-f]/i.test(line);
}

/** The lines of one map: the best tag, and of several boots the last. */
function chooseMap(all: readonly TaggedLine[]): {
  tag: string;
  lines: TaggedLine[];
  notes: string[];
} {
  const tags = [...new Set(all.map(({ tag }) => tag))].sort((a, b) => tagRank(a) - tagRank(b));
  const [tag = ''] = tags;
  const withTag = all.filter((item) => item.tag === tag);
  const boots = [...new Set(withTag.map(({ boot }) => boot))];
  const lastBoot = boots.at(-1);
  const lines = withTag.filter(({ boot }) => boot === lastBoot);
  const notes: string[] = [];
  const ignored = tags.slice(1).filter((other) => other !== '');
  if (ignored.length > 0) {
    notes.push(`the map '${tag}' is used; the log also has ${ignored.join(', ')}`);
  }
  if (boots.length > 1) {
    const first = lines[0]?.line.number ?? 0;
    notes.push(`the log has ${boots.length} boots; the last, from line ${first}, is used`);
  }
  return { tag, lines, notes };
}

function tagRank(tag: string): number {
  if (tag === '') return TAG_ORDER.length + 1;
  const rank = TAG_ORDER.indexOf(tag.toLowerCase());
  if (rank >= 0) return rank;
  return /^BIOS-/i.test(tag) ? TAG_ORDER.indexOf('bios-88') + 0.5 : TAG_ORDER.length;
}

type LineReading =
  | { readonly kind: 'entry'; readonly entry: MemoryMapEntry; readonly note?: string }
  | { readonly kind: 'problem'; readonly reason: string }
  | { readonly kind: 'gap' };

function readEntry({ rest, following }: TaggedLine): LineReading {
  if (GAP.test(rest)) return { kind: 'gap' };
  const range = readRange(rest);
  if (range === undefined) return { kind: 'problem', reason: `no address range in '${rest}'` };
  const tail = labelText(range.tail);
  let label = readLabel(tail);
  // A mail client may have moved the type, or its second word, to the next line.
  if ((label.kind !== 'type' || label.isCut) && following !== '' && !FIRMWARE_TAG.test(following)) {
    const rejoined = readLabel(`${tail} ${labelText(following)}`.trim());
    if (rejoined.kind === 'type' && !rejoined.isCut) label = rejoined;
  }
  if (label.kind !== 'type') {
    const reason =
      tail === ''
        ? 'the type is missing'
        : label.kind === 'ambiguous'
          ? `the type '${tail}' is cut short and may mean several`
          : `unknown type '${tail}'`;
    return { kind: 'problem', reason };
  }
  const attributes = ATTRIBUTES.exec(range.tail)?.[1];
  const entry: MemoryMapEntry = {
    base: range.base,
    length: range.length,
    type: label.type,
    attributes: attributes === undefined ? E820_ATTRIBUTE_ENABLED : parseInt(attributes, 16),
  };
  if (!label.isCut) return { kind: 'entry', entry };
  return {
    kind: 'entry',
    entry,
    note: `'${tail}' is cut short; read as '${typeLabel(label.type)}'`,
  };
}

/** `  639   KB (usable)` → `usable`. Brackets inside stay: `persistent (type 7)`. */
function labelText(tail: string): string {
  const text = tail.trim().replace(ROUNDED_SIZE, '');
  return text.startsWith('(') ? text.slice(1) : text;
}

interface Range {
  readonly base: bigint;
  readonly length: bigint;
  /** What follows the range. */
  readonly tail: string;
}

/** Lengths count modulo 2^64, so that empty and wrapping entries come through as the firmware gave them. */
function readRange(rest: string): Range | undefined {
  const mem = MEM_RANGE.exec(rest);
  if (mem !== null) {
    const [, start = '', last = '', tail = ''] = mem;
    const base = BigInt(`0x${start}`);
    return { base, length: modulo64(BigInt(`0x${last}`) - base + 1n), tail };
  }
  const bare = BARE_RANGE.exec(rest);
  if (bare === null) return undefined;
  const [, left = '', sign = '', right = '', tail = ''] = bare;
  const [a, b] = [BigInt(`0x${left}`), BigInt(`0x${right}`)];
  return sign === '@' ? { base: b, length: a, tail } : { base: a, length: modulo64(b - a), tail };
}

function modulo64(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

/** Writes a map as a Linux kernel since 3.5 prints it, ending in a newline. parseDmesg reads it back exactly. */
export function formatDmesg(map: MemoryMap): string {
  return ['BIOS-provided physical RAM map:', ...map.entries.map(formatEntry), ''].join('\n');
}

function formatEntry({ base, length, type, attributes }: MemoryMapEntry): string {
  const last = (base + length - 1n + ADDRESS_SPACE_BYTES) % ADDRESS_SPACE_BYTES;
  const suffix =
    attributes === E820_ATTRIBUTE_ENABLED ? '' : ` attributes 0x${attributes.toString(16)}`;
  return `BIOS-e820: [mem ${hex64(base)}-${hex64(last)}] ${typeLabel(type)}${suffix}`;
}

function hex64(address: bigint): string {
  return `0x${address.toString(16).padStart(16, '0')}`;
}
