/** The plots of docs/accuracy.md, made of the experiments of scripts/staircases. */
import type { Comparison } from '../staircases/comparison.js';
import { bars } from './bars.js';
import { curves, type Curve, type CurvePoint } from './curves.js';
import { bytes, decades, grouped, powersOfTwo } from './scale.js';

const KIB = 1024;
const SIZES = { low: 3 * KIB, high: 300 * KIB * KIB };

/** Text by the name of the file that it goes to. */
export function figures(all: readonly Comparison[]): Map<string, string> {
  return new Map([
    ['latency.svg', latency(all)],
    ['pages.svg', pages(all)],
    ['rep-stos.svg', strings(all, 'stos')],
    ['rep-movs.svg', strings(all, 'movs')],
    ['loops.svg', loops(all)],
    ['branches.svg', branches(all)],
  ]);
}

function latency(all: readonly Comparison[]): string {
  const plot = {
    title: 'A chain of loads in random order, pages of 2 MiB',
    x: powersOfTwo('bytes that the chain goes through', SIZES, 2, bytes),
    y: decades('cycles of one load', 3, 500),
  };
  return curves(plot, [curve(all, 'chain', /^chase (\d+)K$/, KIB)]);
}

function pages(all: readonly Comparison[]): string {
  const plot = {
    title: 'A chain of loads, one line of each page of 4 KiB',
    x: powersOfTwo('pages', { low: 12, high: 20_000 }, 1, grouped),
    y: decades('cycles of one load', 3, 500),
  };
  return curves(plot, [curve(all, 'chain', /^chase 4K-page x(\d+)$/, 1)]);
}

function strings(all: readonly Comparison[], name: 'stos' | 'movs'): string {
  const plot = {
    title: `REP ${name.toUpperCase()} by length`,
    x: powersOfTwo('bytes', { low: 0.8, high: 5 * KIB * KIB }, 2, bytes),
    y: decades('cycles of one instruction', 15, 500_000),
  };
  return curves(plot, [
    curve(all, `rep ${name}q`, new RegExp(`^rep ${name}q n=(\\d+)$`), 8),
    curve(all, `rep ${name}b`, new RegExp(`^rep ${name}b n=(\\d+)$`), 1),
  ]);
}

function loops(all: readonly Comparison[]): string {
  const range = { ...SIZES, high: 6 * KIB * KIB };
  const plot = {
    title: 'Loops of plain stores and of plain loads, 8 bytes each',
    x: powersOfTwo('bytes that the loop goes through', range, 1, bytes),
    y: decades('cycles of one store, one load', 0.4, 10),
  };
  return curves(plot, [
    curve(all, 'stores', /^loop store 8B (\d+)KB$/, KIB),
    curve(all, 'loads', /^loop load 8B (\d+)KB$/, KIB),
  ]);
}

function branches(all: readonly Comparison[]): string {
  const members = all.filter(({ name }) => /^(br|shr|indirect) ?/.test(name));
  return bars('Branches, by what the predictor has to know', 'cycles of one branch', members);
}

/** The experiments whose names have a number in the place of the pattern; the axis counts `unit` times that. */
function curve(all: readonly Comparison[], label: string, pattern: RegExp, unit: number): Curve {
  const points = all.flatMap((comparison): CurvePoint[] => {
    const x = unit * Number(pattern.exec(comparison.name)?.[1] ?? 0);
    return x > 0 ? [{ ...comparison, x }] : [];
  });
  return { label, points };
}
