// Events on their way to the API: what happens together travels together, and a page that is left loses none.

import { endpoint } from './api.js';

const WAIT_MS = 500;
const MOST_EVENTS = 200; // of a request

const pending = new Map(); // an address: the events for it
let flushing;

export function post(element, event, now) {
  const url = endpoint(element, 'v1/events');
  pending.set(url, [...(pending.get(url) ?? []), event]);
  clearTimeout(flushing);
  if (now) flush();
  else flushing = setTimeout(flush, WAIT_MS);
}

function flush() {
  for (const [url, events] of pending) {
    while (events.length) navigator.sendBeacon(url, JSON.stringify(events.splice(0, MOST_EVENTS)));
  }
  pending.clear();
}

globalThis.document?.addEventListener('visibilitychange', flush);
