// The buttons that turn a list which is wider than the page, in the direction in which one reads.

import { make } from './dom.js';

/** Returns the buttons of a list, and what is to be called when its items have changed. */
export function carousel(list, text) {
  const [previous, next] = [['previous', -0.9], ['next', 0.9]].map(([name, pages]) => {
    const button = make('button', { class: name, part: name, type: 'button', 'aria-label': text(name) });
    button.addEventListener('click', () => {
      const sign = getComputedStyle(list).direction === 'rtl' ? -1 : 1;
      list.scrollBy({ left: pages * sign * list.clientWidth });
    });
    return button;
  });
  const buttons = make('span', { class: 'steer' }, previous, next);
  const adjust = () => {
    const room = list.scrollWidth - list.clientWidth;
    const at = Math.abs(list.scrollLeft);
    buttons.hidden = room < 8;
    list.tabIndex = room < 8 ? -1 : 0; // so that arrow keys turn it, also where no item is a link
    previous.ariaDisabled = at < 4;
    next.ariaDisabled = at > room - 4;
  };
  list.addEventListener('focusin', ({ target }) => {
    const item = target.matches(':focus-visible') && target.closest('li, [slot]');
    if (item) item.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  });
  list.addEventListener('scroll', adjust, { passive: true });
  new ResizeObserver(adjust).observe(list);
  return [buttons, adjust];
}
