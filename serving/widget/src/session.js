// The widget's own id of a browser. Nothing is kept before the visitor's consent, nothing after it is withdrawn.

const NAME = 'also-bought-session';
let id;

/** Returns 128 random bits in hex. */
export function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => (byte + 256).toString(16).slice(1)).join('');
}

export function sessionId() {
  try {
    id ??= localStorage.getItem(NAME) ?? random();
    localStorage.setItem(NAME, id);
  } catch {
    id ??= random(); // without storage it lasts as long as the page
  }
  return id;
}

export function forgetSession() {
  id = null;
  try {
    localStorage.removeItem(NAME);
  } catch { /* there was none */ }
}
