/** What a reader may do here, as the host says it. */
export interface Standing {
  /** `viewer`, `operator` or `admin`; absent for somebody who is not known, and of hosts that do not tell. */
  role?: string | null | undefined;
  read_only?: boolean | undefined;
}

/** Why a reader may not change sessions, and why not remove them; undefined where nothing speaks against it. */
export interface Bars {
  change: string | undefined;
  remove: string | undefined;
}

const READ_ONLY = "The program lets nobody act on sessions from here: it was built with .read_only().";
const VIEWER = "You are a viewer here: you may look, and not answer, stop, pin or delete. Whoever runs the program gives roles.";
const OPERATOR = "Deleting is an administrator’s, and you are an operator here. Whoever runs the program gives roles.";

export function barsOf({ role, read_only: readOnly }: Standing): Bars {
  if (readOnly === true) return { change: READ_ONLY, remove: READ_ONLY };
  if (role === "viewer") return { change: VIEWER, remove: VIEWER };
  return { change: undefined, remove: role === "operator" ? OPERATOR : undefined };
}
