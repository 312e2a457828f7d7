/** The command lines of the measuring and recording tools: one clear sentence for what is refused, and an exit status. */
import { ConfigurationError, HostError } from '../../emulator/base/errors.js';

const EXIT_USAGE = 2;
const EXIT_HOST = 10;

/** Carries out `main`; what it refuses becomes the tool's last words. */
export async function runTool(name: string, main: () => void | Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof ConfigurationError || error instanceof HostError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = error instanceof HostError ? EXIT_HOST : EXIT_USAGE;
  }
}

/** What `parse` finds. @throws ConfigurationError where it finds another command line than the tool's */
export function commandLine<Found>(parse: () => Found): Found {
  try {
    return parse();
  } catch (error) {
    throw new ConfigurationError((error as Error).message);
  }
}

const U32_MAX = 0xffff_ffff;

/** @throws ConfigurationError */
export function wholeNumber(
  option: string,
  text: string,
  minimum: number,
  maximum = U32_MAX,
): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
  const range = maximum === U32_MAX ? `of ${minimum} or more` : `from ${minimum} to ${maximum}`;
  throw new ConfigurationError(`${option} ${text}: not a whole number ${range}`);
}
