// Reads the script tag, and starts its widget: once, however often the tag is run.
import { type Call, createApi } from "./api";
import { createWidget } from "./launcher";

const scope = window as unknown as { Frontdesk?: Call };
const script = (document.currentScript ?? document.querySelector('script[src*="widget.js"]')) as HTMLScriptElement;
const client = script.dataset.client || new URL(script.src).searchParams.get("client");
const all = scope.Frontdesk?.all ?? new Map<string, Call>();

if (!client) console.warn("Frontdesk: no data-client");
else if (!all.has(client)) {
  const widget = createWidget(script, client, all.size);
  const call = createApi(widget, () => {
    all.delete(client);
    // The page's other widget, if there is one, is now the one that is spoken to.
    scope.Frontdesk = all.values().next().value as Call;
  });
  all.set(client, call);
  call.all = all;
  if (all.size < 2) {
    const queue = scope.Frontdesk?.q ?? [];
    scope.Frontdesk = call;
    for (const values of queue) call(...values);
  }
  if (script.dataset.start !== "manual") widget.start();
}
