/** `s7x replay [dir]`: a run again, out of its run.json, and whether it is the same. */
import type { ArgumentsCamelCase, Argv, CommandModule, InferredOptionTypes } from 'yargs';
import type { Logger } from 'pino';
import { ConfigurationError } from '../../base/errors.js';
import { formatJsonMap } from '../../memory/json-format.js';
import { join } from 'node:path';
import { loadArtefacts } from '../artefacts.js';
import type { ConfigurationArguments } from '../configuration/configured-commands.js';
import { memoryOf } from '../memmap-source.js';
import { buildHash } from '../resumed-run.js';
import { readSnapshot } from '../snapshot-file.js';
import { misshapenPart } from '../document-shape.js';
import { EXIT_ASSERTION, EXIT_DIVERGED, EXIT_SUCCESS } from '../exit-status.js';
import { parseMoment } from '../moment.js';
import { requireNoImage } from '../output-folder.js';
import { formatCount } from '../quantities.js';
import {
  differences,
  endedByHost,
  loadRecordedFiles,
  mustBeSame,
  recordedInput,
  recordedOptions,
  REPLAYED_CONFIG_SHAPE,
  SNAPSHOT_SHAPE,
  STEPS_SHAPE,
  type ReplayedConfig,
} from '../recorded-run.js';
import { readRunFolder, type RunFolder } from '../report/run-folder.js';
import { MACHINE_OPTIONS, parseCategories, parseMarks, parseTimestamps } from '../run-options.js';
import type { RunRecord } from '../run-record.js';
import { sha256 } from '../sha256.js';
import { standardError } from '../standard-error.js';
import { verifyRun, type RunToVerify } from '../verified-run.js';
import { checkSerialPorts, gdbPlace, OUTPUT_OPTIONS } from '../output-options.js';
import { boot } from './run.js';
import { refuseBefore, refuseSeen } from '../run-start.js';

const DEFAULT_FOLDER = '.s7x/last';
const OUT_FOLDER = '.s7x/replay';

export const REPLAY_OPTIONS = {
  ...OUTPUT_OPTIONS,
  out: { ...OUTPUT_OPTIONS.out, default: OUT_FOLDER },
  roi: MACHINE_OPTIONS.roi,
  until: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe:
      'go only as far as this moment, such as 120ms, 5Minsn, sym:kmain#2, serial:/login:/; repeatable',
  },
  at: {
    type: 'string',
    requiresArg: true,
    describe: 'stand still at this moment, for GDB (-s, --gdb)',
  },
  verify: {
    type: 'boolean',
    default: false,
    describe: 'only compare: one line, no output of the guest, no folder',
  },
  debug: {
    type: 'string',
    array: true,
    requiresArg: true,
    alias: 'd',
    default: [] as string[],
    describe: 'categories to log, as of s7x run',
  },
} as const;

type ReplayArguments = InferredOptionTypes<typeof REPLAY_OPTIONS> &
  ConfigurationArguments & { dir: string | undefined };

export function replayCommand(
  schedule: (work: () => Promise<number>) => never,
): CommandModule<object, ReplayArguments> {
  return {
    command: 'replay [dir]',
    describe: 'run again what a run recorded, in the debugger or with a profile; is it the same?',
    builder: (argv: Argv) =>
      argv
        .positional('dir', {
          type: 'string',
          describe: `folder of a run, or its run.json (default: ${DEFAULT_FOLDER})`,
        })
        .options(REPLAY_OPTIONS)
        .example('s7x replay', 'the last run again: exit status 12 when it is not the same')
        .example('s7x replay from-ci --verify', 'only whether it is the same, in one line')
        .example('s7x replay from-ci -s -S', 'the same in GDB, forwards and back')
        .example('s7x replay --at sym:panic -s', 'GDB finds the machine where it calls panic')
        .example('s7x replay --profile -o profiled', 'with what was not asked for the first time'),
    handler: (args) => {
      schedule(() => replay(args));
    },
  };
}

