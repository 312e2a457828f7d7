/** `--parse`: tests that the guest runs itself and tells about on COM1. */
import { SerialText } from '../serial-text.js';
import { KvmUnitTests } from './kvm-unit-tests.js';
import type { ParsedTests, TestFormat, TestReader } from './subtest.js';
import { TapReader } from './tap-reader.js';

export const PARSE_FORMATS = ['ktap', 'tap', 'kvm-unit-tests', 'auto'] as const;
export type ParseFormat = (typeof PARSE_FORMATS)[number];

/** Characters of a line that are looked at. */
const LINE_CHARACTERS_MAX = 4096;

/** What `auto` goes by: the first line of either kind. */
const SIGNS: readonly (readonly [sign: RegExp, format: TestFormat])[] = [
  [/^\s*(?:.*\] )?KTAP version \d+\s*$/, 'ktap'],
  [/^\s*TAP version \d+\s*$/, 'tap'],
  // Linux before KTAP had its own name: its lines have printk's times.
  [/\] TAP version \d+\s*$/, 'ktap'],
  [/^(?:PASS|FAIL|XPASS|XFAIL|KFAIL|SKIP): |^SUMMARY: \d+ tests?\b/, 'kvm-unit-tests'],
];

function readerOf(format: TestFormat): TestReader {
  return format === 'kvm-unit-tests' ? new KvmUnitTests() : new TapReader(format === 'ktap');
}

export class GuestTests {
  private readonly text = new SerialText();
  private current = '';
  private line = 1;
  private format: TestFormat | null;
  private reader: TestReader | null;
  private parsed: ParsedTests | null = null;

  constructor(format: ParseFormat) {
    this.format = format === 'auto' ? null : format;
    this.reader = this.format === null ? null : readerOf(this.format);
  }

  /** Takes the next byte of COM1. */
  take(byte: number): void {
    for (const character of this.text.take(byte)) {
      if (character === '\n') this.endLine();
      else if (this.current.length < LINE_CHARACTERS_MAX) this.current += character;
    }
  }

  /** The run has ended; a line that has not is taken as it is. */
  end(): ParsedTests {
    this.parsed ??= this.ended();
    return this.parsed;
  }

  private ended(): ParsedTests {
    if (this.current !== '') this.endLine();
    const { reader, format } = this;
    if (reader?.hasBegun !== true) return { format: null, subtests: [], problems: [] };
    return { format, ...reader.end() };
  }

  private endLine(): void {
    if (this.reader === null) {
      this.format = SIGNS.find(([sign]) => sign.test(this.current))?.[1] ?? null;
      if (this.format !== null) this.reader = readerOf(this.format);
    }
    this.reader?.take(this.current, this.line);
    this.current = '';
    this.line++;
  }
}
