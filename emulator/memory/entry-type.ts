/**
 * The words for e820 types: ours (command line and JSON) and those that Linux prints in its log.
 * Source: ACPI Specification 6.5, "Address Range Types"; the spellings of Linux 2.4 to 7.2 as they stand in real logs.
 */

import { ConfigurationError } from '../base/errors.js';
import {
  E820_ACPI_NVS,
  E820_ACPI_RECLAIMABLE,
  E820_DISABLED,
  E820_PERSISTENT,
  E820_PRAM,
  E820_RESERVED,
  E820_SOFT_RESERVED,
  E820_UNUSABLE,
  E820_USABLE,
} from './memory-map.js';
import { didYouMean } from './nearest-name.js';

interface TypeWords {
  readonly type: number;
  /** Our word. */
  readonly name: string;
  /** What Linux prints; undefined where it prints `type N`. */
  readonly label?: string;
  /** Other spellings that logs contain. */
  readonly otherLabels?: readonly string[];
}

const TYPES: readonly TypeWords[] = [
  {
    type: E820_USABLE,
    name: 'usable',
    label: 'usable',
    otherLabels: ['System RAM', 'kernel usable RAM'],
  },
  {
    type: E820_RESERVED,
    name: 'reserved',
    label: 'reserved',
    otherLabels: ['device reserved'],
  },
  { type: E820_ACPI_RECLAIMABLE, name: 'acpi', label: 'ACPI data' },
  { type: E820_ACPI_NVS, name: 'nvs', label: 'ACPI NVS' },
  { type: E820_UNUSABLE, name: 'unusable', label: 'unusable' },
  { type: E820_DISABLED, name: 'disabled' },
  {
    type: E820_PERSISTENT,
    name: 'pmem',
    label: 'persistent (type 7)',
    otherLabels: ['persistent RAM (type 7)'],
  },
  {
    type: E820_PRAM,
    name: 'pram',
    label: 'persistent (type 12)',
    otherLabels: ['persistent RAM (type 12)'],
  },
  { type: E820_SOFT_RESERVED, name: 'soft-reserved', label: 'soft reserved' },
];

const TYPE_MAX = 0xffff_ffff;

/** Our words, in order of type number. */
const TYPE_NAMES: readonly string[] = TYPES.map(({ name }) => name);

/** Our word for a type, or undefined where only the number says it. */
export function typeName(type: number): string | undefined {
  return TYPES.find((words) => words.type === type)?.name;
}

/** What Linux prints for a type: `usable`, `ACPI NVS`, `type 9`. */
export function typeLabel(type: number): string {
  return TYPES.find((words) => words.type === type)?.label ?? `type ${type}`;
}

/**
 * Reads a type: our word, a label of Linux in any case, `type N` or the number alone.
 * @param where begins the error sentence, as in `map.json: entry 3`.
 * @throws ConfigurationError with a suggestion.
 */
export function parseTypeName(word: string, where: string): number {
  const wanted = word.trim().toLowerCase();
  const named = TYPES.find(({ name }) => name === wanted)?.type ?? labelled(wanted)[0];
  const number = /^(?:type )?(\d{1,10})$/.exec(wanted)?.[1];
  const type = named ?? (number === undefined ? undefined : Number(number));
  if (type === undefined || type > TYPE_MAX) {
    throw new ConfigurationError(
      `${where} has the unknown type '${word}' (known: ${TYPE_NAMES.join(', ')}, or a number)` +
        didYouMean(word, TYPE_NAMES),
    );
  }
  return type;
}

function labelled(wanted: string): number[] {
  return LABELS.filter(({ text }) => text === wanted).map(({ type }) => type);
}

/** Every spelling of a log in lower case, longest first, so that the first that fits is the right one. */
const LABELS: readonly { readonly text: string; readonly type: number }[] = TYPES.flatMap(
  ({ type, label, otherLabels = [] }) =>
    (label === undefined ? otherLabels : [label, ...otherLabels]).map((text) => ({
      text: text.toLowerCase(),
      type,
    })),
).sort((a, b) => b.text.length - a.text.length);

/** What the end of a log line says about the type. */
export type LabelReading =
  | { readonly kind: 'type'; readonly type: number; readonly isCut: boolean }
  | { readonly kind: 'ambiguous' | 'unknown' };

/** Letters below which a cut label says too little. */
const CUT_LABEL_CHARACTERS_MIN = 3;

/**
 * Reads the label at the start of `text`, which may go on (`reserved  <-- here`) or be cut short by a pager
 * (`reserv>`), as long as only one type can be meant.
 */
export function readLabel(text: string): LabelReading {
  const wanted = text.trim().toLowerCase();
  const whole = LABELS.find(
    (label) => wanted.startsWith(label.text) && !/^[a-z0-9]/.test(wanted.slice(label.text.length)),
  );
  if (whole !== undefined) return { kind: 'type', type: whole.type, isCut: false };
  const numbered = /^type (\d{1,10})(?![\d>$…])/.exec(wanted)?.[1];
  if (numbered !== undefined && Number(numbered) <= TYPE_MAX) {
    return { kind: 'type', type: Number(numbered), isCut: false };
  }
  const stump = wanted.replace(/[>$…]+$/, '').trimEnd();
  if (stump.length < CUT_LABEL_CHARACTERS_MIN) return { kind: 'unknown' };
  const types = new Set(
    LABELS.filter((label) => label.text.startsWith(stump)).map(({ type }) => type),
  );
  const [type] = types;
  if (type === undefined) return { kind: 'unknown' };
  return types.size === 1 ? { kind: 'type', type, isCut: true } : { kind: 'ambiguous' };
}
