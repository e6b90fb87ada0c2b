// <also-bought-page>: asks for all <also-bought> inside it with one request; no item stands there twice.

import { ASKED, answer, endpoint, parametersOf, typed } from './api.js';
import { Base } from './dom.js';

export class AlsoBoughtPage extends Base {
  #asking = 0;

  static get observedAttributes() {
    return [...ASKED, 'consent'];
  }

  attributeChangedCallback(...change) {
    for (const element of this.#elements()) element.attributeChangedCallback(...change);
  }

  #elements() {
    return [...this.querySelectorAll('also-bought:defined')].filter((one) => !one.hasAttribute('rec-id'));
  }

  /** Asks for all again; what changes in one go is asked for once. */
  async ask() {
    const asking = ++this.#asking;
    await null;
    if (asking !== this.#asking) return;
    const elements = this.#elements();
    try {
      for (const one of elements) one.wait();
      const placements = elements.map((one) => ({ placement: one.placement, ...typed(one.asked()) }));
      const asked = { ...typed(parametersOf(this)), placements };
      const found = await answer(elements[0], endpoint(elements[0], 'v1/recommendations'), asked);
      if (asking === this.#asking) elements.forEach((one, place) => one.show(found.pages[0].slates[place]));
    } catch (error) {
      if (asking === this.#asking) for (const one of elements) one.fail(error);
    }
  }
}
