/** `sweep` of the built package: its workers are files of the build. */
import { ConfigurationError, sweep } from 'system7x';
import { describe, expect, it } from 'vitest';
import { guest } from '../guests/guest.js';

const BYE = guest('power-off');

describe('sweep', () => {
  it('runs a machine for each size and value, in their order', async () => {
    const rows = await sweep(BYE, {
      ram: '8M..32M',
      cpu: 'unit',
      vary: { fill: ['zero', '0xcc'] },
      record: ['last=/t\\w+/'],
    });
    expect(rows.map(({ key }) => `${key['ram']} ${key['fill']}`)).toEqual([
      '8 MiB zero',
      '8 MiB 0xcc',
      '16 MiB zero',
      '16 MiB 0xcc',
      '32 MiB zero',
      '32 MiB 0xcc',
    ]);
    expect(rows.map(({ passed, note }) => [passed, note])).toEqual(rows.map(() => [true, '']));
    expect(rows[0]?.record?.records).toEqual({ last: 'three' });
    expect(rows.map(({ record }) => record?.config['fill'])).toEqual(
      rows.map(({ key }) =>
        key['fill'] === 'zero' ? `0x${'00'.repeat(8)}` : `0x${'cc'.repeat(8)}`,
      ),
    );
  });

  it('takes values with commas, and names as boot has them', async () => {
    const rows = await sweep(undefined, {
      cpu: 'unit',
      record: ['line=/command line: (.*)$/'],
      vary: { append: ['quiet a,b'], memmapChaos: ['1', '2'] },
    });
    expect(rows.map(({ key, record }) => [key, record?.config['append']])).toEqual([
      [{ append: 'quiet a,b', 'memmap-chaos': '1' }, 'quiet a,b'],
      [{ append: 'quiet a,b', 'memmap-chaos': '2' }, 'quiet a,b'],
    ]);
  });

  it('says why a row does not pass', async () => {
    const rows = await sweep(BYE, { ram: '8M', fail: ['two'] });
    expect(rows.map(({ passed, note }) => [passed, note])).toEqual([
      [false, '--fail two matched in line 2'],
    ]);
  });

  it('refuses what is no option', async () => {
    await expect(sweep(BYE, { ram: '8M', jobs: 0 })).rejects.toThrow('jobs 0');
    await expect(sweep(BYE, {})).rejects.toThrow('nothing varies');
    await expect(sweep(BYE, { memmap: '-', ram: '8M' })).rejects.toThrow('names a file');
    await expect(sweep(BYE, { vary: { until: ['1ms'] } })).rejects.toThrow('no option until');
    const wrong: [object, string][] = [
      [{ ram: ['8M', '1G'] }, "ram: it is a text, such as '8M..1T'"],
      [{ ram: '8M', record: { last: /t.*/ } }, 'record: it is a list of texts, such as NAME=/'],
      [{ ram: '8M', expect: 'two' }, 'expect: it is a list of texts'],
      [{ ram: '8M', fail: [/two/] }, 'fail: it is a list of texts'],
      [{ vary: { cpu: 'unit' } }, 'vary cpu: it is a list of texts'],
    ];
    for (const [options, sentence] of wrong) {
      await expect(sweep(BYE, options)).rejects.toThrow(sentence);
      await expect(sweep(BYE, options)).rejects.toThrow(ConfigurationError);
    }
  });
});
