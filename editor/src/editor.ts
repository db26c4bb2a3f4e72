// <body-editor for="ID">: an editor over a text area beside it that is there already. The text area stays the form's field and what
// the page's script reads and writes; without this file it is what one types in.
//
// It lives in a shadow root: there CodeMirror's style sheets are constructed ones, which the content security policy lets
// pass; in the document they would be inline styles, which it does not.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { lintGutter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { look } from "./look.ts";

/** Up to this length the text area follows every key; above, a moment later: copying megabytes takes a while. */
const FOLLOWED_AT_ONCE = 50_000;
const MOMENT_MS = 250;

/** What is wrong, and where: `LINE:COLUMN:words`, counted from 1. */
function problemIn(state: EditorState, told: string | null): Diagnostic[] {
  const [, line, column, message] = /^(\d+):(\d+):(.*)$/s.exec(told ?? "") ?? [];
  if (!line || !column || !message) return [];
  const at = state.doc.line(Math.min(Math.max(Number(line), 1), state.doc.lines));
  const from = Math.min(at.from + Math.max(Number(column) - 1, 0), at.to);
  return [{ from, to: Math.min(from + 1, state.doc.length), severity: "error", message }];
}

class BodyEditor extends HTMLElement {
  static observedAttributes = ["language", "label", "problem", "about", "invalid"];

  #view: EditorView | undefined;
  #area: HTMLTextAreaElement | undefined;
  /** What editor and text area agreed on last. */
  #agreed = "";
  #late: number | undefined;
  readonly #about = document.createElement("p");
  readonly #language = new Compartment();
  readonly #content = new Compartment();
  #leaving = new AbortController();

  connectedCallback(): void {
    // Beside it, not in the document: while one page takes the place of another both have one.
    const area = this.parentElement?.querySelector(`#${CSS.escape(this.getAttribute("for") ?? "")}`);
    if (!(area instanceof HTMLTextAreaElement) || area === this.#area) return;
    this.#leave();
    this.#area = area;
    this.#agreed = area.value;
    const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    this.#about.id = "about";
    this.#about.hidden = true;
    root.append(this.#about);
    this.#view = new EditorView({ root, parent: root, doc: area.value, extensions: this.#extensions() });
    this.#listen(area);
    // What is not shown can't take the focus over.
    this.toggleAttribute("ready", true);
    if (document.activeElement === area) {
      const { selectionStart: anchor, selectionEnd: head } = area;
      this.#view.focus();
      this.#view.dispatch({ selection: { anchor, head } });
    }
    // Below the editor rather than gone: whatever had found it to fill it in, a test or a password manager, still can.
    area.classList.add("under-editor");
    area.tabIndex = -1;
    area.ariaHidden = "true";
    this.#spare();
    this.#tell();
  }

  disconnectedCallback(): void {
    // The script moves elements while it takes a page over: only what stays away is gone.
    queueMicrotask(() => {
      if (!this.isConnected) this.#leave();
    });
  }

  /** The text area stays where it is: it goes too, or another editor is beside it already. */
  #leave(): void {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    clearTimeout(this.#late);
    this.#view?.destroy();
    this.#view = undefined;
    this.#area = undefined;
  }

  attributeChangedCallback(name: string): void {
    if (!this.#view) return;
    if (name === "language") this.#view.dispatch({ effects: this.#language.reconfigure(this.#languageNow()) });
    else this.#tell();
  }

  /** Drawing megabytes a second time would take a while, and nobody sees them. */
  #spare(): void {
    if (this.#area) this.#area.hidden = this.#agreed.length > FOLLOWED_AT_ONCE;
  }

  /** Takes over what the text area says now. */
  follow(): void {
    const [view, area] = [this.#view, this.#area];
    // Hidden it can't tell which lines are in sight and draws all of them: it follows once it is shown.
    const hidden = this.offsetParent === null;
    if (!view || !area || hidden || area.value === this.#agreed) return;
    clearTimeout(this.#late);
    this.#agreed = area.value;
    this.#spare();
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: area.value }, userEvent: "input.replace" });
  }

  #extensions(): Extension {
    return [
      lineNumbers(),
      highlightSpecialChars(),
      history(),
      indentOnInput(),
      bracketMatching(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      search({ top: true }),
      lintGutter(),
      // Ctrl+Enter sends, and Tab goes on to the next field as it does from any other; Ctrl+] indents.
      keymap.of([...defaultKeymap.filter(({ key }) => key !== "Mod-Enter"), ...historyKeymap, ...searchKeymap]),
      EditorState.tabSize.of(2),
      EditorView.updateListener.of((update) => update.docChanged && this.#changed()),
      this.#language.of(this.#languageNow()),
      this.#content.of(this.#contentNow()),
      look,
    ];
  }

  #languageNow(): Extension {
    return this.getAttribute("language") === "json" ? json() : [];
  }

  #contentNow(): Extension {
    const about = this.getAttribute("about");
    return EditorView.contentAttributes.of({
      "aria-label": this.getAttribute("label") ?? "",
      "aria-multiline": "true",
      ...(about ? { "aria-describedby": "about" } : {}),
      ...(this.hasAttribute("invalid") ? { "aria-invalid": "true" } : {}),
      // The browser knows that one can type there; whoever tests pages for keyboards goes by this.
      tabindex: "0",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
    });
  }

  #tell(): void {
    if (!this.#view) return;
    this.#about.textContent = this.getAttribute("about");
    this.#view.dispatch({ effects: this.#content.reconfigure(this.#contentNow()) });
    const problems = problemIn(this.#view.state, this.getAttribute("problem"));
    this.#view.dispatch(setDiagnostics(this.#view.state, problems));
  }

  #listen(area: HTMLTextAreaElement): void {
    const { signal } = this.#leaving;
    area.addEventListener("input", () => this.follow(), { signal });
    this.addEventListener("follow", () => this.follow(), { signal });
    const shown = new ResizeObserver(() => this.follow());
    shown.observe(this);
    signal.addEventListener("abort", () => shown.disconnect());
    // Whoever sends or looks elsewhere is done typing.
    document.addEventListener("submit", () => this.#write(), { signal, capture: true });
    this.addEventListener("focusout", () => this.#write(), { signal });
    for (const label of area.labels) {
      const focus = (event: Event): void => {
        event.preventDefault();
        this.#view?.focus();
      };
      label.addEventListener("click", focus, { signal });
    }
  }

  #changed(): void {
    clearTimeout(this.#late);
    if ((this.#view?.state.doc.length ?? 0) <= FOLLOWED_AT_ONCE) this.#write();
    else this.#late = window.setTimeout(() => this.#write(), MOMENT_MS);
  }

  #write(): void {
    const [view, area] = [this.#view, this.#area];
    if (!view || !area) return;
    clearTimeout(this.#late);
    const text = view.state.doc.toString();
    if (text === this.#agreed) return;
    this.#agreed = text;
    this.#spare();
    area.value = text;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

if (!customElements.get("body-editor")) customElements.define("body-editor", BodyEditor);
