// The shop's own script: buttons, basket and checkout, and the events that follow. Recommendations are the widget's.

import { change, count, money, put, read, sum, write } from './basket.js';
import { follow, led, send } from './events.js';
import './why.js';

const $ = (id) => document.getElementById(id);

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function say(words) {
  $('toast').textContent = words;
  clearTimeout(say.clock);
  say.clock = setTimeout(() => { $('toast').textContent = ''; }, 2500);
}

function add(item, led = {}) {
  put({ ...item, ...led });
  send({ ...led, event: 'add_to_cart', item_id: item.item_id, quantity: 1, ...(item.price && { price: item.price }) });
  say(`In your basket: ${item.title}`);
}

addEventListener('click', ({ target }) => {
  const button = target.closest?.('button.add');
  if (!button) return;
  const { itemId, title, price } = button.dataset;
  add({ item_id: itemId, title, price: price ? Number(price) : undefined }, arrival);
});

addEventListener('also-bought:add', ({ detail: { item, event_id, rec_id, position } }) => {
  add({ item_id: item.item_id, title: item.title ?? item.item_id, price: item.price }, { event_id, rec_id, position });
});

addEventListener('also-bought:click', ({ detail }) => follow(detail));

// ---- a product page is a view, by the slate that led here

let arrival = {};
const product = document.querySelector('.product');
if (product) {
  const view = led(product.dataset.itemId);
  send({ event: 'view', ...view });
  if (view.rec_id) arrival = { rec_id: view.rec_id, position: view.position };
}

// ---- the basket, and what goes with it

function line(one) {
  const picture = make('img', { src: `/demo/picture.svg?item_id=${encodeURIComponent(one.item_id)}`, alt: '', width: 64, height: 64 });
  const name = make('a', { href: `/demo/product?item_id=${encodeURIComponent(one.item_id)}` }, one.title);
  const step = (label, sign, quantity) => {
    const button = make('button', { type: 'button', 'aria-label': `${label}: ${one.title}` }, sign);
    button.addEventListener('click', () => {
      change(one.item_id, quantity);
      if (!quantity) say(`Taken out: ${one.title}`);
    });
    return button;
  };
  const number = make('span', { class: 'number' }, String(one.quantity));
  const steps = make('span', { class: 'steps' }, step('One less', '−', one.quantity - 1), number, step('One more', '+', one.quantity + 1));
  const price = make('span', { class: 'price' }, one.price ? money(one.price * one.quantity) : '');
  return make('li', {}, picture, name, steps, price, step('Take out', '×', 0));
}

const crossSell = $('cross-sell'); // there is nothing to ask for an empty basket

function show() {
  const lines = read();
  $('count').textContent = count();
  $('count').hidden = !lines.length;
  if (!$('lines')) return;
  $('lines').replaceChildren(...lines.map(line));
  $('empty').hidden = lines.length > 0;
  document.querySelector('.sum').hidden = !lines.length;
  $('sum').textContent = money(sum());
  if (crossSell && lines.length) {
    crossSell.setAttribute('item-ids', JSON.stringify(lines.map((one) => one.item_id).slice(-100)));
    if (!crossSell.isConnected) document.querySelector('also-bought-page').prepend(crossSell);
  } else crossSell?.remove();
  for (const id of ['basket', 'goes-with']) $(id)?.removeAttribute('hidden');
}

addEventListener('shop:basket', show);
addEventListener('storage', show);
show();

$('order')?.addEventListener('click', async ({ target }) => {
  target.disabled = true;
  const items = read().map(({ item_id, quantity, price, rec_id, position }) => ({ item_id, quantity, price, rec_id, position }));
  await send({ event: 'purchase', order_id: crypto.randomUUID(), items });
  write([]);
  location.assign(target.dataset.next);
});
