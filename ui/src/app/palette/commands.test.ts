import { describe, expect, it } from "vitest";
import { type Command, findCommands } from "./commands";

const command = (title: string, group: Command["group"] = "Actions", hint?: string): Command => ({
  id: title,
  title,
  group,
  ...(hint !== undefined && { hint }),
  run: () => undefined,
});
const titles = (typed: string, commands: Command[]) => findCommands(commands, typed).map(({ title }) => title);

describe("the palette's commands", () => {
  const all = [command("Events", "Go to"), command("Theme: dark"), command("Copy as curl", "This session", "the whole trace")];

  it("are all there before anything is typed", () => expect(titles("", all)).toHaveLength(3));

  it("are found by the beginnings of their words, of their hint and of their group", () => {
    expect(titles("da the", all)).toEqual(["Theme: dark"]);
    expect(titles("trace", all)).toEqual(["Copy as curl"]);
    expect(titles("go ev", all)).toEqual(["Events"]);
    expect(titles("ark", all)).toEqual([]);
  });

  it("stay when the host found them, whatever their title is", () => {
    expect(titles("refund", [command("A run", "Sessions")])).toEqual(["A run"]);
  });
});
