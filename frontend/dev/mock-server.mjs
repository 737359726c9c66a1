// A stand-in for the server, so that the widget can be worked on alone: nothing is stored beyond the process.
//   node build.mjs && node dev/mock-server.mjs [port]     then open http://localhost:8399/
// Words with a meaning of their own: "form", "whatsapp", "list", "menu", "slow", "limit", "expired", "down".
// The page takes ?client= tenant_greenleaf | tenant_brightsmile | tenant_away, and &locale= &dir= &accent= &scheme=.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const built = process.env.BUILT ?? join(root, "frontdesk/widget/static/widget");
const port = Number(process.argv[2] ?? 8399);
const conversations = new Map();
const answered = new Map();
export const log = [];

const GREETINGS = {
  en: "Hello, and welcome to **Greenleaf Plants**.\nAsk anything about plants, delivery or returns.",
  es: "Hola, te damos la bienvenida a **Greenleaf Plants**.\nPregunta lo que quieras.",
  hi: "नमस्ते, **Greenleaf Plants** में आपका स्वागत है।\nपौधों, डिलीवरी या वापसी के बारे में पूछें।",
  ar: "مرحبًا بك في **Greenleaf Plants**.\nاسأل عن النباتات أو التوصيل أو الإرجاع.",
};
const LABELS = {
  en: ["Delivery and pickup", "Plant care", "Returns", "Talk to a person"],
  es: ["Envío y recogida", "Cuidado de plantas", "Devoluciones", "Hablar con una persona"],
  hi: ["डिलीवरी और पिकअप", "पौधों की देखभाल", "वापसी", "किसी से बात करें"],
  ar: ["التوصيل والاستلام", "العناية بالنباتات", "الإرجاع", "التحدث مع شخص"],
};
const FORM = {
  id: "form_contact", title: "Write to us", intro: "We answer within one working day.", submit_label: "Send message",
  fields: [
    { name: "name", type: "text", label: "Name", required: true, autocomplete: "name" },
    { name: "email", type: "email", label: "E-mail", required: true, autocomplete: "email" },
    { name: "phone", type: "phone", label: "Phone", required: false, autocomplete: "tel" },
    { name: "message", type: "long_text", label: "Message", required: true, autocomplete: null },
  ],
};
const FAQS = [
  "How often should I water a monstera?", "Do you deliver on Sundays?", "Can I return a plant?",
  "What does delivery cost?", "Do you repot plants?", "How long does delivery take?",
].map((question, index) => ({ id: `faq_${index}`, question }));

const configFor = (client, url) => {
  const locale = (url.searchParams.get("locale") ?? "en").slice(0, 2);
  const known = GREETINGS[locale] ? locale : "en";
  const paused = client === "tenant_away";
  const accents = { tenant_brightsmile: "#2563c9", tenant_away: "#7a4b12" };
  return {
    client, name: client === "tenant_brightsmile" ? "Bright Smile Dental" : "Greenleaf Plants",
    status: paused ? "paused" : "active", locale: known, publication: 3,
    theme: { accent: settings.accent ?? accents[client] ?? "#2f6f4f", position: settings.position ?? "end", color_scheme: settings.scheme ?? "auto", launcher_label: settings.label ?? "", offset_x: 20, offset_y: 20, radius: 16 },
    texts: { title: client === "tenant_brightsmile" ? "Bright Smile Dental" : "Greenleaf Plants", subtitle: "Answers at any hour", input_placeholder: known === "en" ? "Ask about plants, delivery…" : "", away: "" },
    greeting: paused
      ? { type: "options", text: "We are away at the moment. Leave a message and we will write back.", options: [] }
      : { type: "options", text: GREETINGS[known], options: LABELS[known].map((label, index) => ({ id: `opt_${index}`, label })) },
    form: FORM, branding: true,
  };
};
export const settings = {};

const bot = (message) => ({ id: randomUUID(), author: "bot", type: "text", created_at: new Date().toISOString(), ...message });
const replyTo = (text) => {
  const words = text.toLowerCase();
  if (/form|write to/.test(words)) return [bot({ type: "form", text: "Of course. Who may we write back to?", form_id: FORM.id })];
  if (/whatsapp|person|شخص|persona/.test(words)) {
    return [bot({ type: "handoff", text: "You can reach us on WhatsApp from 9:00 to 18:00.", handoff: { kind: "whatsapp", url: "https://wa.me/15550100?text=Hello%20FD-7Q2K", label: "Chat on WhatsApp", reference: "FD-7Q2K" } })];
  }
  if (/list|care/.test(words)) return [bot({ text: "Three things keep a **monstera** happy:\n\n- water once the top *3 cm* of soil are dry\n- bright light, no midday sun\n- a damp cloth over the leaves each month\n\nMore in our [care guide](https://greenleaf.example/care), or write `care` at any time." })];
  if (/menu/.test(words)) return [bot({ type: "suggestions", text: "Did you mean…", options: FAQS.slice(0, 3).map(({ id, question }) => ({ id, label: question })) })];
  if (/deliver|pickup|توصيل/.test(words)) return [bot({ text: "We deliver Monday to Saturday, from 9:00 to 18:00. Orders above 40 € travel free; below that it is **4.90 €**.", faq_id: "faq_3" })];
  return [bot({ type: "suggestions", text: "I am not sure I understood. Did you mean…", options: FAQS.slice(0, 3).map(({ id, question }) => ({ id, label: question })) })];
};

const problem = (status, code, more = {}) => ({ status, body: { type: "about:blank", title: code, status, code, detail: code, ...more } });

