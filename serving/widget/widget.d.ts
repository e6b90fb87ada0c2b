// Types of what the module exports, and of the events that <also-bought> dispatches; they bubble.

export const version: string;
export const texts: Record<string, Record<string, string>>;

/** The widget's own id of this browser; ask for it only with the visitor's consent. */
export function sessionId(): string;

export class AlsoBought extends HTMLElement {
  readonly placement: string;
  readonly k: number;
  /** Asks now, and not only when the element comes near the screen. */
  ask(): Promise<void>;
}

export class AlsoBoughtPage extends HTMLElement {
  ask(): Promise<void>;
}

export interface Item {
  item_id: string;
  rank: number;
  score: number;
  source: string;
  reason: { type: string; text: string };
  title?: string;
  price?: number;
  url?: string;
  image_url?: string;
}

export interface Slate {
  rec_id: string;
  placement: string;
  model_version: string;
  items: Item[];
  shortfall: number;
  dropped: Record<string, number>;
  fallback: { type: string; text: string } | null;
}

/** What was seen, clicked or put into the basket; POST /v1/events takes it, with a user_id or session_id. */
export interface Fact {
  event: 'impression' | 'click' | 'add_to_cart';
  event_id: string;
  item_id: string;
  rec_id: string;
  position: number;
}

declare global {
  interface HTMLElementEventMap {
    'also-bought:slate': CustomEvent<{ slate: Slate; ms: number }>;
    'also-bought:failed': CustomEvent<{ placement: string; error: Error }>;
    'also-bought:impression': CustomEvent<Fact & { placement: string }>;
    'also-bought:click': CustomEvent<Fact & { placement: string }>;
    'also-bought:add': CustomEvent<Fact & { item: Item }>;
  }
  interface HTMLElementTagNameMap {
    'also-bought': AlsoBought;
    'also-bought-page': AlsoBoughtPage;
  }
}
