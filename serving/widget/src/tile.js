// One item as the page shows it: a tile of ours, or the shop's own template, which the shop's styles reach.

import { LOCALE } from './api.js';
import { address, make } from './dom.js';

/** Makes an empty tile; all are of one size. `name` is set where it only keeps room. */
export function makeTile(element, name) {
  const part = (tag, one, attributes, ...inside) => make(tag, { class: one, part: one, ...attributes }, ...inside);
  const image = make('img', { part: 'image', alt: '', loading: 'lazy', 'data-bind': 'image' });
  const tile = part('li', name ? `tile ${name}` : 'tile', name ? { 'aria-hidden': true, inert: '' } : {},
    part('span', 'picture', { 'aria-hidden': true }, ...(name ? [] : [image])),
    part('a', 'title', { 'data-bind': 'link title' }),
    part('span', 'price', { 'data-bind': 'price' }),
    part('span', 'reason', { 'data-bind': 'reason' }));
  if (element.option('add') !== null) tile.append(part('button', 'add', { type: 'button', 'data-bind': 'add' }));
  return tile;
}

/** Fills what names its content in `data-bind`; `add` is called when the item is to go into the basket. */
export function bind(element, root, item, add) {
  const url = (name, given) =>
    address(element.option(name)?.replace('{item_id}', encodeURIComponent(item.item_id)) ?? given);
  const title = item.title ?? item.item_id;
  const texts = { title, price: price(element, item.price), reason: item.reason.text };
  for (const one of root.querySelectorAll('[data-bind]')) {
    for (const name of one.dataset.bind.split(' ')) {
      if (name === 'link') link(one, url('item-url', item.url));
      else if (name === 'image') picture(one, url('image-url', item.image_url), [...title][0].toUpperCase());
      else if (name === 'add') button(one, element.option('add') || element.text('add'), title, add);
      else one.textContent = texts[name] ?? item[name] ?? '';
    }
  }
}

function link(one, url) {
  if (url) one.href = url;
  else one.removeAttribute('href');
}

/** Shows a letter where there is no picture. */
function picture(one, url, letter) {
  one.addEventListener('error', () => one.replaceWith(letter));
  if (url) one.src = url;
  else one.replaceWith(letter);
}

function button(one, label, title, add) {
  if (!one.textContent.trim()) one.textContent = label;
  one.ariaLabel = `${one.textContent.trim()}: ${title}`;
  one.addEventListener('click', add);
}

function price(element, value) {
  if (typeof value !== 'number') return '';
  const currency = element.option('currency');
  const form = currency ? { style: 'currency', currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const language = LOCALE.test(element.language) ? element.language.replaceAll('_', '-') : [];
  return new Intl.NumberFormat(language, form).format(value);
}
