// What comes near the screen, and what was seen on it.

const AHEAD = '300px';
const SEEN_MS = 1000; // half of an item on the screen for so long is an impression

const observer = (callback, options) =>
  globalThis.IntersectionObserver && new IntersectionObserver(callback, options);

/** Has elements ask when they come near the screen. */
export const near = observer((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) target.ask();
}, { rootMargin: AHEAD });

const watched = new WeakMap(); // an item: what to do once it was seen, and the clock that runs
const seen = observer((entries) => {
  for (const { target, intersectionRatio } of entries) {
    const one = watched.get(target);
    clearInterval(one.clock);
    if (intersectionRatio >= 0.5) one.clock = setInterval(() => {
      if (document.visibilityState !== 'visible') return;
      ignore(target);
      one.tell();
    }, SEEN_MS);
  }
}, { threshold: 0.5 });

/** Calls `tell` once, when the item was seen. */
export function watch(item, tell) {
  watched.set(item, { tell });
  seen.observe(item);
}

export function ignore(item) {
  seen.unobserve(item);
  clearInterval(watched.get(item)?.clock);
}
