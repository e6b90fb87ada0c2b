// What the widget itself says, by language. A page that wants more than English says so before: languages.js does.

export const texts = Object.assign((globalThis.alsoBoughtTexts ??= {}), {
  en: {
    'also-bought': 'Customers also bought',
    'similar-items': 'More like this',
    'up-sell': 'A step up',
    'cross-sell': 'Goes with your basket',
    'for-you': 'For you',
    'buy-again': 'Buy it again',
    popular: 'Popular',
    trending: 'Trending',
    'new-arrivals': 'New arrivals',
    previous: 'Previous',
    next: 'Next',
    add: 'Add to basket',
  },
});
