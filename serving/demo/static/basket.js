// The basket: lines in this browser's storage, one set per customer.

const { userId, currency } = document.body.dataset;
const NAME = `demo-basket ${userId ?? ''}`;

export const read = () => JSON.parse(localStorage.getItem(NAME) ?? '[]');

export function write(lines) {
  localStorage.setItem(NAME, JSON.stringify(lines));
  dispatchEvent(new Event('shop:basket'));
}

/** Puts one more of an item in. */
export function put({ item_id, title, price, rec_id, position }) {
  const lines = read();
  const line = lines.find((one) => one.item_id === item_id);
  if (line) line.quantity += 1;
  else lines.push({ item_id, title, price, rec_id, position, quantity: 1 });
  write(lines);
}

/** Sets how many; none takes the line out. */
export function change(itemId, quantity) {
  const lines = read().map((one) => (one.item_id === itemId ? { ...one, quantity } : one));
  write(lines.filter((one) => one.quantity > 0));
}

export const count = () => read().reduce((sum, one) => sum + one.quantity, 0);
export const sum = () => read().reduce((total, one) => total + one.quantity * (one.price ?? 0), 0);

export function money(value) {
  const form = currency ? { style: 'currency', currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  return new Intl.NumberFormat('en', form).format(value);
}
