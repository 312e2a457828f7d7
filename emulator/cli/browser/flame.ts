/** Zoom and details of a flame graph (emulator/cli/report/flame-graph.ts). Runs in a browser, inside the SVG. */
for (const graph of document.querySelectorAll<SVGSVGElement>('svg.flame')) {
  const attribute = (name: string): number => Number(graph.getAttribute(`data-${name}`));
  const [width, margin, character] = [
    attribute('width'),
    attribute('margin'),
    attribute('character'),
  ] as const;
  const details = graph.querySelector('.details');
  const frames = [...graph.querySelectorAll('g')];

  const labelFor = (name: string, pixels: number): string => {
    const room = Math.floor((pixels - 8) / character);
    if (room < 2) return '';
    return name.length <= room ? name : `${name.slice(0, room - 1)}…`;
  };

  const zoomTo = (start: number, share: number): void => {
    const end = start + share;
    const slack = 1e-6;
    for (const frame of frames) {
      const from = Number(frame.dataset['start']);
      const to = from + Number(frame.dataset['share']);
      const isCaller = from <= start + slack && to >= end - slack && to - from > share + slack;
      const outside = to <= start + slack || from >= end - slack;
      frame.style.display = outside ? 'none' : '';
      frame.classList.toggle('faded', isCaller);
      const left = isCaller ? 0 : (from - start) / share;
      const wide = isCaller ? 1 : (to - from) / share;
      const box = frame.querySelector('rect');
      const text = frame.querySelector('text');
      box?.setAttribute('x', String(margin + left * width));
      box?.setAttribute('width', String(wide * width));
      text?.setAttribute('x', String(margin + left * width + 4));
      if (text !== null) text.textContent = labelFor(frame.dataset['name'] ?? '', wide * width);
    }
  };

  for (const frame of frames) {
    frame.addEventListener('click', () => {
      zoomTo(Number(frame.dataset['start']), Number(frame.dataset['share']));
    });
    frame.addEventListener('mouseenter', () => {
      if (details !== null) details.textContent = frame.querySelector('title')?.textContent ?? '';
    });
  }
}

export {};
