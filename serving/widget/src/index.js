// The entry: what the module exports, and the two elements by their names.

import { version } from '../package.json';
import { AlsoBought } from './element.js';
import { AlsoBoughtPage } from './page.js';
import { sessionId } from './session.js';
import { texts } from './texts.js';

export { AlsoBought, AlsoBoughtPage, sessionId, texts, version };

for (const [name, element] of [['also-bought-page', AlsoBoughtPage], ['also-bought', AlsoBought]]) {
  if (globalThis.customElements && !customElements.get(name)) customElements.define(name, element);
}
