// The side panel: where each slate of the page comes from, and which events were sent.

const panel = document.getElementById('why');
const button = document.getElementById('why-button');
const OPEN = 'demo-why';
const CONSENT = 'demo-no-consent';
const LAST = 'demo-last-for-you';

function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function turn(open) {
  panel.hidden = !open;
  document.body.classList.toggle('explained', open);
  button.setAttribute('aria-expanded', open);
  sessionStorage.setItem(OPEN, open ? '1' : '');
}

const known = new Map(); // an element: its part of the panel

/** Shows a slate under the element it stands in; a later answer takes the place of an earlier one. */
function explain({ target, detail: { slate, ms } }) {
  const moves = moved(slate);
  const counted = Object.entries(slate.dropped).map(([rule, number]) => `${number} ${rule.replaceAll('_', ' ')}`);
  const facts = [`${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`, `${slate.items.length} items`];
  if (slate.shortfall) facts.push(`${slate.shortfall} short`);
  if (counted.length) facts.push(`left out: ${counted.join(', ')}`);
  const items = slate.items.map((item) => make('li', {},
    make('b', {}, item.title ?? item.item_id), moves.get(item.item_id) ?? '',
    make('span', { class: 'because' }, item.reason.text),
    make('span', { class: 'facts' }, make('code', {}, item.source), ` ${item.reason.type}, score ${item.score.toFixed(3)}`)));
  const part = make('details', { class: 'slate' },
    make('summary', {}, make('h3', {}, slate.placement), make('span', { class: 'facts' }, facts.join(' · '))),
    ...(slate.fallback ? [make('p', { class: 'fallback' }, slate.fallback.text)] : []),
    make('ol', {}, ...items),
    make('p', { class: 'facts' }, 'rec_id ', make('code', {}, slate.rec_id), ', model ', make('code', {}, slate.model_version)));
  part.open = known.get(target)?.open ?? slate.placement === placements()[0];
  known.set(target, part);
  const order = [...document.querySelectorAll('also-bought')];
  document.getElementById('slates').replaceChildren(...order.flatMap((one) => known.get(one) ?? []));
}

const placements = () => [...document.querySelectorAll('also-bought')].map((one) => one.placement);

/** Returns how for-you differs from what it was the last time: the proof that it follows what one does. */
function moved(slate) {
  const marks = new Map();
  if (slate.placement !== 'for-you') return marks;
  const { userId, sessionId } = document.body.dataset;
  const name = `${LAST} ${userId || sessionId}`;
  const before = JSON.parse(sessionStorage.getItem(name) ?? 'null');
  const now = slate.items.map((item) => item.item_id);
  sessionStorage.setItem(name, JSON.stringify(now));
  for (const [place, id] of before ? now.entries() : []) {
    const up = before.indexOf(id) - place;
    const words = before.indexOf(id) < 0 ? 'new' : up > 0 ? `up ${up}` : up < 0 ? `down ${-up}` : '';
    if (words) marks.set(id, make('span', { class: 'moved' }, words));
  }
  return marks;
}

function note({ event, item_id, items, status = 'sent' }) {
  document.getElementById('no-events').hidden = true;
  const what = items ? `${items.length} items` : item_id;
  document.getElementById('events').prepend(make('li', {}, make('b', {}, event), ` ${what} `, make('small', {}, String(status))));
}

if (panel) {
  button.addEventListener('click', () => {
    turn(panel.hidden);
    if (!panel.hidden) panel.querySelector('.close').focus();
  });
  panel.querySelector('.close').addEventListener('click', () => {
    turn(false);
    button.focus();
  });
  addEventListener('keydown', ({ key }) => {
    if (key === 'Escape' && !panel.hidden && panel.contains(document.activeElement)) panel.querySelector('.close').click();
  });
  addEventListener('also-bought:slate', explain);
  addEventListener('shop:sent', ({ detail }) => note(detail));
  for (const name of ['also-bought:impression', 'also-bought:click']) {
    addEventListener(name, ({ detail }) => consent.checked && note(detail));
  }
  const consent = document.getElementById('consent');
  const agree = () => {
    for (const page of document.querySelectorAll('also-bought-page')) page.toggleAttribute('consent', consent.checked);
    localStorage.setItem(CONSENT, consent.checked ? '' : '1');
  };
  consent.checked = !localStorage.getItem(CONSENT);
  consent.addEventListener('change', agree);
  agree();
  if (sessionStorage.getItem(OPEN)) turn(true);
}
