/** The keys of a suite file, version 1. */
import type { Options } from 'yargs';
import { MACHINE_OPTIONS } from '../run-options.js';
import { jsonSchemaOf, type KeysShape, type SuiteShape } from './suite-shape.js';

const text = (describe: string): SuiteShape => ({ type: 'text', describe });
const some = (of: SuiteShape, describe: string): SuiteShape => ({ type: 'some', of, describe });

/** Options of `run` that a suite says in another way, and how; `debug` only logs. */
const INSTEAD = {
  expect: 'what COM1 must show are the steps (wait)',
  fail: 'what COM1 must not show is never',
  input: 'what is typed at COM1 are the steps (send)',
  until: 'the last step ends a case',
  debug: 's7x replay FOLDER -d shows it',
};

/** The options of `run` that a suite may name; `record` has its own form here. */
export const SUITE_OPTIONS: Readonly<Record<string, Options>> = Object.fromEntries(
  Object.entries<Options>(MACHINE_OPTIONS).filter(
    ([name]) => !(name in INSTEAD) && name !== 'record',
  ),
);

function optionShape(option: Options): SuiteShape {
  const describe = option.describe ?? '';
  if (option.type === 'boolean') return { type: 'flag', describe };
  const value: SuiteShape =
    option.choices === undefined
      ? { type: 'text', describe: '' }
      : { type: 'text', describe: '', choices: option.choices.map(String) };
  return option.array === true ? some(value, describe) : { ...value, describe };
}

const RAM = 'RAM: 8M, 1.5G, 4P; a bare number counts MiB';

const OPTION_SHAPES: Readonly<Record<string, SuiteShape>> = {
  image: text('the image, from the folder of the suite  [the bundled kernel]'),
  ram: text(RAM),
  ...Object.fromEntries(
    Object.entries(SUITE_OPTIONS).map(([name, option]) => [name, optionShape(option)]),
  ),
};

/** One value, whatever the option; a flag stays one. */
function variedShape([name, shape]: readonly [string, SuiteShape]): [string, SuiteShape] {
  const value: SuiteShape = shape.type === 'some' ? shape.of : shape;
  const describe = name === 'ram' ? `${RAM}; ranges too, such as 8M..1T` : shape.describe;
  return [name, some({ ...value, describe: '' }, describe)];
}

const WITHIN = { within: text('guest time since the step before, such as 200ms') };
const WAIT = text('text or /regex/ that COM1 must show behind what the wait before matched');
const SEND = text('what is typed at COM1, as the guest takes it');

const STEP: SuiteShape = {
  type: 'one-key',
  describe: 'a step; it begins when the one before has ended',
  keys: {
    wait: { value: WAIT, also: WITHIN },
    'wait-serial': { value: WAIT, also: WITHIN },
    send: { value: SEND, also: {} },
    'write-serial': { value: SEND, also: {} },
    delay: { value: text('guest time in which no step is taken, such as 10ms'), also: {} },
  },
};

export const SUITE_SHAPE: KeysShape = {
  type: 'keys',
  describe: 'a boot suite of s7x test, version 1',
  instead: INSTEAD,
  keys: {
    version: { type: 'text', describe: 'of this format', choices: ['1'] },
    name: text('what reports call the suite  [the name of its file]'),
    matrix: {
      type: 'keys',
      describe: 'options with several values: a case for each combination',
      keys: Object.fromEntries(Object.entries(OPTION_SHAPES).map(variedShape)),
    },
    steps: { type: 'list', describe: 'what must happen on COM1, in order', of: STEP },
    never: some(
      text('text, /regex/ or set'),
      'text, /regex/ or set (@generic, @linux, @rust) that COM1 must not show',
    ),
    budget: {
      type: 'map',
      key: /^(resident|cycles|sym:.+)$/,
      describe: 'resident: SIZE, cycles: COUNT, sym:FUNCTION: COUNT with all that it calls',
      of: text('the most that it may be: a size, or a count of cycles such as 1.2Mcyc'),
    },
    record: {
      type: 'map',
      key: /^[A-Za-z_][\w.-]*$/,
      describe: 'NAME: /regex/, or NAME: GROUP for a (?<GROUP>…) of a step',
      of: text('/regex/, or the name of a group of a step'),
    },
    golden: text(
      'a file with the bytes of COM1; {ram} in its name stands for a value of the matrix',
    ),
    ...OPTION_SHAPES,
  },
};

/** docs/boot.schema.json: what editors check and complete suites by. */
export function suiteSchema(): string {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...jsonSchemaOf(SUITE_SHAPE),
  };
  return JSON.stringify(schema, null, 2);
}