const routes = [
  ["GET", /^config$/, ({ client, url }) => ({ status: 200, body: configFor(client, url), headers: { "Cache-Control": "public, max-age=60" } })],
  ["GET", /^faqs$/, ({ url }) => ({ status: 200, body: { faqs: FAQS.filter(({ question }) => question.toLowerCase().includes(url.searchParams.get("q").toLowerCase())).slice(0, 3) } })],
  ["POST", /^conversations$/, ({ client, url, body }) => {
    const id = randomUUID();
    url.searchParams.set("locale", body.locale);
    const greeting = bot({ ...configFor(client, url).greeting });
    conversations.set(id, { token: randomUUID(), messages: [greeting] });
    return { status: 201, body: { id, token: conversations.get(id).token, messages: [greeting] } };
  }],
  ["GET", /^conversations\/([^/]+)\/messages$/, ({ held }) => ({ status: 200, body: { messages: held.messages } })],
  ["POST", /^conversations\/([^/]+)\/messages$/, async ({ held, body }) => {
    if (answered.has(body.id)) return answered.get(body.id);
    const text = body.text ?? [...Object.values(LABELS).flatMap((labels) => labels.map((label, index) => [`opt_${index}`, label])), ...FAQS.map(({ id, question }) => [id, question])].find(([id]) => id === body.option_id)?.[1] ?? "";
    if (/limit/.test(text)) return problem(402, "limit_reached");
    if (/expired/.test(text) && !held.expired) { held.expired = true; return problem(401, "token_expired"); }
    if (/down/.test(text)) return problem(503, "unavailable");
    if (/slow/.test(text)) await new Promise((done) => setTimeout(done, 3000));
    const messages = replyTo(text);
    held.messages.push({ id: body.id, author: "visitor", type: "text", text, created_at: new Date().toISOString() }, ...messages);
    answered.set(body.id, { status: 200, body: { messages, decision: "answer" } });
    return answered.get(body.id);
  }],
  ["POST", /^forms\/([^/]+)\/submissions$/, ({ body }) => {
    if (answered.has(body.id)) return answered.get(body.id);
    if (/@example\.invalid$/.test(body.values.email)) return problem(422, "invalid_request", { errors: [{ field: "email", code: "unreachable", message: "Mail to this address does not arrive." }] });
    const messages = [bot({ text: `Thank you, ${body.values.name}. We will write to ${body.values.email}.` })];
    answered.set(body.id, { status: 201, body: { id: body.id, messages } });
    return answered.get(body.id);
  }],
  ["POST", /^events$/, ({ body }) => ({ status: 202, body: { accepted: body.events.length } })],
];

const CORS = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "X-Client-ID, X-Conversation-Token, Content-Type", "Access-Control-Expose-Headers": "X-Conversation-Token, Retry-After", "Access-Control-Max-Age": "7200" };

const page = (url) => {
  const client = url.searchParams.get("client") ?? "tenant_greenleaf";
  for (const key of ["accent", "scheme", "position", "label"]) settings[key] = url.searchParams.get(key) ?? undefined;
  const locale = url.searchParams.get("locale");
  return `<!doctype html><html lang="${locale ?? "en"}" dir="${url.searchParams.get("dir") ?? "ltr"}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>Greenleaf Plants</title>
<style>:root{color-scheme:light dark}body{font:17px/1.6 Georgia,serif;margin:0;color:light-dark(#24302a,#dfe6e1);background:light-dark(#f7f5ef,#10130f)}main{max-width:44rem;margin:auto;padding:3rem 1.25rem}h1{font-size:2.6rem;line-height:1.15}</style>
<main><h1>Plants that outlive the season</h1><p>We grow, repot and deliver houseplants in three neighbourhoods. ${"Every plant leaves our greenhouse with a card that says what it likes. ".repeat(12)}</p><p><a href="/second">Another page</a></p></main>
<script src="/widget.js" data-client="${client}" ${locale ? `data-locale="${locale}"` : ""} ${url.searchParams.has("mode") ? `data-mode="${url.searchParams.get("mode")}"` : ""} async></script></html>`;
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, `http://localhost:${port}`);
  const send = (status, body, headers = {}) => {
    response.writeHead(status, { ...CORS, ...headers });
    response.end(body);
  };
  if (request.method === "OPTIONS") return send(204);
  if (url.pathname === "/widget.js" || url.pathname.startsWith("/static/widget/")) {
    const name = url.pathname === "/widget.js" ? "loader.js" : url.pathname.slice("/static/widget/".length);
    return readFile(join(built, name)).then((text) => send(200, text, { "Content-Type": "text/javascript; charset=utf-8" }), () => send(404));
  }
  const api = /^\/api\/v1\/widget\/(.*)$/.exec(url.pathname)?.[1];
  if (api === undefined) return send(200, page(url), { "Content-Type": "text/html; charset=utf-8" });
  let text = "";
  for await (const part of request) text += part;
  const body = text ? JSON.parse(text) : undefined;
  log.push({ method: request.method, api, body });
  const client = request.headers["x-client-id"];
  for (const [method, pattern, handle] of routes) {
    const found = pattern.exec(api);
    if (method !== request.method || !found) continue;
    const held = conversations.get(found[1]);
    let answer;
    if (!client) answer = problem(404, "client_not_found");
    else if (api.startsWith("conversations/") && !held) answer = problem(404, "conversation_not_found");
    else if (held && request.headers["x-conversation-token"] !== held.token) answer = problem(401, "token_invalid");
    else answer = await handle({ client, url, body, held });
    return send(answer.status, JSON.stringify(answer.body), { "Content-Type": "application/json", ...answer.headers });
  }
  return send(404, "{}", { "Content-Type": "application/json" });
});
server.listen(port, () => console.log(`http://localhost:${port}/`));
