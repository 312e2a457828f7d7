/** Ranges of RAM sizes: `8M..1T` (doubling), `8M..1T*4`, `8M..64M+8M`, `8M,64M,3.5G`, and mixes with commas. */
import { ConfigurationError, refusingAt } from '../base/errors.js';
import { parseSize } from '../base/size.js';

/** Rows that one range may give: a slip of the pen must not start a million boots. */
const SIZES_MAX = 10_000;
const DEFAULT_FACTOR = 2n;

/** The sizes of a range in bytes, in order, without repetitions; a range always includes its end. */
export function parseSizeRange(text: string, option: string): bigint[] {
  const sizes = text.split(',').flatMap((part) => expand(part.trim(), option));
  return [...new Set(sizes)];
}

function expand(part: string, option: string): bigint[] {
  const match = /^(.+?)\.\.(.+?)(?:([*+])(.+))?$/.exec(part);
  if (match === null) return [size(part, option)];
  const [, firstText = '', lastText = '', operator = '*', stepText] = match;
  const first = size(firstText, option);
  const last = size(lastText, option);
  if (first === 0n || last < first) {
    throw new ConfigurationError(`${option} ${part}: a range goes upwards, from more than 0`);
  }
  const next = stepper(operator, stepText, part, option);
  const sizes: bigint[] = [];
  for (let value = first; value < last; value = next(value)) {
    sizes.push(value);
    if (sizes.length > SIZES_MAX) {
      throw new ConfigurationError(`${option} ${part}: more than ${SIZES_MAX} sizes`);
    }
  }
  return [...sizes, last];
}

function stepper(
  operator: string,
  stepText: string | undefined,
  part: string,
  option: string,
): (value: bigint) => bigint {
  if (operator === '+') {
    const step = size(stepText ?? '', option);
    if (step === 0n) throw new ConfigurationError(`${option} ${part}: a step of 0 leads nowhere`);
    return (value) => value + step;
  }
  if (stepText === undefined) return (value) => value * DEFAULT_FACTOR;
  if (!/^\d+$/.test(stepText) || BigInt(stepText) < 2n) {
    throw new ConfigurationError(
      `${option} ${part}: the factor ${stepText} is no whole number above 1`,
    );
  }
  const factor = BigInt(stepText);
  return (value) => value * factor;
}

function size(text: string, option: string): bigint {
  return refusingAt(option, () => parseSize(text));
}
