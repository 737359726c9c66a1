// The place of a form in the conversation, taken until the form itself is here.
import type { Form, Shell } from "../contract";
import { h } from "./dom";
import type { Entry } from "./state";
import type { Texts } from "./texts";

// File name, put in by the build.
declare const FORM: string;

const RETRY_MS = 3000;

export interface FormContext {
  texts: Texts;
  /** Values the page or an earlier form gave, by the field's name or type. */
  known: Map<string, string>;
  submit(values: Record<string, string>): void;
}

export interface FormView {
  update(submission: Entry | undefined): void;
}

interface FormModule {
  style: string;
  createForm(whole: HTMLElement, form: Form, context: FormContext): FormView;
}

let styled: ShadowRoot | undefined;

export const placeForm = (shell: Shell, form: Form, context: FormContext, grown: (element: HTMLElement) => void) => {
  const element = h("div", { class: "card" });
  let view: FormView | undefined;
  let last: Entry | undefined;
  const load = (): void => {
    import(`${shell.base}static/widget/${FORM}`).then(
      (module: FormModule) => {
        if (styled !== shell.root) shell.addStyle(module.style);
        styled = shell.root;
        view = module.createForm(element, form, context);
        view.update(last);
        grown(element);
      },
      () => setTimeout(load, RETRY_MS),
    );
  };
  load();
  return {
    element,
    update(submission: Entry | undefined): void {
      last = submission;
      view?.update(submission);
    },
  };
};
