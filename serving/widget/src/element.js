// <also-bought>: a skeleton, then the slate; what stands inside the element where there is no answer in time.

import { ASKED, LOCALE, answer, endpoint, parametersOf } from './api.js';
import { carousel } from './carousel.js';
import { Base, make, stylesheet } from './dom.js';
import { post } from './post.js';
import { forgetSession, random, sessionId } from './session.js';
import { ignore, near, watch } from './sight.js';
import { texts } from './texts.js';
import { bind, makeTile } from './tile.js';

export class AlsoBought extends Base {
  #frame;
  #list;
  #adjust = () => {};
  #slate;
  #since;
  #mirrored;
  #unseen = new Map(); // an item's row: what to do once it was seen
  #asking = 0;

  static get observedAttributes() {
    return [...ASKED, 'consent', 'placement'];
  }

  connectedCallback() {
    if (!this.shadowRoot) this.#build();
    if (this.hasAttribute('rec-id')) this.#adopt();
    else if (!this.#slate) {
      this.#fill(Array.from({ length: this.k }, () => makeTile(this, 'wait')));
      this.#turn('loading');
      near.observe(this);
    } else this.#measure();
  }

  disconnectedCallback() {
    near.unobserve(this);
    for (const row of this.#unseen.keys()) ignore(row);
  }

  attributeChangedCallback(name, _, value) {
    if (name === 'consent') {
      if (value === null) forgetSession();
      this.#measure();
    } else if (this.#since) this.ask();
  }

  get placement() {
    return this.getAttribute('placement') ?? 'also-bought';
  }

  get k() {
    return Number(this.option('k') ?? 8);
  }

  get language() {
    return this.option('locale') ?? this.closest('[lang]')?.lang ?? 'en';
  }

  get #page() {
    return this.closest('also-bought-page');
  }

  /** Returns an attribute, its page's where it has none of its own, else null. */
  option(name) {
    return this.getAttribute(name) ?? this.#page?.getAttribute(name) ?? null;
  }

  /** Returns what the widget itself says, in the language of the page. */
  text(name) {
    const language = this.language;
    return { ...texts.en, ...texts[language.split(/[-_]/)[0]], ...texts[language] }[name] ?? name;
  }

  // ---- asking

  /** Returns the parameters of its question, less what its page says for all. */
  asked() {
    const asked = { k: this.k };
    if (LOCALE.test(this.language)) asked.locale = this.language;
    if (this.placement === 'for-you' && this.option('consent') !== null && !this.option('user-id')) {
      asked.session_id = this.option('session-id') ?? sessionId();
    }
    return { ...asked, ...parametersOf(this) };
  }

  async ask() {
    this.wait();
    if (this.#page) return this.#page.ask();
    const asking = ++this.#asking;
    await null; // all that changes in one go is asked for once
    if (asking !== this.#asking) return;
    try {
      const slate = await answer(this, endpoint(this, `v1/${this.placement}`, this.asked()));
      if (asking === this.#asking) this.show(slate);
    } catch (error) {
      if (asking === this.#asking) this.fail(error);
    }
  }

  wait() {
    near.unobserve(this);
    this.#since = performance.now();
    this.#list.ariaBusy = 'true';
  }

  show(slate) {
    this.#list.ariaBusy = null;
    if (this.#slate && slate.rec_id === this.#slate.rec_id) return;
    for (const one of this.querySelectorAll(':scope > [slot]:not([slot=heading])')) one.remove();
    const room = this.#onScreen && this.k - slate.items.length;
    this.#fill(slate.items.map((item) => this.#row(item, slate)), room);
    this.#slate = slate;
    this.#turn(slate.items.length ? 'filled' : 'empty');
    this.#measure();
    this.#say('slate', { slate, ms: performance.now() - this.#since });
  }

  /** Leaves what is there: an earlier answer, else the fallback. */
  fail(error) {
    console.warn(`also-bought: ${this.placement}: ${error.message}`);
    this.#list.ariaBusy = null;
    if (!this.#slate) this.#turn('failed');
    this.#say('failed', { placement: this.placement, error });
  }

  /** Takes over what the shop's server has rendered: children with slot="1", slot="2", … and data-item-id. */
  #adopt() {
    this.#slate = { rec_id: this.getAttribute('rec-id') };
    const items = [...this.querySelectorAll(':scope > [data-item-id]')];
    this.#fill(items.map(({ slot, dataset }) =>
      this.#follow(make('li', {}, make('slot', { name: slot })), { item_id: dataset.itemId, rank: Number(slot) }, this.#slate)));
    this.#turn('filled');
    this.#measure();
  }

  #say(name, detail) {
    this.dispatchEvent(new CustomEvent(`also-bought:${name}`, { bubbles: true, composed: true, detail }));
  }

  // ---- showing

  #build() {
    const title = make(`h${this.getAttribute('heading-level') ?? 2}`, { id: 'h', part: 'heading', class: 'heading' },
      this.getAttribute('heading') ?? this.text(this.placement));
    const head = make('div', { class: 'head' }, make('slot', { name: 'heading' }, title));
    const layout = this.getAttribute('layout') ?? 'carousel';
    this.#list = make('ul', { role: 'list', part: 'list', class: layout, 'aria-labelledby': 'h' });
    this.#frame = make('div', {}, head, this.#list);
    this.attachShadow({ mode: 'open' }).append(this.#frame, make('slot'));
    this.shadowRoot.adoptedStyleSheets = [stylesheet()];
    if (layout !== 'carousel') return;
    const [buttons, adjust] = carousel(this.#list, (name) => this.text(name));
    head.append(buttons);
    this.#adjust = adjust;
  }

  get #onScreen() {
    const { top, bottom } = this.getBoundingClientRect();
    return top < innerHeight && bottom > 0;
  }

  /** Shows the frame or the fallback. Where there is neither, an element on the screen keeps its room: nothing jumps. */
  #turn(state) {
    this.dataset.state = state;
    const fallback = [...this.childNodes].some((one) => !one.slot && one.localName !== 'template' && one.textContent.trim());
    const framed = state === 'filled' || (state === 'loading' && !fallback);
    this.#frame.hidden = !framed;
    this.#frame.nextSibling.hidden = framed;
    this.toggleAttribute('data-gone', !framed && !fallback && !this.#onScreen);
  }

  #fill(rows, room = 0) {
    for (const row of this.#unseen.keys()) if (!rows.includes(row)) this.#unseen.delete(row);
    for (; room > 0; room--) rows.push(makeTile(this, 'gap'));
    this.#list.replaceChildren(...rows);
    this.#list.scrollLeft = 0;
    this.#adjust();
  }

  #row(item, slate) {
    const template = this.querySelector(':scope > template');
    const add = () => this.#say('add', { item, ...this.#fact('add_to_cart', item, slate) });
    if (!template) {
      const tile = makeTile(this);
      bind(this, tile, item, add);
      return this.#follow(tile, item, slate);
    }
    const own = make('div', { slot: item.rank }, document.importNode(template.content, true));
    bind(this, own, item, add);
    this.append(own);
    return this.#follow(make('li', {}, make('slot', { name: item.rank })), item, slate);
  }

  // ---- measuring

  #fact(event, { item_id, rank }, { rec_id }) {
    return { event, event_id: random(), item_id, rec_id, position: rank };
  }

  /** Has an item tell that it was seen or clicked. */
  #follow(row, item, slate) {
    this.#unseen.set(row, () => {
      this.#unseen.delete(row);
      this.#tell('impression', item, slate);
    });
    for (const name of ['click', 'auxclick']) row.addEventListener(name, (event) => {
      if (event.button < 2 && event.composedPath().some((one) => one.href)) this.#tell('click', item, slate);
    });
    return row;
  }

