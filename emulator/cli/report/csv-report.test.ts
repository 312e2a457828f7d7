/** The functions of a profile for spreadsheets and scripts. */
import { describe, expect, it } from 'vitest';
import { PROFILE } from '../../../tests/profile-fixture.js';
import { csvReport } from './csv-report.js';

const cheaper = {
  ...PROFILE,
  frames: PROFILE.frames.map((name) => (name === 'scan' ? 'scan, "fast"' : name)),
  nodes: PROFILE.nodes.map((node) => (node[1] === 4 ? ([3, 4, 20, 20, 8] as const) : node)),
};

describe('csvReport [RFC 4180]', () => {
  it('has all functions, the dearest first', () => {
    expect(csvReport(PROFILE, null).split('\r\n')).toEqual([
      'function,self_cycles,total_cycles,instructions,calls',
      'alloc,105,170,55,4',
      '[firmware],100,100,100,1',
      'scan,50,50,50,8',
      'print<u8>,20,25,20,3',
      '[#PF],15,75,15,1',
      'kmain,10,200,10,1',
      '',
    ]);
  });

  it('of two runs has the functions that differ; one that is not in a run cost nothing there', () => {
    const figures = ['self_cycles', 'total_cycles', 'instructions', 'calls'];
    const header = figures.flatMap((name) => [`${name}_before`, `${name}_after`, `${name}_change`]);
    expect(csvReport(cheaper, PROFILE).split('\r\n')).toEqual([
      ['function', ...header].join(','),
      'scan,50,0,-50,50,0,-50,50,0,-50,8,0,-8',
      '"scan, ""fast""",0,20,20,0,20,20,0,20,20,0,8,8',
      'alloc,105,105,0,170,140,-30,55,55,0,4,4,0',
      'kmain,10,10,0,200,170,-30,10,10,0,1,1,0',
      '',
    ]);
    expect(csvReport(PROFILE, PROFILE).split('\r\n')).toHaveLength(2);
  });
});
