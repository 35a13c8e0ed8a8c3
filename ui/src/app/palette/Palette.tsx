import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { StatusDot, statusWord } from "../../components/Status";
import { Ago } from "../../components/Time";
import { revealed } from "../../model/reveal";
import { type Command, findCommands } from "./commands";
import { useCommands } from "./useCommands";
import "./palette.css";

const SAID_MS = 900;

/** Everything by its name. The input keeps the focus; arrows move through the list below it. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [said, setSaid] = useState("");
  const { commands, looking } = useCommands(typed, setSaid, onHelp);
  const found = findCommands(commands, typed);
  const chosen = found[Math.min(at, found.length - 1)];

  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => {
    document.getElementById(`${id}-${chosen?.id}`)?.scrollIntoView({ block: "nearest" });
  }, [id, chosen?.id]);
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(onClose, SAID_MS);
    return () => clearTimeout(timer);
  }, [said, onClose]);

  function run(command: Command): void {
    command.run();
    // One that copies says so before the palette goes.
    if (!KEEPS_OPEN.has(command.id)) dialog.current?.close();
  }

  function onKeyDown(event: KeyboardEvent): void {
    const last = found.length - 1;
    const steps: Record<string, number> = { ArrowDown: at >= last ? 0 : at + 1, ArrowUp: at <= 0 ? last : at - 1, PageDown: Math.min(last, at + 8), PageUp: Math.max(0, at - 8) };
    const next = steps[event.key];
    if (next !== undefined) setAt(next);
    else if (event.key === "Enter" && chosen !== undefined) run(chosen);
    else return;
    event.preventDefault();
  }

  return (
    // The click closes only on the veil, and Escape does the same by the dialog's own nature.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      className="sheet palette"
      aria-label="Command palette"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close();
      }}
    >
      <input
        type="text"
        role="combobox"
        aria-label="Commands and sessions"
        aria-expanded="true"
        aria-autocomplete="list"
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen && `${id}-${chosen.id}`}
        placeholder="A screen, an action, or words of a session"
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
        autoComplete="off"
        spellCheck={false}
        // A palette that must first be clicked into is none.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
      />
      <div id={`${id}-list`} role="listbox" aria-label="What can be done" className="palette-list" aria-busy={looking}>
        {found.map((command, index) => (
          <Entry
            key={command.id}
            command={command}
            id={`${id}-${command.id}`}
            first={found[index - 1]?.group !== command.group}
            chosen={command === chosen}
            onRun={() => run(command)}
          />
        ))}
        {found.length === 0 && <p className="muted">Nothing is called so.</p>}
      </div>
      <p className="palette-said" role="status">
        {said}
      </p>
    </dialog>
  );
}

const KEEPS_OPEN = new Set(["link", "copy-id", "curl", "help"]);

interface EntryProps {
  command: Command;
  id: string;
  /** The first of its group: it carries the group's name. */
  first: boolean;
  chosen: boolean;
  onRun: () => void;
}

function Entry({ command: { title, hint, group, session }, id, first, chosen, onRun }: EntryProps) {
  return (
    <>
      {first && (
        <div className="palette-group" role="presentation">
          {group}
        </div>
      )}
      {/* The keys are the input's, which keeps the focus. */}
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events */}
      <div id={id} role="option" tabIndex={-1} aria-selected={chosen} className="palette-entry" onMouseDown={(event) => event.preventDefault()} onClick={onRun}>
        {session && <StatusDot status={session.status} />}
        {session && <span className="only-read">{statusWord(session.status)}</span>}
        <span className="cut foreign">{revealed(title)}</span>
        {hint !== undefined && <span className="palette-hint cut foreign">{revealed(hint)}</span>}
        {session && (
          <span className="palette-time">
            <Ago time={session.started_at} />
          </span>
        )}
      </div>
    </>
  );
}
