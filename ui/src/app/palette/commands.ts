import type { Session } from "../../api/types";

export interface Command {
  id: string;
  group: "Go to" | "This session" | "Actions" | "Sessions" | "Search";
  title: string;
  hint?: string;
  session?: Session;
  run: () => void;
}

/**
 * Commands of which some word begins like each that was typed, in the order in which they stand. Sessions
 * and searches were found by the host already.
 */
export function findCommands(commands: readonly Command[], typed: string): Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return commands.filter(({ title, hint, group }) => {
    if (group === "Sessions" || group === "Search") return true;
    const text = ` ${title} ${hint ?? ""} ${group}`.toLowerCase();
    return words.every((word) => text.includes(` ${word}`));
  });
}
