/** Every key of the page, by where it works. A slash in a group's name is no key. */
export const SHORTCUTS: readonly [place: string, keys: readonly [names: readonly string[], what: string][]][] = [
  [
    "Everywhere",
    [
      [["Ctrl K", "⌘ K"], "Command palette"],
      [["/", "s"], "Search or filter"],
      [["g s"], "Sessions"],
      [["g e"], "Events"],
      [["g r"], "Search"],
      [["g h"], "Health"],
      [["Esc"], "Back, or clear"],
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
      [["→", "←"], "Show, fold sub-sessions"],
      [["p"], "Pause the event feed"],
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
      [["f"], "Follow the newest running span"],
      [["p"], "Hold the view still"],
    ],
  ],
  [
    "Stopped session",
    [
      [["⇧ C"], "Continue"],
      [["⇧ S"], "Step"],
      [["⇧ K"], "Skip"],
      [["⇧ A"], "Abort"],
    ],
  ],
  [
    "Timeline",
    [
      [["+", "-"], "Zoom in, out"],
      [["⇧ ←", "⇧ →"], "Earlier, later"],
      [["z"], "Zoom to the span"],
      [["0"], "All of the time"],
      [["c"], "Fold silences, or show them"],
    ],
  ],
  [
    "Inspector panel",
    [
      [["1", "2", "3"], "Attributes, state, context"],
      [["a"], "Raw attributes"],
    ],
  ],
];
