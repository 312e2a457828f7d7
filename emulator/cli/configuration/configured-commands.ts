/** Commands whose options have a configuration's values as their defaults. */
import { ConfigurationError, HostError } from '../../base/errors.js';
import type { Argv, CommandModule } from 'yargs';
import { standardError } from '../standard-error.js';
import {
  Configuration,
  CONFIGURATION_OPTIONS,
  GivenOptions,
  NAMED_MACHINE_OPTIONS,
} from './configuration.js';
import type { ConfigurationKeys, OptionTable, OptionValue } from './configuration-keys.js';

/** What a command has from its configuration, besides the values of its options; false for --no-config. */
export interface ConfigurationArguments {
  readonly config?: string | false | undefined;
  readonly machine?: string | false | undefined;
}

/** Help, and what shells complete, there is with a file that cannot be used, too. */
const NEEDS_NONE = /^(-h|--help|--version|--get-yargs-completions)$/;

export class ConfiguredCommands {
  /** What was read for the command that was chosen. */
  private file: Configuration | null = null;
  /** Those that the command's errors may be about. */
  private options: OptionTable = {};
  private readonly given: GivenOptions;

  constructor(
    private readonly words: readonly string[],
    private readonly keys: ConfigurationKeys,
  ) {
    this.given = new GivenOptions(words, process.env);
  }

  /**
   * @param options of the command
   * @param cases those of its runs for which it has no words itself
   */
  command<U>(
    module: CommandModule<object, U>,
    options: OptionTable,
    cases: OptionTable = {},
  ): CommandModule<object, U> {
    const builder = module.builder as (argv: Argv) => Argv<U>;
    const hasMachine = 'machine' in options;
    const extra = { ...CONFIGURATION_OPTIONS, ...(hasMachine ? NAMED_MACHINE_OPTIONS : {}) };
    const configured = (argv: Argv): Argv<U> => {
      const built = builder(argv);
      built.options(extra);
      if (!this.words.some((word) => NEEDS_NONE.test(word))) {
        built.default(this.defaults(options, cases, hasMachine));
      }
      return built;
    };
    return { ...module, builder: configured };
  }

  /** What the file that was read says of these options. */
  valuesFor(options: OptionTable): Readonly<Record<string, OptionValue>> {
    return this.file?.valuesFor(options) ?? {};
  }

  /** Does the work; an error about a value of the file names its line, and one of the environment the variable. */
  async placing(work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      throw this.placed(error);
    }
  }

  private placed(error: unknown): unknown {
    if (!(error instanceof ConfigurationError || error instanceof HostError)) return error;
    const place =
      this.given.blamedVariable(error.message, this.options) ??
      this.file?.placeOf(error.message, this.options) ??
      null;
    if (place === null) return error;
    const message = `${error.message} (${place})`;
    return error instanceof HostError ? new HostError(message) : new ConfigurationError(message);
  }

  private defaults(
    options: OptionTable,
    cases: OptionTable,
    hasMachine: boolean,
  ): Readonly<Record<string, OptionValue>> {
    this.options = { ...options, ...cases };
    const file = Configuration.read(this.given, this.keys);
    if (file === null) {
      if (hasMachine) this.given.refuseMachine();
      return {};
    }
    this.file = file;
    const machine = hasMachine ? file.machine : null;
    return {
      ...file.valuesFor(options),
      config: file.path,
      ...(machine === null ? {} : { machine }),
    };
  }
}

/** For the banner: which file was read, which machine was chosen out of it; null for none. */
export function configurationLine({ config, machine }: ConfigurationArguments): string | null {
  if (typeof config !== 'string') return null;
  return `configuration ${config}${typeof machine === 'string' ? `, machine ${machine}` : ''}`;
}

/** The same for commands that keep no log. */
export function sayConfiguration(args: ConfigurationArguments): void {
  const line = configurationLine(args);
  if (line !== null) standardError.say(line);
}
