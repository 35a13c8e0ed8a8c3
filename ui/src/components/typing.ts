/** Whether a key is the screen's: pressed alone, while nobody types and no dialog stands over the page. */
export function isForScreen(event: KeyboardEvent): boolean {
  return !event.ctrlKey && !event.altKey && !event.metaKey && !isTyping(event.target) && document.querySelector("dialog[open]") === null;
}

/**
 * Where plain letters belong to the reader's text and not to us. A dialog that was just closed keeps the focus in its input until
 * the browser draws the next frame, and a quick second key finds it there: it was meant for the screen.
 */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && takesText(target) && target.closest("dialog:not([open])") === null;
}

function takesText(target: HTMLElement): boolean {
  return target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || isTextInput(target);
}

function isTextInput(target: HTMLElement): boolean {
  // A group of radio buttons is walked through by the arrows.
  return target instanceof HTMLInputElement && !["checkbox", "button"].includes(target.type);
}
