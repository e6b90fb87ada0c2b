// Questions to the API, from attributes. As long as no token is sent, a browser asks the API for no leave first.

const BUDGET_MS = 800; // then the fallback stays
const SINGLE = ['item-id', 'user-id', 'session-id', 'category', 'min-price', 'max-price', 'diversity', 'fields',
  'complements-only'];
const LISTS = { 'item-ids': 'item_id', excludes: 'exclude', filters: 'filter' };
const NUMBERS = ['k', 'min_price', 'max_price', 'diversity'];

/** The attributes that an answer depends on. */
export const ASKED = [...SINGLE, ...Object.keys(LISTS), 'k', 'locale'];

/** A language as the API takes it. */
export const LOCALE = /^[a-z]{2,3}([-_][a-z0-9]{2,8}){0,3}$/i;

/** Returns the parameters that an element's own attributes name. */
export function parametersOf(element) {
  const asked = {};
  for (const name of SINGLE) {
    if (element.hasAttribute(name)) asked[name.replace('-', '_')] = element.getAttribute(name);
  }
  for (const [name, parameter] of Object.entries(LISTS)) {
    if (element.hasAttribute(name)) asked[parameter] = JSON.parse(element.getAttribute(name));
  }
  return asked;
}

/** Returns parameters as JSON has them; attributes are texts. */
export function typed(asked) {
  const type = (name, value) =>
    NUMBERS.includes(name) ? Number(value) : name === 'complements_only' ? value === 'true' : value;
  return Object.fromEntries(Object.entries(asked).map(([name, value]) => [name, type(name, value)]));
}

export function endpoint(element, path, asked = {}) {
  const url = new URL(path, new URL(element.option('api') ?? '.', import.meta.url));
  for (const [name, value] of Object.entries(asked)) for (const one of [value].flat()) url.searchParams.append(name, one);
  if (element.option('key')) url.searchParams.set('key', element.option('key'));
  return url.href;
}

/** Returns the JSON that is answered in time. */
export async function answer(element, url, body) {
  const token = element.option('user-token');
  const response = await fetch(url, {
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    headers: token ? { 'X-User-Token': token } : {},
    credentials: 'omit',
    signal: AbortSignal.timeout(BUDGET_MS),
  });
  const found = await response.json();
  if (!response.ok) throw new Error(found.detail);
  return found;
}
