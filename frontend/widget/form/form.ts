// A form inside the conversation, loaded when the first one is shown: labels, one message per faulty field, focus on the first of them.
import type { Field, Form } from "../contract";
import { h, icon, setAttribute } from "../core/dom";
import { faultOf } from "./faults";
import type { FormContext, FormView } from "../core/forms";
import type { FieldError } from "../core/transport";

const TYPES = { text: "text", email: "email", phone: "tel", long_text: "" } as const;
const CHECK = "m5 12.5 4.5 4.5L19 7.5";

export { default as style } from "./form.css";

let count = 0;

/** Fills `whole` with the form, and returns what keeps it up to date. */
export const createForm = (whole: HTMLElement, form: Form, { texts, known, submit }: FormContext): FormView => {
  const prefix = `fd-${(count += 1)}`;
  const inputs = new Map<string, { field: Field; input: HTMLInputElement | HTMLTextAreaElement; error: HTMLElement }>();
  const knownFor = ({ name, type }: Field): string =>
    known.get(name) ?? (type === "email" || type === "phone" ? known.get(type) : undefined) ?? "";

  const showError = (name: string, message: string): void => {
    const row = inputs.get(name);
    if (!row) return;
    row.error.textContent = message;
    row.error.hidden = !message;
    setAttribute(row.input, "aria-invalid", message ? "true" : undefined);
    setAttribute(row.input, "aria-describedby", message ? row.error.id : undefined);
  };
  const focusFirst = (): void =>
    [...inputs.values()].find(({ input }) => input.getAttribute("aria-invalid"))?.input.focus();

  const rowOf = (field: Field): HTMLElement => {
    const id = `${prefix}-${inputs.size}`;
    const attributes = {
      id,
      name: field.name,
      required: field.required,
      autocomplete: field.autocomplete,
      maxlength: 2000,
      input: () => showError(field.name, ""),
    };
    const input = field.type === "long_text"
      ? h("textarea", { ...attributes, rows: 3 })
      : h("input", { ...attributes, type: TYPES[field.type] || "text", dir: field.type === "text" ? "auto" : "ltr" });
    input.value = knownFor(field);
    const error = h("p", { id: `${id}-e`, class: "error", hidden: true });
    inputs.set(field.name, { field, input, error });
    const optional = !field.required && h("span", {}, ` (${texts.optional})`);
    return h("div", { class: "row" }, h("label", { for: id }, field.label, optional), input, error);
  };

  const button = h("button", { type: "submit", class: "primary" }, form.submit_label || texts.submit);
  const note = h("p", { class: "error", role: "alert", hidden: true });
  const element = h(
    "form",
    {
      part: "form",
      novalidate: true,
      "aria-label": form.title || texts.submit,
      submit: (event: SubmitEvent) => {
        event.preventDefault();
        if (button.ariaDisabled) return;
        const values: Record<string, string> = {};
        for (const [name, { field, input }] of inputs) {
          const fault = faultOf(field, input.value);
          showError(name, fault ? texts[fault] : "");
          if (input.value.trim()) values[name] = input.value.trim();
          if (field.type !== "long_text") known.set(field.type === "text" ? name : field.type, input.value);
        }
        if ([...inputs.values()].some(({ error }) => !error.hidden)) focusFirst();
        else submit(values);
      },
    },
    form.title && h("h3", {}, form.title),
    form.intro && h("p", { class: "muted" }, form.intro),
    ...form.fields.map(rowOf),
    note,
    button,
  );
  const sent = h("p", { class: "sent", hidden: true }, icon(CHECK), texts.sent);
  whole.append(element, sent);
  let shown: FieldError[] | undefined;

  return {
    update(submission) {
      const { delivery, reason, submission: tried } = submission ?? {};
      const busy = delivery === "pending" || delivery === "waiting";
      const had = whole.contains((whole.getRootNode() as ShadowRoot).activeElement);
      element.hidden = !!submission && !delivery;
      sent.hidden = !element.hidden;
      if (element.hidden && had) whole.closest<HTMLElement>("[part=log]")?.focus();
      setAttribute(button, "aria-disabled", busy ? "true" : undefined);
      button.textContent = busy ? texts.sending : form.submit_label || texts.submit;
      const errors = tried?.errors;
      note.textContent = delivery === "waiting"
        ? texts.waiting
        : delivery === "failed" && !errors?.length ? (reason === "limit_reached" ? texts.limit : texts.form_failed) : "";
      note.hidden = !note.textContent;
      if (!errors?.length || errors === shown) return;
      shown = errors;
      for (const { field, message } of errors) {
        if (inputs.has(field)) showError(field, message || texts.check);
        else {
          note.textContent = message || texts.form_failed;
          note.hidden = false;
        }
      }
      focusFirst();
    },
  };
};