  #measure() {
    for (const [row, tell] of this.#unseen) {
      ignore(row);
      if (this.option('consent') !== null) watch(row, tell);
    }
  }

  /** Tells the page, and with consent the API and Google Analytics 4, where the page has that. */
  #tell(name, item, slate) {
    const fact = this.#fact(name, item, slate);
    const clicked = name === 'click';
    this.#say(name, { ...fact, placement: this.placement });
    if (this.option('consent') === null) return;
    const [user_id, user_token] = [this.option('user-id'), this.option('user-token') ?? undefined];
    const who = user_id ? { user_id, user_token } : { session_id: this.option('session-id') ?? sessionId() };
    post(this, { ...fact, ...who }, clicked);
    if (clicked) this.#mirror('select_item', [item], slate);
    else if (this.#mirrored !== slate) {
      this.#mirrored = slate;
      this.#mirror('view_item_list', slate.items ?? [item], slate);
    }
  }

  #mirror(event, items, { rec_id }) {
    const lines = items.map(({ item_id, title, price, rank }) => ({ item_id, item_name: title, price, index: rank }));
    const list = { item_list_id: this.placement, item_list_name: this.text(this.placement), rec_id, items: lines };
    globalThis.dataLayer?.push({ ecommerce: null }, { event, ecommerce: list });
  }
}
