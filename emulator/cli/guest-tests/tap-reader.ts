/**
 * Results of tests in TAP or KTAP, with tests inside of tests. Sources: as tap-line.ts.
 *
 * A *level* is the tests of one indentation. A result at a lesser indentation ends the levels below it and is the result of the whole
 * that they are part of; its name is theirs unless `# Subtest:` has said it. KTAP and TAP 14 let other text stand between the lines.
 */
import {
  fails,
  Findings,
  type ParsedTests,
  type Subtest,
  type SubtestResult,
  type TestReader,
} from './subtest.js';
import { tapLine, type TapLine } from './tap-line.js';

interface Level {
  readonly indent: number;
  name: string | null;
  plan: number | null;
  /** Results that have come, and the number that the next should have. */
  count: number;
  next: number;
  readonly subtests: Subtest[];
  /** Diagnostic lines since the last result. */
  diagnostics: string[];
  /** Of the last result, where there is more to say than that it passed. */
  lastDetails: string[];
}

const LEVELS_MAX = 16;
const DIAGNOSTICS_MAX = 20;
const CHARACTERS_MAX = 200;

export class TapReader implements TestReader {
  private readonly findings = new Findings();
  private readonly levels: Level[] = [];
  private readonly done: Subtest[] = [];
  /** Of a `# Subtest:` before the level that it is about. */
  private announced: string | null = null;
  /** Indentation of a block of YAML that has not ended. */
  private yamlIndent: number | null = null;
  hasBegun = false;
  private hasPlan = false;

  /** TAP may begin without its version line, and number nothing, and has to have a plan; KTAP has the first two, and may lack a plan. */
  constructor(private readonly isKernels: boolean) {}

  take(text: string, line: number): void {
    const read = tapLine(text, this.isKernels);
    if (this.isInYaml(read)) return;
    const top = this.levels.at(-1);
    if (top === undefined && !this.begins(read)) return;
    switch (read.kind) {
      case 'version':
        return this.version(read.indent);
      case 'plan':
        return this.plan(this.levelAt(read.indent), read.tests);
      case 'subtest':
        return this.subtest(read.indent, read.name);
      case 'result':
        if (this.isKernels && read.number === null) return;
        return this.result(read, line);
      case 'bail-out':
        this.hasBegun = true;
        this.findings.problem(`Bail out! ${read.reason}`.trim());
        while (this.levels.length > 0) this.closeTop(true);
        return;
      case 'diagnostic':
        return this.diagnostic(read.text);
      case 'yaml':
        if (top !== undefined && read.indent > top.indent) this.yamlIndent = read.indent;
        return;
      case 'other':
        return;
    }
  }

  end(): Pick<ParsedTests, 'subtests' | 'problems'> {
    let isNamed = false;
    for (;;) {
      const top = this.levels.at(-1);
      if (top === undefined) return this.ended();
      const below = this.levels.at(-2);
      const isShort = top.plan === null ? below !== undefined : top.count < top.plan;
      if (isShort && !isNamed) top.subtests.push(unfinished(`test ${top.next}`));
      isNamed ||= isShort;
      this.closeTop();
      if (below === undefined || isNamed) continue;
      below.subtests.push(unfinished(top.name ?? `test ${below.next}`));
      isNamed = true;
    }
  }

  private ended(): Pick<ParsedTests, 'subtests' | 'problems'> {
    const { problems } = this.findings;
    const isEmpty = this.done.length === 0 && problems.length === 0 && !this.hasPlan;
    return {
      subtests: this.done,
      problems: isEmpty ? ['no result has come, and no plan'] : problems,
    };
  }

  /** A block lies deeper than the result that it is about, and ends with `...`; a guest that dies in it does not end it. */
  private isInYaml(read: TapLine): boolean {
    if (this.yamlIndent === null) return false;
    const isEnd = read.kind === 'other' && read.text === '...';
    const isOutside = read.indent < this.yamlIndent && !(read.kind === 'other' && read.text === '');
    if (isEnd || isOutside) this.yamlIndent = null;
    return !isOutside;
  }

  private begins(read: TapLine): boolean {
    if (read.kind === 'version') return true;
    if (this.isKernels || read.indent > 0) return false;
    return read.kind === 'plan' || read.kind === 'result' || read.kind === 'bail-out';
  }

  private version(indent: number): void {
    const level = this.levelAt(indent);
    if (level.count === 0 && level.plan === null) return;
    // Another document behind the first.
    this.closeTop();
    this.open(indent);
  }

  private open(indent: number): Level {
    this.hasBegun = true;
    const top = this.levels.at(-1);
    if (top !== undefined && this.levels.length >= LEVELS_MAX) return top;
    const name = this.announced;
    this.announced = null;
    const [subtests, diagnostics]: [Subtest[], string[]] = [[], []];
    const lastDetails: string[] = [];
    const counts = { plan: null, count: 0, next: 1 };
    const level = { indent, name, ...counts, subtests, diagnostics, lastDetails };
    this.levels.push(level);
    return level;
  }

