/** Which processor the native half ran on. */
import { readFileSync } from 'node:fs';

export interface HostProcessor {
  readonly vendor: string;
  readonly family: number;
  readonly model: number;
}

/** From Linux's /proc/cpuinfo; null where there is none. */
export function hostProcessor(): HostProcessor | null {
  let text: string;
  try {
    text = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return null;
  }
  const field = (name: string): string =>
    new RegExp(`^${name}\\s*: (.*)$`, 'm').exec(text)?.[1] ?? '';
  return {
    vendor: field('vendor_id'),
    family: Number(field('cpu family')),
    model: Number(field('model')),
  };
}

export function isZen1({ vendor, family, model }: HostProcessor): boolean {
  return vendor === 'AuthenticAMD' && family === 0x17 && model === 1;
}

export function wordsOf({ vendor, family, model }: HostProcessor): string {
  return `${vendor} family ${family.toString(16)}h model ${model.toString(16)}h`;
}
