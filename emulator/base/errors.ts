/**
 * The three kinds of failure, never mixed (see CONTRIBUTING.md, "Failure"):
 * what the user did wrong, what we did wrong; what the guest did wrong is no host exception at all,
 * it is delivered through the guest's IDT.
 */

/** The user's mistake: an option, a map, an image. Printed as one sentence, without a stack. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** What `parse` gives; what it refuses, it refuses with the place in front: an option, a file. */
export function refusingAt<T>(place: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new ConfigurationError(`${place}: ${error.message}`);
  }
}

/** The host cannot give what the run needs: an unreadable file, a folder that cannot be written. */
export class HostError extends Error {
  override readonly name = 'HostError';
}

/** Our own bug: something that must always hold does not. Stops the machine with a dump. */
export class InvariantViolation extends Error {
  override readonly name = 'InvariantViolation';
}
