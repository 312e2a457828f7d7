#!/usr/bin/env node
/** The command line: which command, and what an error means for the exit status. */
import yargs from 'yargs';
import { ConfigurationError, HostError } from '../base/errors.js';
import { packageVersion } from './artefacts.js';
import { withBailValue } from './bail.js';
import { MEMMAP_OPTIONS, memmapCommand } from './commands/memmap.js';
import { REPLAY_OPTIONS, replayCommand } from './commands/replay.js';
import { REPORT_OPTIONS, reportCommand } from './commands/report.js';
import { RUN_OPTIONS, runCommand } from './commands/run.js';
import { SWEEP_OPTIONS, sweepCommand } from './commands/sweep.js';
import { TEST_OPTIONS, testCommand } from './commands/test.js';
import {
  CONFIGURATION_OPTIONS,
  GivenOptions,
  NAMED_MACHINE_OPTIONS,
} from './configuration/configuration.js';
import type { ConfigurationKeys, OptionTable } from './configuration/configuration-keys.js';
import { ConfiguredCommands } from './configuration/configured-commands.js';
import {
  countsOfEnvironment,
  ENVIRONMENT_PREFIX,
  flagOfEnvironment,
  fromEnvironment,
} from './environment.js';
import { EXIT_HOST, EXIT_INTERNAL, EXIT_USAGE } from './exit-status.js';
import { reasonOf } from './host-file.js';
import { hostMapInput } from './memmap-source.js';
import { flagWithValue, missingOpposite } from './opposites.js';
import { printable } from './printable.js';
import { MACHINE_OPTIONS } from './run-options.js';
import { SUITE_OPTIONS } from './suite/suite-keys.js';
import { standardError } from './standard-error.js';
import { standardOutput } from './standard-output.js';
import { usageSentence } from './usage-sentence.js';

/** What yargs refuses: an unknown word, a missing value. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Thrown by a command's handler with the work to do: it leaves yargs, which would go on to render the whole help text
 * after each handler, and that takes longer than a boot.
 */
class ChosenCommand extends Error {
  constructor(readonly work: () => Promise<number>) {
    super('a command was chosen');
  }
}

/** Single-dash words that QEMU has and we spell with two dashes. */
const QEMU_WORDS = /^-(append|initrd|kernel|serial|cpu|machine|nographic|display|bios)$/;

/** yargs writes the script of the user's shell, which SHELL names; `completion zsh` says it instead. */
function choosingShell(words: readonly string[]): readonly string[] {
  const [command, shell, ...rest] = words;
  if (command !== 'completion' || shell === undefined || shell.startsWith('-')) return words;
  if (shell !== 'bash' && shell !== 'zsh') {
    throw new UsageError(`completion ${shell}: there is a script for bash and one for zsh`);
  }
  process.env['SHELL'] = shell;
  delete process.env['ZSH_NAME'];
  return [command, ...rest];
}

/** `-m8G` is how many write it; yargs reads it as three options. */
function normalise(words: readonly string[]): string[] {
  return words.map((word) => {
    if (QEMU_WORDS.test(word)) {
      throw new UsageError(`${word}: long options have two dashes here (-${word})`);
    }
    return withBailValue(word.replace(/^-m(?=[\d.])/, '-m='));
  });
}

/** Options that make sense once: yargs turns a repetition into an array without a word. */
function refuseRepetition(args: Record<string, unknown>, repeatable: ReadonlySet<string>): true {
  for (const [key, value] of Object.entries(args)) {
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (Array.isArray(value) && !repeatable.has(name) && name !== '_') {
      const dashes = name.length === 1 ? '-' : '--';
      throw new UsageError(`${dashes}${name} is given ${value.length} times`);
    }
  }
  return true;
}

const REPEATABLE = new Set([
  'memmap-add',
  'module',
  'load',
  'expect',
  'fail',
  'record',
  'until',
  'save-at',
  'debug',
  'd',
  'serial',
  'trace',
  'check',
  'filter',
  'vary',
  'columns',
  'merge',
  'add',
  'files',
]);

const RAM = { ram: RUN_OPTIONS.ram };

/** Options of each command that reads a configuration. */
const RUN_TABLE: OptionTable = { ...MACHINE_OPTIONS, ...RUN_OPTIONS, ...NAMED_MACHINE_OPTIONS };
const SWEEP_TABLE: OptionTable = { ...MACHINE_OPTIONS, ...SWEEP_OPTIONS, ...NAMED_MACHINE_OPTIONS };
const TEST_TABLE: OptionTable = { ...TEST_OPTIONS, ...NAMED_MACHINE_OPTIONS };
/** Of a suite's cases, which have them by no option of `s7x test`. */
const CASE_TABLE: OptionTable = { ...SUITE_OPTIONS, ...RAM, ...NAMED_MACHINE_OPTIONS };

/** Of each command by its name. */
const TABLES: Readonly<Record<string, OptionTable>> = {
  run: RUN_TABLE,
  sweep: SWEEP_TABLE,
  test: TEST_TABLE,
  replay: REPLAY_OPTIONS,
  report: REPORT_OPTIONS,
  memmap: MEMMAP_OPTIONS,
};

const ALL_OPTIONS = new Set(
  [...Object.values(TABLES), CONFIGURATION_OPTIONS].flatMap((options) => Object.keys(options)),
);

