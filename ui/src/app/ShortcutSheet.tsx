import { useEffect, useRef } from "react";

const GROUPS: [string, [string[], string][]][] = [
  [
    "Everywhere",
    [
      [["/", "s"], "Search or filter"],
      [["Esc"], "Back"],
      [["?"], "This sheet"],
    ],
  ],
  [
    "Lists",
    [
      [["↓", "j"], "Next row"],
      [["↑", "k"], "Previous row"],
      [["Home", "End"], "First, last row"],
      [["Enter"], "Open"],
    ],
  ],
  [
    "Trace",
    [
      [["→", "l"], "Unfold, or go to the first child"],
      [["←", "h"], "Fold, or go to the parent"],
      [["[", "]"], "Previous, next span beside"],
      [["<", ">"], "One level less, more"],
      [["e"], "Next error"],
      [["w"], "Next wait"],
      [["b"], "Slowest child"],
      [["d"], "Next jump of input tokens"],
      [["n", "N"], "Next, previous found span"],
      [["+", "-"], "Zoom in, out"],
      [["⇧ ←", "⇧ →"], "Earlier, later"],
      [["z"], "Zoom to the span"],
      [["0"], "All of the time"],
      [["g"], "Fold silences, or show them"],
      [["f"], "Follow the newest running span"],
      [["p"], "Hold the view still"],
    ],
  ],
];

export function ShortcutSheet({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    // The click closes only on the veil, and Escape does the same by the dialog's own nature.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      className="sheet"
      aria-labelledby="sheet-title"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) dialog.current.close();
      }}
    >
      <div className="sheet-body">
        <h2 id="sheet-title">Keyboard shortcuts</h2>
        {GROUPS.map(([title, keys]) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([names, what]) => (
                <div key={what}>
                  <dt>{what}</dt>
                  <dd>
                    {names.map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
        <button type="button" className="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}