async function replay(args: ArgumentsCamelCase<ReplayArguments>): Promise<number> {
  const then = readRunFolder(args.dir ?? DEFAULT_FOLDER);
  const { path: folder, record } = then;
  if (args.verify) requireOnlyVerify(args);
  const { steps = [], snapshot: from = null } = record;
  const misshapen =
    misshapenPart(record, REPLAYED_CONFIG_SHAPE) ??
    misshapenPart(steps, STEPS_SHAPE, 'steps') ??
    misshapenPart(from, SNAPSHOT_SHAPE, 'snapshot');
  if (misshapen !== null) {
    throw new ConfigurationError(`${folder}/run.json: ${misshapen} is not as s7x run writes it`);
  }
  const gdb = gdbPlace(args);
  if (args.at?.trim() === 'end') {
    throw new ConfigurationError(
      '--at end: the machine has ended there, and GDB is only told so; name a moment before it',
    );
  }
  if (args.at !== undefined && gdb === null) {
    throw new ConfigurationError(
      '--at stands still for GDB: it needs -s or --gdb (--until ends the replay)',
    );
  }
  checkSerialPorts(args.serial);
  requireNoImage('--cast', args.cast);
  const config = record.config as unknown as ReplayedConfig;
  const loaded = loadRecordedFiles(record, config);
  const options = {
    ...recordedOptions(record, config, loaded),
    traceCategories: parseCategories(args.debug),
    ...(args.roi === undefined ? {} : parseMarks(args.roi, config.magic, config.expect.length)),
  };
  const memory = memoryOf(options);
  mustBeSame(`memory map ${config.memmap}`, sha256(formatJsonMap(memory.map)), config.memmapSha256);
  const input = recordedInput(config);
  const timestamps = parseTimestamps(args.timestamps);
  const moments = {
    stopsAt: args.until.map((word) => parseMoment(word, '--until', options.expects.length)),
    standsAt: args.at === undefined ? null : parseMoment(args.at, '--at', options.expects.length),
  };
  const artefacts = loadArtefacts();
  const snapshot =
    from === null ? null : readSnapshot(from.path, (cpu) => buildHash(artefacts, cpu));
  if (snapshot !== null) mustBeSame(snapshot.path, snapshot.sha256, from?.sha256);
  refuseSeen(args, snapshot);
  refuseBefore(snapshot, '--until', moments.stopsAt, options.coreHz);
  if (moments.standsAt !== null) {
    refuseBefore(snapshot, '--at', [moments.standsAt], options.coreHz);
  }
  const files = { loaded, artefacts, input, snapshot, recordPath: join(folder, 'run.json') };
  const prepared = { ...files, options, timestamps, memory, gdb, ...moments };
  let status = EXIT_SUCCESS;
  try {
    if (args.verify) return await verify(then, { ...files, options, map: memory.map }, args.quiet);
    await boot({ ...args, ram: undefined }, prepared, (now, log) => {
      status = judge(now, record, log);
    });
  } finally {
    input?.close();
  }
  return status;
}

/** What shows, keeps or stops a run, which a comparison does not. */
const NOT_VERIFIED = [
  'at',
  'until',
  'gdb',
  's',
  'pause',
  'serial',
  'serial-log',
  'timestamps',
  'json',
  'cast',
  'profile',
  'atlas',
  'coverage',
  'trace',
  'check',
  'roi',
  'debug',
  'log-file',
] as const;

/** @throws ConfigurationError naming the first option that --verify would not obey */
function requireOnlyVerify(args: ReplayArguments): void {
  const given = NOT_VERIFIED.find((name) => {
    const value = args[name];
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;
  });
  if (given === undefined) return;
  const dashes = given.length === 1 ? '-' : '--';
  throw new ConfigurationError(`--verify only compares: it cannot go with ${dashes}${given}`);
}

async function verify(then: RunFolder, run: RunToVerify, quiet: boolean): Promise<number> {
  const { status, sentence } = await verifyRun(then, run);
  if (status !== EXIT_SUCCESS || !quiet) standardError.say(sentence);
  return status;
}

/** The replay's last words, and its exit status. */
function judge(now: RunRecord, then: RunRecord, log: Logger): number {
  if (endedByHost(now)) return now.outcome.code;
  const { moment } = now.outcome;
  if (moment !== undefined && moment !== then.outcome.moment) {
    const instructions = formatCount(now.stats.instructions);
    log.info(
      { status: true },
      `as far as ${moment}: ${instructions} instructions, state hash ${now.hash}`,
    );
    return EXIT_SUCCESS;
  }
  const different = differences(now, then);
  if (different.length > 0) {
    log.error(
      { status: true, different },
      `not the run that was recorded: ${different.join('; ')}`,
    );
    return EXIT_DIVERGED;
  }
  const end = endedByHost(then) ? `, as far as it went (${then.outcome.kind})` : '';
  const instructions = formatCount(now.stats.instructions);
  log.info(
    { status: true },
    `the run that was recorded${end}: ${instructions} instructions, state hash ${now.hash}`,
  );
  return (now.checks ?? []).length > 0 ? EXIT_ASSERTION : EXIT_SUCCESS;
}
