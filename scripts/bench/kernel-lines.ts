/** One line of the kernel's own measurement: `[nk_bench] op=NAME field=number …` (kernel/src/bench/samples.ts). */
export interface BenchLine {
  readonly op: string;
  readonly fields: Readonly<Record<string, number>>;
}

const LINE = /^\[nk_bench\] op=(\w+)((?: \w+=\d+)*)\r?$/;

/** The lines of measurements in what a kernel printed, in order. */
export function parseBenchLines(serial: string): BenchLine[] {
  return serial.split('\n').flatMap((line) => {
    const match = LINE.exec(line);
    if (match === null) return [];
    const [, op = '', rest = ''] = match;
    const fields: Record<string, number> = {};
    for (const [, name = '', value] of rest.matchAll(/ (\w+)=(\d+)/g)) fields[name] = Number(value);
    return [{ op, fields }];
  });
}
