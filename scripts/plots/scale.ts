/** Axes: where a value lies between two ends, on a logarithmic or a linear scale, and which values are written beside it. */

export interface Axis {
  /** What is counted, with its unit. */
  readonly title: string;
  readonly ticks: readonly { readonly value: number; readonly label: string }[];
  /** 0 for the low end, 1 for the high end. */
  position(value: number): number;
}

/** @param low more than 0 */
export function logarithmic(
  title: string,
  { low, high }: { readonly low: number; readonly high: number },
  ticks: Axis['ticks'],
): Axis {
  const span = Math.log(high / low);
  return { title, ticks, position: (value) => Math.log(value / low) / span };
}

/** From 0 to `high`, with a tick at every multiple of `step`. */
export function linear(
  title: string,
  high: number,
  step: number,
  label: (value: number) => string,
): Axis {
  const ticks = Array.from({ length: Math.round(high / step) + 1 }, (_, index) => ({
    value: index * step,
    label: label(index * step),
  }));
  return { title, ticks, position: (value) => value / high };
}

/** A logarithmic axis whose ticks are 1, 2 and 5 of each power of ten. */
export function decades(title: string, low: number, high: number): Axis {
  const first = Math.floor(Math.log10(low));
  const exponents = Array.from(
    { length: Math.ceil(Math.log10(high)) - first + 1 },
    (_, index) => first + index,
  );
  const values = exponents.flatMap((exponent) =>
    [1, 2, 5].map((digit) => Number(`${String(digit)}e${String(exponent)}`)),
  );
  const ticks = values
    .filter((value) => value >= low && value <= high)
    .map((value) => ({ value, label: grouped(value) }));
  return logarithmic(title, { low, high }, ticks);
}

/** A logarithmic axis whose ticks are powers of two, every `step`th. */
export function powersOfTwo(
  title: string,
  range: { readonly low: number; readonly high: number },
  step: number,
  label: (value: number) => string,
): Axis {
  const first = Math.ceil(Math.log2(range.low));
  const last = Math.floor(Math.log2(range.high));
  const ticks = Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => {
    const value = 2 ** (first + index * step);
    return { value, label: label(value) };
  });
  return logarithmic(title, range, ticks);
}

/** 4096 bytes are 4 KiB. */
export function bytes(value: number): string {
  if (value < 1024) return `${String(value)} B`;
  if (value < 1024 * 1024) return `${String(value / 1024)} KiB`;
  return `${String(value / 1024 / 1024)} MiB`;
}

/** 10000 is 10 000. */
export function grouped(value: number): string {
  return String(value).replace(/(?<!\.\d*)\B(?=(\d{3})+$)/g, ' ');
}
