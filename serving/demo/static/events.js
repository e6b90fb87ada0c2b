// What a customer does, told to the API as any shop would.

const { userId, sessionId } = document.body.dataset;
export const who = userId ? { user_id: userId } : { session_id: sessionId };

/** Sends an event; the side panel shows what became of it. */
export async function send(event) {
  const sent = { event_id: crypto.randomUUID(), ...event, ...who };
  let status = 'not sent';
  try {
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch('/v1/events', { method: 'POST', body: JSON.stringify(sent), headers, keepalive: true });
    status = answer.status;
  } catch { /* the panel says so */ }
  dispatchEvent(new CustomEvent('shop:sent', { detail: { ...sent, status } }));
}

const LED = 'demo-led-here';

/** Remembers which slate led to a product page, until it opens. */
export function follow({ event_id, item_id, rec_id, position }) {
  sessionStorage.setItem(LED, JSON.stringify({ event_id, item_id, rec_id, position }));
}

/** Returns what led to a product, if a slate did: the click and the view that follows it are one event. */
export function led(itemId) {
  const found = JSON.parse(sessionStorage.getItem(LED) ?? 'null');
  sessionStorage.removeItem(LED);
  return found?.item_id === itemId ? found : { item_id: itemId };
}
