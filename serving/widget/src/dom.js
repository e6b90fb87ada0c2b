// Elements and addresses; text is only ever set as text.

import css from './style.css';

/** HTMLElement, or a stand-in where there is none: a server may import the module. */
export const Base = globalThis.HTMLElement ?? class {};

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Returns an http(s) address, or null: a catalogue may name no other scheme. */
export function address(text) {
  try {
    const url = new URL(text, document.baseURI);
    return text && /^https?:$/.test(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

let sheet;

/** Returns the style sheet of all elements; made this way, no Content-Security-Policy is in its way. */
export function stylesheet() {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
  }
  return sheet;
}
