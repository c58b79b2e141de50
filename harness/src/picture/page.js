'use strict';
// Steps through the story. Everything that a student wrote becomes a text node, never markup.
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const steps = data.steps;
  if (steps.length === 0) return;

  document.documentElement.classList.add('js');
  const where = document.getElementById('where');
  const details = document.getElementById('details');
  const indexOf = new Map(steps.map((step, index) => [step.number, index]));
  const marked = new Map(); // Number of a step: its group in the diagram and its line in the list.
  for (const element of document.querySelectorAll('.step[data-step], .steps li[data-step]')) {
    const number = Number(element.dataset.step);
    marked.set(number, [...(marked.get(number) || []), element]);
  }
  const flights = new Map(); // Number of a datagram: its arrows.
  for (const flight of document.querySelectorAll('.flight[data-datagram]')) {
    const number = Number(flight.dataset.datagram);
    if (number > 0) flights.set(number, [...(flights.get(number) || []), flight]);
  }
  // Without a script the address of a step is that of an element; with it the browser must not scroll there by itself.
  for (const element of document.querySelectorAll('.step[id]')) element.removeAttribute('id');
  let current = -1;
  let lit = [];
  let peeked = [];

  function make(name, text, className) {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    if (className) element.className = className;
    return element;
  }

  // --- What a state looks like, and what changed in it.

  // Words, numbers, quoted texts and single signs, each with the space before it.
  function words(text) {
    return text.match(/\s*(?:"(?:[^"\\]|\\.)*"|[\p{L}\p{N}_.\-]+|[^\s])/gu) || [];
  }

  // One value a line, indented, as far as the text is long enough to need it.
  function layOut(text) {
    const wide = 36;
    const list = words(text);
    const opens = { '{': '}', '[': ']', '(': ')' };
    const closing = [];
    const partner = new Map();
    list.forEach((word, index) => {
      const sign = word.trim();
      if (opens[sign]) closing.push(index);
      else if (closing.length && opens[list[closing[closing.length - 1]].trim()] === sign) {
        partner.set(closing.pop(), index);
      }
    });
    const out = [];
    const broken = []; // For each open bracket whether its values have lines of their own.
    let fresh = true;
    list.forEach((word, index) => {
      const sign = word.trim();
      const end = partner.get(index);
      const shown = fresh ? '  '.repeat(broken.filter(Boolean).length) + sign : word;
      fresh = false;
      if (opens[sign]) {
        const length = end === undefined ? Infinity : list.slice(index, end + 1).join('').length;
        out.push(shown);
        broken.push(length > wide);
        if (length > wide) { out.push('\n'); fresh = true; }
      } else if (/^[}\])]$/.test(sign) && broken.length) {
        const lines = broken.pop();
        if (lines) out.push('\n' + '  '.repeat(broken.filter(Boolean).length) + sign);
        else out.push(shown);
      } else if (sign === ',' && broken[broken.length - 1]) {
        out.push(shown, '\n');
        fresh = true;
      } else {
        out.push(shown);
      }
    });
    return out.join('').replace(/\n\s*\n/g, '\n');
  }

  // The longest common subsequence decides what stayed; both sides are lists of words.
  function difference(before, after) {
    const same = (a, b) => a.trim() === b.trim();
    let head = 0;
    while (head < before.length && head < after.length && same(before[head], after[head])) head++;
    let tail = 0;
    while (tail < before.length - head && tail < after.length - head
      && same(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail++;
    const old = before.slice(head, before.length - tail);
    const now = after.slice(head, after.length - tail);
    const length = old.map(() => new Uint16Array(now.length + 1));
    length.push(new Uint16Array(now.length + 1));
    for (let i = old.length - 1; i >= 0; i--) {
      for (let j = now.length - 1; j >= 0; j--) {
        length[i][j] = same(old[i], now[j]) ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
      }
    }
    const parts = [['', after.slice(0, head)]];
    let i = 0;
    let j = 0;
    while (i < old.length || j < now.length) {
      if (i < old.length && j < now.length && same(old[i], now[j])) { parts.push(['', [now[j]]]); i++; j++; }
      else if (i < old.length && (j === now.length || length[i + 1][j] >= length[i][j + 1])) { parts.push(['del', [old[i]]]); i++; }
      else { parts.push(['ins', [now[j]]]); j++; }
    }
    parts.push(['', after.slice(after.length - tail)]);
    return parts;
  }

  function showState(before, after) {
    const box = make('pre', undefined, 'state');
    if (before === null || before === after) {
      box.textContent = layOut(data.states[after]);
      return box;
    }
    const merged = [];
    for (const [kind, list] of difference(words(layOut(data.states[before])), words(layOut(data.states[after])))) {
      const last = merged[merged.length - 1];
      if (list.length && last && last[0] === kind) last[1] += list.join('');
      else if (list.length) merged.push([kind, list.join('')]);
    }
    for (const [kind, text] of merged) {
      if (kind === '') { box.append(text); continue; }
      const inner = text.trimStart();
      // What is gone stays on the line where it was.
      box.append(kind === 'del' ? ' ' : text.slice(0, text.length - inner.length), make(kind, inner.replace(/\s+/g, ' ')));
    }
    return box;
  }

  // --- What is shown of a step.

  const hasFailed = document.body.classList.contains('failed');

  function show(index) {
    const step = steps[index];
    where.textContent = `Step ${step.number} of ${steps[steps.length - 1].number}`;
    where.append(make('small', step.at));
    const list = make('ul');
    for (const record of step.records) {
      const item = make('li', `${record.text} `);
      if (record.datagram) item.append(make('small', `datagram ${record.datagram}`));
      list.append(item);
    }
    details.replaceChildren(make('h3', step.who), list);
    if (hasFailed && index === steps.length - 1) details.append(make('p', '✗ Here it fails.', 'fails'));
    if (step.down) {
      details.append(make('h3', `State of ${step.host}`), make('p', 'It is down: all that was in memory is gone.'));
    } else if (step.after !== null) {
      const changed = step.before !== null && step.before !== step.after ? 'what changed is marked' : 'unchanged';
      const title = step.before === null ? `State of ${step.host}` : `State of ${step.host}, ${changed}`;
      details.append(make('h3', title), showState(step.before, step.after));
    }
  }

  function light(index) {
    lit.forEach((flight) => flight.classList.remove('lit'));
    lit = steps[index].records.flatMap((record) => flights.get(record.datagram) || []);
    lit.forEach((flight) => flight.classList.add('lit'));
  }

  function peek(index) {
    peeked.forEach((element) => element.classList.remove('peek'));
    peeked = index === current ? [] : marked.get(steps[index].number) || [];
    peeked.forEach((element) => element.classList.add('peek'));
    show(index);
    light(index);
  }

  // --- Stepping.

  // Scrolls a pane, and not the page around it, until a part of it is in sight, with room for what is before and after.
  function reveal(part, pane, above, below) {
    const [outer, inner] = [pane.getBoundingClientRect(), part.getBoundingClientRect()];
    const [top, bottom] = [outer.top + above, outer.bottom - below];
    if (inner.top < top) pane.scrollTop -= top - inner.top;
    else if (inner.bottom > bottom) pane.scrollTop += Math.min(inner.bottom - bottom, inner.top - top);
    if (inner.width > outer.width) return;
    if (inner.left < outer.left) pane.scrollLeft -= outer.left + 12 - inner.left;
    else if (inner.right > outer.right) pane.scrollLeft += inner.right - outer.right + 12;
  }

  function scrollTo(element) {
    const pane = element.closest('.picture, nav');
    if (pane.matches('nav')) {
      reveal(element, pane, 30, 30);
      return;
    }
    // The hosts' names cover the upper edge. The marks decide how far aside to go: the frame is as wide as everything.
    reveal(element.querySelector('.frame'), pane, pane.querySelector('.names-bar').offsetHeight + 40, 60);
    reveal(element.querySelector('.marks'), pane, 0, 0);
  }

  function select(index, moveFocus) {
    index = Math.max(0, Math.min(steps.length - 1, index));
    for (const element of document.querySelectorAll('.now')) {
      element.classList.remove('now');
      element.removeAttribute('aria-current');
    }
    current = index;
    const number = steps[index].number;
    const elements = marked.get(number) || [];
    for (const element of elements) {
      element.classList.add('now');
      element.setAttribute('aria-current', 'step');
    }
    // One step is in the order of the tab key, the arrow keys go to the others.
    for (const element of document.querySelectorAll('.step[tabindex="0"]')) element.setAttribute('tabindex', '-1');
    const group = elements.find((element) => element.matches('.step'));
    if (group) {
      group.setAttribute('tabindex', '0');
      if (moveFocus) group.focus({ preventScroll: true });
    }
    peek(index);
    // Only now, as the details make room for the list.
    for (const element of elements) scrollTo(element);
    if (location.hash !== `#step=${number}`) history.replaceState(null, '', `#step=${number}`);
  }

  function fromHash() {
    const found = /^#step=(\d+)$/.exec(location.hash);
    return found ? indexOf.get(Number(found[1])) : undefined;
  }

  const moves = {
    ArrowDown: () => current + 1, ArrowRight: () => current + 1, ArrowUp: () => current - 1, ArrowLeft: () => current - 1,
    Home: () => 0, End: () => steps.length - 1,
    next: () => current + 1, previous: () => current - 1, first: () => 0, last: () => steps.length - 1,
  };

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const here = event.target.closest ? event.target.closest('.step[data-step]') : null;
    if (here && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault();
      select(indexOf.get(Number(here.dataset.step)), true);
      return;
    }
    if (!Object.hasOwn(moves, event.key) || event.key.length < 3) return;
    event.preventDefault();
    select(moves[event.key](), true);
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-go]');
    if (button) { select(moves[button.dataset.go](), false); return; }
    const element = event.target.closest('[data-step]');
    const index = element && indexOf.get(Number(element.dataset.step));
    if (index === undefined || index === null) return;
    event.preventDefault();
    select(index, element.matches('.step, .band, .flight'));
  });
  document.addEventListener('focusin', (event) => {
    const element = event.target.closest('[data-step]');
    const index = element ? indexOf.get(Number(element.dataset.step)) : undefined;
    if (index !== undefined) peek(index);
  });
  document.addEventListener('mouseover', (event) => {
    const element = event.target.closest('[data-step]');
    const index = element ? indexOf.get(Number(element.dataset.step)) : undefined;
    if (index !== undefined) peek(index);
  });
  for (const pane of document.querySelectorAll('.picture, nav')) {
    pane.addEventListener('mouseleave', () => { if (current >= 0) peek(current); });
  }
  window.addEventListener('hashchange', () => {
    const index = fromHash();
    if (index !== undefined && index !== current) select(index, false);
  });

  const asked = fromHash();
  // A failure is read from its end, a run that went well from its beginning.
  select(asked === undefined ? (hasFailed ? steps.length - 1 : 0) : asked, false);
})();
