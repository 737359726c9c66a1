// The few behaviours that plain HTML lacks, switched on by data attributes (see README.md).
// Loaded in <head> without defer, so that a chosen theme holds before the first paint.

const KEY = "frontdesk-theme";
const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const root = document.documentElement;

function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === stored) ?? "auto";
  } catch {
    return "auto";
  }
}

function applyTheme(theme: Theme): void {
  if (theme === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
  for (const button of document.querySelectorAll<HTMLElement>("[data-theme-toggle]")) {
    button.dataset["state"] = theme;
    const label = button.dataset[`label${theme[0]?.toUpperCase()}${theme.slice(1)}`];
    if (label) button.setAttribute("aria-label", label);
  }
}

function chooseNextTheme(): void {
  const next = THEMES[(THEMES.indexOf(readTheme()) + 1) % THEMES.length] ?? "auto";
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Blocked storage: the choice holds for this page only.
  }
  applyTheme(next);
}

function textToCopy(button: HTMLElement): string {
  const own = button.dataset["copy"];
  if (own) return own;
  const source = document.querySelector<HTMLElement>(button.dataset["copyFrom"] ?? "");
  if (source instanceof HTMLInputElement || source instanceof HTMLTextAreaElement) return source.value;
  return source?.textContent ?? "";
}

/** For pages served without TLS, where the clipboard interface is absent. */
function copyBySelection(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  area.style.opacity = "0";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

async function copyFor(button: HTMLElement): Promise<void> {
  const text = textToCopy(button);
  if (navigator.clipboard) await navigator.clipboard.writeText(text);
  else copyBySelection(text);
  const label = button.querySelector<HTMLElement>("[data-copy-label]") ?? button;
  const before = label.textContent;
  label.textContent = button.dataset["copied"] ?? "Copied";
  setTimeout(() => (label.textContent = before), 1600);
}

function dismiss(button: HTMLElement): void {
  const target = button.closest<HTMLElement>(button.dataset["dismiss"] || ".alert");
  const list = target?.closest<HTMLElement>(".messages");
  target?.remove();
  if (list && !list.children.length) list.remove();
}

function closeMenusExcept(target: Element | null): void {
  for (const menu of document.querySelectorAll<HTMLDetailsElement>("details.menu[open]")) {
    if (!target || !menu.contains(target)) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  closeMenusExcept(target);
  const button = target?.closest<HTMLElement>("[data-theme-toggle],[data-copy],[data-copy-from],[data-dismiss]");
  if (!button) return;
  if (button.matches("[data-theme-toggle]")) chooseNextTheme();
  else if (button.matches("[data-dismiss]")) dismiss(button);
  else void copyFor(button);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement?.closest<HTMLDetailsElement>("details.menu[open]");
  closeMenusExcept(null);
  menu?.querySelector("summary")?.focus();
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || event.defaultPrevented) return;
  if (form.dataset["sent"]) return event.preventDefault();
  form.dataset["sent"] = "1";
  const button = event.submitter ?? form.querySelector("button:not([type=button])");
  button?.setAttribute("aria-busy", "true");
});

// Back from the browser's page cache, the forms are usable again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll<HTMLElement>("form[data-sent]")) delete form.dataset["sent"];
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

document.addEventListener("change", (event) => {
  const field = event.target;
  if (field instanceof HTMLElement && field.matches("[data-autosubmit]")) field.closest("form")?.requestSubmit();
});

document.addEventListener("DOMContentLoaded", () => applyTheme(readTheme()));
applyTheme(readTheme());
