/** `--record NAME=/regular expression/`, or `NAME:GROUP=…` for its group (?<GROUP>…): values that COM1 shows, taken out of its lines. */
import { ConfigurationError } from '../base/errors.js';
import { parseExpression } from './serial-pattern.js';
import { SerialText } from './serial-text.js';

/** Characters of a line that are looked at: the last ones. */
const LINE_CHARACTERS = 4096;

interface WantedValue {
  readonly name: string;
  readonly expression: RegExp;
  /** The named group that the value is; null: the first that took part in the match, or all of it. */
  readonly group: string | null;
}

export class SerialRecords {
  private readonly wanted: readonly WantedValue[];
  private readonly found: Map<string, string | null>;
  private readonly text = new SerialText();
  private line = '';

  /** @throws ConfigurationError as checkedRecords does */
  constructor(sources: readonly string[]) {
    this.wanted = parseRecords(sources);
    this.found = new Map(this.wanted.map(({ name }) => [name, null]));
  }

  /** Takes the next byte of the stream. */
  take(byte: number): void {
    if (this.wanted.length === 0) return;
    for (const character of this.text.take(byte)) {
      if (character === '\n') this.endLine();
      else this.line = (this.line + character).slice(-LINE_CHARACTERS);
    }
  }

  private endLine(): void {
    this.lookAtLine();
    this.line = '';
  }

  /** By name; null where no line has matched. The line that has not ended counts, too. */
  values(): Readonly<Record<string, string | null>> {
    this.lookAtLine();
    return Object.fromEntries(this.found);
  }

  /** A later line takes an earlier one's place. */
  private lookAtLine(): void {
    for (const { name, expression, group } of this.wanted) {
      const match = expression.exec(this.line);
      if (match === null) continue;
      const [whole, ...groups] = match as (string | undefined)[];
      const first = groups.find((each) => each !== undefined) ?? whole ?? '';
      this.found.set(name, group === null ? first : (match.groups?.[group] ?? ''));
    }
  }
}

/** The words themselves, when all can be used. @throws ConfigurationError naming the one that cannot */
export function checkedRecords(sources: readonly string[]): readonly string[] {
  parseRecords(sources);
  return sources;
}

/** Their names, in order. */
export function recordNames(sources: readonly string[]): string[] {
  return parseRecords(sources).map(({ name }) => name);
}

function parseRecords(sources: readonly string[]): WantedValue[] {
  const wanted = sources.map(parseRecord);
  const names = wanted.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new ConfigurationError(`--record: ${twice} is there twice`);
  return wanted;
}

function parseRecord(source: string): WantedValue {
  const [, name = '', group = null, words = ''] =
    /^([A-Za-z_][\w.-]*)(?::([A-Za-z_]\w*))?=(.*)$/s.exec(source) ?? [];
  const expression = name === '' ? null : parseExpression(words, '--record');
  if (expression === null) {
    throw new ConfigurationError(
      `--record ${source}: write NAME=/regular expression/, such as free=/(\\d+) KiB free/`,
    );
  }
  if (group !== null && !groupNames(expression).includes(group)) {
    throw new ConfigurationError(`--record ${source}: there is no group (?<${group}>…)`);
  }
  return { name, expression, group };
}

/** The names of an expression's groups. */
export function groupNames({ source, flags }: RegExp): string[] {
  const whateverTheText = new RegExp(`${source}|`, flags);
  return Object.keys(whateverTheText.exec('')?.groups ?? {});
}
