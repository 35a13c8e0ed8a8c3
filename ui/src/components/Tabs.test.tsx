import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, it } from "vitest";
import { Tabs } from "./Tabs";

function Example() {
  const [chosen, choose] = useState<"one" | "two" | "three">("one");
  return (
    <Tabs
      label="Parts"
      tabs={[
        { name: "one", label: "One", count: "3" },
        { name: "two", label: "Two", keyName: "2" },
        { name: "three", label: "Three" },
      ]}
      chosen={chosen}
      onChoose={choose}
    >
      {`content of ${chosen}`}
    </Tabs>
  );
}

it("is one stop for the keyboard, and the arrows go around", async () => {
  const user = userEvent.setup();
  render(<Example />);
  await user.tab();
  expect(screen.getByRole("tab", { name: "One 3" })).toHaveFocus();
  await user.keyboard("{ArrowRight}");
  expect(screen.getByRole("tab", { name: "Two", selected: true })).toHaveFocus();
  await user.keyboard("{End}{ArrowRight}{ArrowLeft}{ArrowLeft}");
  expect(screen.getByRole("tab", { name: "Two", selected: true })).toHaveFocus();
  expect(screen.getByRole("tabpanel", { name: "Two" })).toHaveTextContent("content of two");
  expect(screen.getAllByRole("tab").map((tab) => tab.tabIndex)).toEqual([-1, 0, -1]);
});

it("names the key that goes there", () => {
  render(<Example />);
  expect(screen.getByRole("tab", { name: "Two" })).toHaveAttribute("title", "Two (2)");
});
