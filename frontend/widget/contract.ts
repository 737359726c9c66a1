// What the server says and is told, word for word; and what the loader hands to the panel.

export interface Option {
  id: string;
  label: string;
}

export interface Handoff {
  kind: "whatsapp" | "link" | "email" | "phone" | "form";
  url?: string;
  label?: string;
  reference?: string;
}

export interface Message {
  id: string;
  author: "visitor" | "bot";
  type: "text" | "options" | "suggestions" | "form" | "handoff";
  text?: string;
  options?: Option[];
  faq_id?: string;
  form_id?: string;
  handoff?: Handoff;
  created_at?: string;
}

export interface Field {
  name: string;
  type: "text" | "long_text" | "email" | "phone";
  label: string;
  required?: boolean;
  autocomplete?: string | null;
}

export interface Form {
  id: string;
  title?: string;
  intro?: string;
  submit_label?: string;
  fields: Field[];
}

export interface Theme {
  /** `#rrggbb` */
  accent: string;
  position?: "end" | "start";
  color_scheme?: "auto" | "light" | "dark";
  launcher_label?: string;
  /** Distance from the window's edges, in px. */
  offset_x: number;
  offset_y: number;
  radius?: number;
}

export interface Config {
  client: string;
  name: string;
  status: "active" | "paused";
  locale: string;
  theme: Theme;
  texts: { title?: string; subtitle?: string; input_placeholder?: string; away?: string };
  greeting: Pick<Message, "type" | "text" | "options">;
  form?: Form;
  branding?: boolean;
}

/** A FAQ offered while the visitor types. */
export interface Faq {
  id: string;
  question: string;
}

/** One widget on one page, from its script tag to its launcher. */
export interface Shell {
  /** Address the widget's script came from, with a slash at the end. */
  base: string;
  client: string;
  /** What the page asked for by `data-locale`; empty: the page's or the browser's own. */
  locale: string;
  /** "page": fills its window and has no launcher. */
  mode: string;
  config: Config;
  host: HTMLElement;
  root: ShadowRoot;
  /** Holds launcher and panel. */
  frame: HTMLElement;
  launcher: HTMLButtonElement;
  addStyle(css: string): void;
  emit(name: string, detail?: Record<string, unknown>): void;
  /** Asks for the configuration again, in `locale`, and draws the launcher anew. */
  configure(): Promise<void>;
  paint(): void;
}

/** The loaded panel, as the loader sees it. */
export interface Panel {
  call(name: string, ...values: unknown[]): unknown;
}
