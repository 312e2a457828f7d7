/** A sweep.json that somebody gives back to us. */
import { readFileSync } from 'node:fs';
import { ConfigurationError, HostError } from '../base/errors.js';
import { misshapenPart } from './document-shape.js';
import { reasonOf } from './host-file.js';
import { SWEEP_SCHEMA, SWEEP_SHAPE, type SweepResult } from './sweep-result.js';

/** @throws HostError, ConfigurationError naming the option */
export function readSweep(path: string, option: string): SweepResult {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new HostError(`${option} ${path} cannot be read: ${reasonOf(error)}`);
  }
  const sweep = parseSweep(text);
  if (sweep === null) throw new ConfigurationError(`${option} ${path}: not a sweep.json of s7x`);
  return sweep;
}

function parseSweep(text: string): SweepResult | null {
  try {
    const value = JSON.parse(text) as SweepResult;
    return value.schema === SWEEP_SCHEMA && misshapenPart(value, SWEEP_SHAPE) === null
      ? value
      : null;
  } catch {
    return null;
  }
}