  /** Ends what lies deeper; the level there, or a new one inside of the level that is there. */
  private levelAt(indent: number): Level {
    while ((this.levels.at(-1)?.indent ?? -1) > indent) this.closeTop();
    const top = this.levels.at(-1);
    return top === undefined || top.indent < indent ? this.open(indent) : top;
  }

  private plan(level: Level, tests: number): void {
    if (level.plan !== null) this.findings.problem(`${where(level)}a second plan, 1..${tests}`);
    else level.plan = tests;
    this.hasPlan = true;
  }

  private subtest(indent: number, name: string): void {
    const top = this.levels.at(-1);
    if (top !== undefined && indent > top.indent) this.open(indent).name = name;
    else if (top !== undefined && this.levels.length > 1 && top.count === 0 && top.name === null) {
      top.name = name;
    } else this.announced = name;
  }

  private result(read: TapLine & { readonly kind: 'result' }, line: number): void {
    const { indent, number } = read;
    const inner = this.partsOfResultAt(indent);
    const level = this.levelAt(indent);
    if (number !== null && number !== level.next) {
      this.findings.problem(`${where(level)}test ${number} where ${level.next} was due`);
    }
    level.count++;
    level.next = (number ?? level.next) + 1;
    const name = read.name === '' ? (inner?.name ?? `test ${number ?? level.count}`) : read.name;
    const result = resultOf(read.isOk, read.directive);
    const parts = inner?.subtests.map((each) => within(inner.name ?? name, each)) ?? [];
    level.subtests.push(...(result === 'todo' ? parts.map(expected) : parts));
    const details = [...(read.reason === '' ? [] : [read.reason]), ...level.diagnostics];
    level.diagnostics = [];
    level.lastDetails = details;
    const isSaidByParts = parts.length > 0 && (result !== 'fail' || parts.some(fails));
    if (isSaidByParts || !this.findings.hasRoom()) return;
    level.subtests.push({ name, result, details: result === 'pass' ? [] : details, line });
  }

  /** Ends what a result of this indentation is the result of, and takes it out of the levels. */
  private partsOfResultAt(indent: number): Level | null {
    while ((this.levels.at(-2)?.indent ?? -1) > indent) this.closeTop();
    const top = this.levels.at(-1);
    // The outermost of a document is part of nothing.
    if (top === undefined || top.indent <= indent || this.levels.length < 2) return null;
    this.levels.pop();
    this.check(top);
    return top;
  }

  private diagnostic(text: string): void {
    const level = this.levels.at(-1);
    // KTAP has them before the result that they are about, TAP behind it.
    const lines = this.isKernels ? level?.diagnostics : level?.lastDetails;
    if (lines === undefined) return;
    lines.push(text.slice(0, CHARACTERS_MAX));
    if (lines.length > DIAGNOSTICS_MAX) lines.shift();
  }

  /** Its tests are those of the level below from now on: their own result has not come. */
  private closeTop(isBailOut = false): void {
    const top = this.levels.pop();
    if (top === undefined) return;
    if (!isBailOut) this.check(top);
    const below = this.levels.at(-1);
    const name = top.name ?? `test ${below?.next ?? 1}`;
    if (below === undefined) this.done.push(...top.subtests);
    else below.subtests.push(...top.subtests.map((each) => within(name, each)));
  }

  /** Whether the results of a level that has ended are those that were planned. */
  private check(level: Level): void {
    const { plan, count } = level;
    if (plan !== null && count !== plan) {
      this.findings.problem(`${where(level)}planned ${plan} tests, ${count} came`);
    }
    const isWhole = this.levels.length === 0;
    if (plan === null && isWhole && !this.isKernels) {
      this.findings.problem(`there is no plan, such as 1..${count}`);
    }
  }
}

/** `kmalloc: `, where a level has a name. */
function where({ name }: Level): string {
  return name === null ? '' : `${name}: `;
}

function resultOf(isOk: boolean, directive: string): SubtestResult {
  if (directive === 'SKIP') return 'skip';
  if (isOk) return 'pass';
  return directive === 'TODO' || directive === 'XFAIL' ? 'todo' : 'fail';
}

/** Parts of what is expected to fail are, too. */
function expected(subtest: Subtest): Subtest {
  return subtest.result === 'fail' ? { ...subtest, result: 'todo' } : subtest;
}

function within(name: string, subtest: Subtest): Subtest {
  return { ...subtest, name: `${name} / ${subtest.name}` };
}

function unfinished(name: string): Subtest {
  return { name, result: 'unfinished', details: ['the guest has ended before it'], line: null };
}