/** @throws UsageError for `--no-OPTION` of an option of the command that is no flag, and for a flag with a value, also of the environment */
function refuseOpposites(words: readonly string[]): void {
  const command = words.find((word) => Object.hasOwn(TABLES, word));
  const table = command === undefined ? undefined : TABLES[command];
  if (table === undefined) return;
  const sentence =
    missingOpposite(words, [table]) ??
    flagWithValue(words, [table]) ??
    flagOfEnvironment(process.env, table, Object.values(TABLES));
  if (sentence !== null) throw new UsageError(sentence);
}

/** The command line with what the environment counts. @throws UsageError for a variable that says no number */
function countedWords(words: readonly string[]): readonly string[] {
  const at = words.findIndex((word) => Object.hasOwn(TABLES, word));
  const table = TABLES[words[at] ?? ''];
  if (table === undefined) return words;
  const given = new GivenOptions(words, {});
  const counts = countsOfEnvironment(process.env, table, (name, option) =>
    given.says(name, option),
  );
  if (counts.refusal !== null) throw new UsageError(counts.refusal);
  for (const variable of counts.variables) Reflect.deleteProperty(process.env, variable);
  // Before the command yargs does not know its options.
  return [...words.slice(0, at + 1), ...counts.words, ...words.slice(at + 1)];
}

/** Words behind `--`, which yargs gives to nobody. */
function refuseRest([, ...rest]: readonly (string | number)[]): true {
  if (rest.length === 0) return true;
  throw new UsageError(`-- ${rest.join(' ')}: no command takes words behind --; name files before`);
}

const CONFIGURATION_KEYS: ConfigurationKeys = {
  commands: [RUN_TABLE, SWEEP_TABLE, TEST_TABLE, REPLAY_OPTIONS],
  machine: { ...MACHINE_OPTIONS, ...RAM },
  others: new Set([REPORT_OPTIONS, MEMMAP_OPTIONS].flatMap((options) => Object.keys(options))),
};

async function main(words: readonly string[], configured: ConfiguredCommands): Promise<number> {
  let status = 0;
  refuseOpposites(words);
  // yargs looks at the environment when it is made.
  const chosen = choosingShell(words);
  const schedule = (work: () => Promise<number>): never => {
    throw new ChosenCommand(work);
  };
  const setExitStatus = (value: number): void => {
    status = value;
  };
  await yargs()
    .scriptName('s7x')
    .usage('$0 <command> [options]')
    .parserConfiguration({
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'strip-aliased': false,
      'boolean-negation': true,
    })
    .env(ENVIRONMENT_PREFIX)
    .command(configured.command(runCommand(schedule), RUN_TABLE))
    .command(configured.command(sweepCommand(schedule), SWEEP_TABLE))
    .command(
      configured.command(
        testCommand(schedule, () => configured.valuesFor(CASE_TABLE)),
        TEST_TABLE,
        CASE_TABLE,
      ),
    )
    .command(configured.command(replayCommand(schedule), REPLAY_OPTIONS))
    .command(reportCommand(schedule))
    .command(
      memmapCommand({
        input: hostMapInput,
        write: (text) => standardOutput.writeText(text),
        note: (sentence) => standardError.say(sentence),
        setExitStatus,
      }),
    )
    .completion('completion', 'print a script for bash or zsh completion')
    .strict()
    .recommendCommands()
    .demandCommand(
      1,
      1,
      'a command is missing: run, sweep, test, replay, report or memmap (s7x --help)',
    )
    .check((args) => refuseRepetition(args, REPEATABLE))
    .check((args) => refuseRest(args._))
    .version(packageVersion())
    .help()
    .alias('help', 'h')
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .exitProcess(false)
    .fail((message, error) => {
      // yargs 18: what its parser itself finds wrong, such as an option without its value, comes as a YError.
      const isUsage = error === undefined || error.name === 'YError';
      throw isUsage ? new UsageError(message) : error;
    })
    .parseAsync(normalise(chosen));
  return status;
}

async function mainOrChosen(words: readonly string[]): Promise<number> {
  const configured = new ConfiguredCommands(words, CONFIGURATION_KEYS);
  try {
    return await main(words, configured);
  } catch (error) {
    if (error instanceof ChosenCommand) return configured.placing(error.work);
    if (!(error instanceof UsageError)) throw error;
    const found = fromEnvironment(error.message, process.env, ALL_OPTIONS);
    if (found === null) throw new UsageError(usageSentence(error.message, words, ALL_OPTIONS));
    if (found.unknown.length > 0) {
      throw new UsageError(`${found.unknown.join(', ')}: no command has such an option`);
    }
    for (const variable of found.leftAside) Reflect.deleteProperty(process.env, variable);
    return mainOrChosen(words);
  }
}

/** One sentence on standard error, and the exit status. */
function statusOf(error: unknown): number {
  if (error instanceof UsageError || error instanceof ConfigurationError) {
    standardError.say(error.message);
    return EXIT_USAGE;
  }
  if (error instanceof HostError) {
    standardError.say(error.message);
    return EXIT_HOST;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`s7x: internal error, please report it:\n${printable(text)}\n`);
  return EXIT_INTERNAL;
}

process.on('uncaughtException', (error) => {
  process.exit(statusOf(error));
});

async function start(): Promise<void> {
  try {
    process.exitCode = await mainOrChosen(countedWords(process.argv.slice(2)));
  } catch (error) {
    process.exitCode = statusOf(error);
  }
  await standardOutput.drained();
  if (standardOutput.lost !== null) {
    process.exitCode = statusOf(
      new HostError(`standard output cannot be written: ${reasonOf(standardOutput.lost)}`),
    );
  }
  await standardError.drained();
  // Nobody can read a sentence about it: the status has to do, where it would say that all is well.
  if (standardError.lost !== null) process.exitCode ||= EXIT_HOST;
}

void start();
