/** What a case must keep to besides its steps: budgets, and the golden log of its serial port. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ConfigurationError } from '../../base/errors.js';
import { formatSize } from '../../base/size.js';
import { readHostFile, reasonOf } from '../host-file.js';
import { openFolder, writeBytes } from '../output-folder.js';
import { formatCount } from '../quantities.js';
import type { RunRecord } from '../run-record.js';
import { rowFolder, SERIAL_FILE } from '../sweep-folder.js';
import type { FunctionCycles } from '../sweep-worker.js';
import type { SuiteCase } from './suite-plan.js';
import type { Budget } from './suite.js';

const FUNCTION = 'sym:';
/** Characters of a line that a message quotes. */
const QUOTED_CHARACTERS = 60;

/** Functions whose cycles the budgets are about. */
export function budgetFunctions(budgets: readonly Budget[]): string[] {
  return budgets.flatMap(({ name }) =>
    name.startsWith(FUNCTION) ? [name.slice(FUNCTION.length)] : [],
  );
}

/** The first budget that is exceeded, or that nothing was measured for; null: all are kept. */
export function budgetComplaint(
  budgets: readonly Budget[],
  { stats }: RunRecord,
  functions: FunctionCycles,
): string | null {
  const exceeded: string[] = [];
  for (const { name, most } of budgets) {
    if (name === 'resident') {
      const [is, may] = [stats.residentBytes, most].map((bytes) => formatSize(BigInt(bytes)));
      if (stats.residentBytes > most) exceeded.push(`budget resident: ${is}, more than ${may}`);
      continue;
    }
    const isFunction = name.startsWith(FUNCTION);
    const cycles = isFunction ? functions.cycles[name.slice(FUNCTION.length)] : stats.cycles;
    if (cycles === undefined || cycles === null) {
      exceeded.push(`budget ${name}: no function of this name has run`);
    } else if (isFunction && functions.lacking > 0) {
      exceeded.push(
        `budget ${name}: the profile had no room for ${functions.lacking} calls, so it is not exact`,
      );
    } else if (cycles > most) {
      exceeded.push(
        `budget ${name}: ${formatCount(cycles)} cycles, more than ${formatCount(most)}`,
      );
    }
  }
  return exceeded.length === 0 ? null : exceeded.join('; ');
}

/** Compares serial logs with the golden ones; with `update` the first case of each file writes it anew. */
export class GoldenLogs {
  /** Files that were written, because they were not there or other. */
  readonly written: string[] = [];
  private readonly updated = new Set<string>();

  constructor(
    private readonly update: boolean,
    private readonly folder: string,
  ) {}

  /** Why the log is not the golden one, or null. @throws HostError where that cannot be written */
  complaint({ golden, row }: SuiteCase): string | null {
    if (golden === null) return null;
    const log = readFileSync(join(rowFolder(this.folder, row), SERIAL_FILE));
    if (this.update && !this.updated.has(golden)) {
      this.updated.add(golden);
      if (!existsSync(golden) || !readHostFile(golden).equals(log)) {
        openFolder(dirname(golden));
        writeBytes(golden, log);
        this.written.push(golden);
      }
      return null;
    }
    let wanted;
    try {
      wanted = readHostFile(golden);
    } catch (error) {
      return `golden ${golden} cannot be read: ${reasonOf(error)}; --update writes it`;
    }
    return difference(log, wanted, golden);
  }
}

/** A log is not written over what the case is made of. @throws ConfigurationError */
export function requireOwnGolden({ golden, suite, row }: SuiteCase): void {
  if (golden === null) return;
  const { imagePath, modules, loads, diskPath, symbolsPath, memoryMapSpec } = row.options;
  const files = [imagePath, diskPath ?? '', symbolsPath ?? '', memoryMapSpec, suite.path];
  for (const path of [...files, ...[...modules, ...loads].map((file) => file.path)]) {
    if (resolve(path) !== resolve(golden)) continue;
    throw new ConfigurationError(`${suite.path}: golden ${golden} is a file that the case needs`);
  }
}

function difference(is: Buffer, wanted: Buffer, path: string): string | null {
  if (is.equals(wanted)) return null;
  let at = 0;
  while (at < is.length && at < wanted.length && is[at] === wanted[at]) at++;
  const line = countLines(is.subarray(0, at)) + 1;
  const [here, there] = [is, wanted].map((bytes) => quoted(bytes, at));
  return `COM1 is not ${path} from byte ${at} on (line ${line}): ${here}, not ${there}`;
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (const byte of bytes) if (byte === 0x0a) lines++;
  return lines;
}

/** The line around a byte, from its beginning on. */
function quoted(bytes: Buffer, at: number): string {
  if (at >= bytes.length) return 'the end';
  const start = at === 0 ? 0 : bytes.lastIndexOf(0x0a, at - 1) + 1;
  const end = bytes.indexOf(0x0a, at);
  const text = bytes.subarray(
    Math.max(start, at - QUOTED_CHARACTERS),
    end < 0 ? undefined : end + 1,
  );
  return JSON.stringify(text.toString('utf8').slice(0, 2 * QUOTED_CHARACTERS));
}
