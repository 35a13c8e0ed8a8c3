import { type KeyboardEvent, type ReactNode, useId } from "react";
import "./tabs.css";

export interface Tab<Name extends string> {
  name: Name;
  label: string;
  /** How much is behind it; undefined says nothing. */
  count?: string | undefined;
  /** The key that goes there, for the tooltip. */
  keyName?: string;
}

interface Props<Name extends string> {
  label: string;
  tabs: readonly Tab<Name>[];
  chosen: Name;
  onChoose: (name: Name) => void;
  /** Beside the tabs. */
  aside?: ReactNode;
  /** What the chosen tab shows. */
  children: ReactNode;
}

/** Tabs as WAI-ARIA has them: one stop for Tab, the arrows go on to the next, and that is shown at once. */
export function Tabs<Name extends string>({ label, tabs, chosen, onChoose, aside, children }: Props<Name>) {
  const id = useId();
  const tabId = (name: Name): string => `${id}-${name}`;

  function keys(event: KeyboardEvent<HTMLElement>): void {
    const at = tabs.findIndex((tab) => tab.name === chosen);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    const tab = tabs[(next + tabs.length) % tabs.length];
    if (tab === undefined) return;
    // The page has its own use for arrows.
    event.preventDefault();
    onChoose(tab.name);
    document.getElementById(tabId(tab.name))?.focus();
  }

  return (
    <>
      <div className="tabs">
        {/* Only the chosen tab can hold the focus; the list itself never does. */}
        {/* eslint-disable-next-line jsx-a11y/interactive-supports-focus */}
        <div role="tablist" aria-label={label} onKeyDown={keys}>
          {tabs.map(({ name, label: text, count, keyName }) => (
            <button
              key={name}
              type="button"
              role="tab"
              id={tabId(name)}
              aria-selected={name === chosen}
              aria-controls={name === chosen ? `${id}-panel` : undefined}
              tabIndex={name === chosen ? 0 : -1}
              title={keyName === undefined ? undefined : `${text} (${keyName})`}
              onClick={() => onChoose(name)}
            >
              {text}
              {count !== undefined && <span className="tabs-count"> {count}</span>}
            </button>
          ))}
        </div>
        {aside}
      </div>
      <div className="tabs-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={tabId(chosen)}>
        {children}
      </div>
    </>
  );
}
